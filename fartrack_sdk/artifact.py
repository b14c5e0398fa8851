"""What an exported model says about itself: ``metadata.json`` of an artifact directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .checkpoint.source import sha256
from .config import StateThresholds
from .errors import ArtifactError
from .families.base import GraphSpec, TensorSpec

METADATA_FILE, PARITY_FILE = "metadata.json", "parity.json"
FORMAT, FORMAT_VERSION = "fartrack-artifact", 1
COMPILED_ELSEWHERE = ("ascend",)
"""Targets whose graphs may be compiled on the board, when the metadata is written already."""
WeightPrecision = Literal["fp32", "fp16", "int8"]


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TensorFacts(_Facts):
    """An input or output of a graph."""

    name: str
    shape: tuple[int, ...]
    dtype: str


class GraphFacts(_Facts):
    """A graph: the file that holds it and its border, batch included."""

    file: str
    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]

    @classmethod
    def of(cls, spec: GraphSpec, file: str) -> GraphFacts:
        """From the contract's own description."""
        inputs, outputs = (
            tuple(TensorFacts(name=t.name, shape=t.shape, dtype=t.dtype) for t in tensors)
            for tensors in (spec.inputs, spec.outputs)
        )
        return cls(file=file, inputs=inputs, outputs=outputs)

    def spec(self, name: str) -> GraphSpec:
        """As the contract describes it."""
        inputs, outputs = (
            tuple(TensorSpec(t.name, t.shape, t.dtype) for t in tensors)
            for tensors in (self.inputs, self.outputs)
        )
        return GraphSpec(name, inputs, outputs)


class FileFacts(_Facts):
    """Size in bytes and SHA-256 of a file."""

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Metadata(_Facts):
    """Everything that is needed to run an artifact, and where it came from.

    Attributes:
        format: constant; tells the file from others.
        format_version: of this description.
        target: ``onnx``, ``openvino`` or ``ascend``.
        family: of the model; ``config`` is that family's configuration.
        variant: for people.
        config: depth, sizes, crop factors, bins, slots, retention, sampling, protocol.
        color: channel order of the graphs' images.
        box_convention: of what the tracker takes and gives.
        precision: of the stored weights.
        opset: of ONNX graphs, else None.
        batch: targets in one pass.
        graphs: name to file and border.
        weights: file of the weights that all graphs share, if they are apart.
        thresholds: the model's state thresholds, or None for the defaults.
        license: of the weights.
        source: the checkpoint: ``source`` (file name), ``source_sha256`` and more.
        versions: package to version, of what made the artifact.
        files: name to size and checksum, of every file but this one.
        parity: summary of the comparison with PyTorch, or None if it was not made.
        extra: facts of the target's own.
    """

    format: Literal["fartrack-artifact"] = "fartrack-artifact"
    format_version: Literal[1] = 1
    target: str
    family: str
    variant: str
    config: dict[str, Any]
    color: Literal["rgb"] = "rgb"
    box_convention: str = "x, y, w, h; top left corner; absolute pixels of the frame"
    precision: WeightPrecision
    opset: int | None = None
    batch: int = Field(default=1, ge=1)
    graphs: dict[str, GraphFacts]
    weights: str | None = None
    thresholds: StateThresholds | None = None
    license: str
    source: dict[str, str]
    versions: dict[str, str]
    files: dict[str, FileFacts]
    parity: dict[str, Any] | None = None
    extra: dict[str, str] = Field(default_factory=dict)

    def summary(self) -> dict[str, str]:
        """Flat strings, as stored inside ONNX and OpenVINO files."""
        facts = {
            "format": f"{self.format} {self.format_version}",
            "target": self.target,
            "family": self.family,
            "variant": self.variant,
            "precision": self.precision,
            "batch": str(self.batch),
            "color": self.color,
            "box_convention": self.box_convention,
            "license": self.license,
            "config": json.dumps(self.config),
            "versions": json.dumps(self.versions),
        }
        if self.opset is not None:
            facts["opset"] = str(self.opset)
        return {**facts, **self.source}


def read_metadata(directory: Path) -> Metadata:
    """Read and check ``metadata.json``; the other files are not looked at.

    Raises:
        ArtifactError: there is none, or a field is missing, unknown or wrong; names it.
    """
    file = directory / METADATA_FILE
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ArtifactError(
            f"{directory}: expected a directory with {METADATA_FILE}, written by "
            "fartrack-export; there is none. For a checkpoint file use from_checkpoint."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ArtifactError(f"{file}: expected JSON; it is damaged ({error}).") from error
    _check_format(file, content)
    try:
        return Metadata.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(
            f"field '{'.'.join(map(str, fault['loc']))}': {fault['msg']}"
            for fault in error.errors()
        )
        raise ArtifactError(f"{file}: {faults}. Export the model again.") from error


def _check_format(file: Path, content: Any) -> None:
    found = content.get("format") if isinstance(content, dict) else None
    if found != FORMAT:
        raise ArtifactError(f"{file}: field 'format': expected '{FORMAT}'; got {found!r}.")
    version = content.get("format_version")
    if version != FORMAT_VERSION:
        raise ArtifactError(
            f"{file}: field 'format_version': expected {FORMAT_VERSION}; got {version!r}. "
            "Export the model again, or update fartrack-sdk."
        )


def check_files(directory: Path, metadata: Metadata) -> None:
    """Compare size and checksum of every file with what the metadata says.

    Raises:
        ArtifactError: names the first file that is missing, altered, elsewhere, used twice
            or without a checksum.
    """
    _check_names(directory / METADATA_FILE, metadata)
    for name, facts in metadata.files.items():
        file = directory / name
        if not file.is_file():
            raise ArtifactError(f"{file}: missing. Export the model again.")
        size = file.stat().st_size
        if size != facts.bytes:
            raise ArtifactError(f"{file}: expected {facts.bytes} bytes; got {size}. {_DAMAGED}")
        found = sha256(file)
        if found != facts.sha256:
            raise ArtifactError(f"{file}: expected SHA-256 {facts.sha256}; got {found}. {_DAMAGED}")


def _check_names(file: Path, metadata: Metadata) -> None:
    """Every file that a runtime opens lies in the folder, has one use and a checksum."""
    used = [graph.file for graph in metadata.graphs.values()]
    if metadata.weights is not None:
        used.append(metadata.weights)
    for name in (*metadata.files, *used):
        if Path(name).name != name:
            raise ArtifactError(f"{file}: expected plain file names; got '{name}'.")
    twice = [name for name in used if used.count(name) > 1]
    if twice:
        raise ArtifactError(
            f"{file}: field 'graphs': expected a file of its own for each graph; got "
            f"'{twice[0]}' more than once. Export the model again."
        )
    bare = [name for name in used if name not in metadata.files]
    if bare and metadata.target not in COMPILED_ELSEWHERE:
        raise ArtifactError(
            f"{file}: field 'files': expected a checksum of every file; got none of "
            f"{', '.join(bare)}. Export the model again."
        )


_DAMAGED = "The file is damaged or was changed: copy or export it again."


def file_facts(path: Path) -> FileFacts:
    """Size and checksum of a file."""
    return FileFacts(bytes=path.stat().st_size, sha256=sha256(path))
