"""Target ``openvino``: one IR a graph, one file of weights for all."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from ..errors import ExportError, MissingDependencyError
from .job import Job, Written
from .onnx_graph import onnx_models
from .onnx_weights import share_weights

if TYPE_CHECKING:
    import onnx

WEIGHTS, ALIGNMENT, SECTION = "weights.bin", 64, "fartrack"


def write(job: Job, folder: Path) -> Written:
    """Write the graphs and their weights into a folder.

    Raises:
        MissingDependencyError: openvino is not installed.
        ExportError: a graph that OpenVINO cannot convert.
    """
    if find_spec("openvino") is None:
        raise MissingDependencyError("openvino", "openvino", "to export IR")
    models = onnx_models(job)
    merged = MergedWeights(folder / WEIGHTS)
    with TemporaryDirectory(dir=folder) as scratch:
        share_weights(models, job.checkpoint, job.precision, Path(scratch) / "weights.safetensors")
        for name, model in models.items():
            xml = _converted(model, Path(scratch) / f"{name}.xml", job)
            merged.move(xml, folder / xml.name)
    merged.close()
    return Written({name: f"{name}.xml" for name in models}, WEIGHTS, job.options.opset)


def _converted(model: onnx.ModelProto, xml: Path, job: Job) -> Path:
    """Convert one graph; returns the file that it was saved to.

    The weights are rounded before and not by OpenVINO, which would round every small
    constant (the image normalisation, for one) as well.
    """
    from openvino import Core, save_model

    source = xml.with_suffix(".onnx")
    source.write_bytes(model.SerializeToString())
    try:
        converted = Core().read_model(source)
        for key, value in job.facts.items():
            converted.set_rt_info(value, [SECTION, key])
        save_model(converted, xml, compress_to_fp16=False)
    except RuntimeError as error:
        raise ExportError(f"graph '{xml.stem}': OpenVINO cannot convert it: {error}") from error
    return xml


class MergedWeights:
    """One ``.bin`` for several IR files; equal constants are stored once.

    Args:
        path: of the merged file.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._offsets: dict[bytes, int] = {}

    def move(self, xml: Path, target: Path) -> None:
        """Take the constants of an IR in, and write its ``.xml`` with the new offsets."""
        data = xml.with_suffix(".bin").read_bytes()
        tree = ElementTree.parse(xml)
        for constant in tree.iter("data"):
            if "offset" in constant.attrib and "size" in constant.attrib:
                start, size = int(constant.attrib["offset"]), int(constant.attrib["size"])
                constant.set("offset", str(self._place(data[start : start + size])))
        tree.write(target, encoding="utf-8", xml_declaration=True)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def _place(self, content: bytes) -> int:
        key = hashlib.sha256(content).digest()
        if key not in self._offsets:
            self._file.write(bytes(-self._file.tell() % ALIGNMENT))
            self._offsets[key] = self._file.tell()
            self._file.write(content)
        return self._offsets[key]
