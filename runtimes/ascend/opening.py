"""From an exported folder to the runtime: reads ``ascend.json`` beside the ``.om`` files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...errors import ArtifactError, ConfigError
from ...families.base import GraphSpec, TensorSpec
from ..files import ModelFiles, Options
from .aipp import StaticAipp
from .graph import AscendGraph
from .runtime import AscendRuntime

SIDECAR = "ascend.json"
PRECISIONS = {"origin": "fp32", "mixed": "fp16", "fp16": "fp16"}


def open_ascend(files: ModelFiles, options: Options) -> AscendRuntime:
    """The runtime on an artifact's files.

    Args:
        files: the ``.om`` files and borders.
        options: device ``auto``, ``npu`` or ``npu:N``; the precision was chosen when the
            graphs were compiled, so asking for another one is an error.

    Raises:
        ArtifactError: ``ascend.json`` is missing, damaged or of other graphs.
        ConfigError: a precision that the files do not have.
        RuntimeUnavailableError: as of `AscendRuntime`.
    """
    folder = next(iter(files.graphs.values())).parent
    facts = read_sidecar(folder)
    compiled = PRECISIONS.get(facts["precision"], facts["precision"])
    if options.fast or options.precision not in (None, compiled):
        asked = "fast=True" if options.fast else f"precision {options.precision}"
        raise ConfigError(
            f"expected precision {compiled}, as the model was compiled; got {asked}. Export again "
            "with --precision origin, mixed or fp16."
        )
    borders = {
        name: AscendGraph(path, files.specs[name], _images(facts, name), facts["normalisation"])
        for name, path in files.graphs.items()
    }
    return AscendRuntime(
        borders, options.device, soc_version=facts["soc_version"], precision=facts["precision"]
    )


def open_folder(folder: Path, device: str = "auto", **options: Any) -> AscendRuntime:
    """The runtime on a folder of ``.om`` files, by ``ascend.json`` alone.

    Args:
        folder: with ``ascend.json`` and the ``.om`` files.
        device: ``npu:0``, ``npu`` or ``auto``.
        **options: ``execution``, ``zero_copy`` and ``timeout_ms`` of `AscendRuntime`.

    Raises:
        ArtifactError: as of `open_ascend`.
    """
    facts = read_sidecar(folder)
    graphs = {
        name: AscendGraph(
            folder / f"{name}.om",
            GraphSpec(name, _tensors(entry["inputs"]), _tensors(entry["outputs"])),
            _images(facts, name),
            facts["normalisation"],
        )
        for name, entry in facts["graphs"].items()
    }
    known = {"soc_version": facts["soc_version"], "precision": facts["precision"]}
    return AscendRuntime(graphs, device, **{**known, **options})


def read_sidecar(folder: Path) -> dict[str, Any]:
    """The facts that the exporter wrote.

    Raises:
        ArtifactError: the file is missing or damaged.
    """
    path = folder / SIDECAR
    try:
        facts: dict[str, Any] = json.loads(path.read_text())
        missing = {"soc_version", "precision", "normalisation", "graphs"} - set(facts)
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"expected {SIDECAR} beside the .om files in {folder}; {error}. Copy the whole folder."
        ) from error
    if missing:
        raise ArtifactError(f"{path}: lacks {', '.join(sorted(missing))}. Export the model again.")
    return facts


def _images(facts: dict[str, Any], graph: str) -> dict[str, StaticAipp]:
    if graph not in facts["graphs"]:
        raise ArtifactError(f"{SIDECAR} does not describe graph '{graph}'. Export the model again.")
    images = facts["graphs"][graph]["images"]
    return {name: StaticAipp.from_dict(fields) for name, fields in images.items()}


def _tensors(entries: list[dict[str, Any]]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(e["name"], tuple(e["shape"]), e["dtype"]) for e in entries)
