"""The fake ``.om``: a container around an ONNX graph that only the fakes open.

``FAKEOM1\\n``, the header's length (8 bytes, little endian), a JSON header, ONNX bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

MAGIC = b"FAKEOM1\n"


@dataclass
class Tensor:
    """A border tensor: ``node`` made it (outputs only)."""

    name: str
    shape: list[int]
    dtype: str
    node: str = ""


@dataclass
class Om:
    """What the compiler wrote.

    Attributes:
        soc: the chip it was made for.
        inputs, outputs: of the ONNX graph, in order.
        aipp: input index (as text, for JSON) to the fields of its AIPP block.
        precision: ``origin``, or ``fp16`` to round inputs and outputs.
        onnx: the graph.
    """

    soc: str
    inputs: list[Tensor]
    outputs: list[Tensor]
    aipp: dict[str, dict[str, Any]]
    precision: str
    onnx: bytes

    def write(self, path: Path) -> None:
        """Store it."""
        fields = asdict(self)
        fields.pop("onnx")
        header = json.dumps(fields).encode()
        path.write_bytes(MAGIC + len(header).to_bytes(8, "little") + header + self.onnx)


def describe(onnx_path: Path) -> tuple[list[Tensor], list[Tensor]]:
    """Border tensors of an ONNX file, in the graph's order."""
    import onnx

    graph = onnx.load(str(onnx_path)).graph
    makers = {name: node.name or node.op_type for node in graph.node for name in node.output}

    def tensor(value: Any) -> Tensor:
        kind = value.type.tensor_type
        dtype = str(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))
        shape = [d.dim_value for d in kind.shape.dim]
        return Tensor(value.name, shape, dtype, makers.get(value.name, ""))

    return [tensor(v) for v in graph.input], [tensor(v) for v in graph.output]


def read(path: Path) -> Om | None:
    """A stored container; None when it is damaged or something else."""
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _read(path: Path, changed: int) -> Om | None:
    data = path.read_bytes()
    if not data.startswith(MAGIC):
        return None
    start = len(MAGIC) + 8
    length = int.from_bytes(data[len(MAGIC) : start], "little")
    try:
        fields = json.loads(data[start : start + length])
    except ValueError:
        return None
    graph = data[start + length :]
    if not graph:
        return None
    inputs = [Tensor(**t) for t in fields.pop("inputs")]
    outputs = [Tensor(**t) for t in fields.pop("outputs")]
    return Om(inputs=inputs, outputs=outputs, onnx=graph, **fields)
