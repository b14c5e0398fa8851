"""``ascend.json``: what the exporter tells the runtime about the compiled graphs."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ...errors import ArtifactError
from ...families.base import GraphSpec, TensorSpec
from .aipp import Normalisation, StaticAipp
from .graph import AscendGraph

SIDECAR = "ascend.json"


class CompiledGraph(BaseModel):
    """One graph.

    Attributes:
        atc: the command that compiles it.
        images: name of each image input to what is done to it before the graph.
        inputs, outputs: the border in the SDK's contract.
        sha256: file name to checksum, of the ONNX graph and of the ``.om`` once it is there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    atc: tuple[str, ...]
    images: dict[str, StaticAipp]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    sha256: dict[str, str]

    def spec(self, name: str) -> GraphSpec:
        """The border."""
        return GraphSpec(name, self.inputs, self.outputs)


class Sidecar(BaseModel):
    """All graphs of a folder.

    Attributes:
        soc_version: chip that they are compiled for.
        precision: ``origin``, ``mixed`` or ``fp16``.
        normalisation: who normalises images; see `aipp`.
        color: channel order of images.
        opset: of the ONNX graphs.
        status: what was tried.
        graphs: by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    soc_version: str
    precision: str
    normalisation: Normalisation
    color: str = "rgb"
    opset: int
    status: str = "not run on hardware"
    graphs: dict[str, CompiledGraph]

    def graph(self, name: str, path: Path, spec: GraphSpec | None = None) -> AscendGraph:
        """What the runtime needs of one graph.

        Args:
            name: of the graph.
            path: its ``.om`` file.
            spec: its border, if it is known from elsewhere.

        Raises:
            ArtifactError: there is no such graph.
        """
        found = self.graphs.get(name)
        if found is None:
            raise ArtifactError(
                f"{SIDECAR} describes {', '.join(self.graphs)} but not graph '{name}'. "
                "Export the model again."
            )
        return AscendGraph(path, spec or found.spec(name), found.images, self.normalisation)

    def write(self, folder: Path) -> Path:
        """Store it in a folder."""
        path = folder / SIDECAR
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        return path


def read_sidecar(folder: Path) -> Sidecar:
    """The facts of a folder.

    Raises:
        ArtifactError: the file is missing or damaged; names the field.
    """
    path = folder / SIDECAR
    try:
        return Sidecar.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ArtifactError(
            f"expected {SIDECAR} beside the .om files in {folder}; {error}. Copy the whole folder."
        ) from error
    except ValidationError as error:
        faults = "; ".join(
            f"field '{'.'.join(map(str, fault['loc']))}': {fault['msg']}"
            for fault in error.errors()
        )
        raise ArtifactError(f"{path}: {faults}. Export the model again.") from error
