"""One copy of the weights for all ONNX graphs: external data inside a safetensors file.

ONNX external data is a file name, an offset and a length, and a safetensors file is a
JSON header before plain tensors, so both can be one file. Tensors that occur in the
checkpoint keep their released names there; the file of a model all of whose weights
occur is itself a checkpoint that PyTorch opens.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..checkpoint.compact import Precision, write_compact
from ..checkpoint.source import Checkpoint, checkpoint_metadata
from ..families.base import Weights

if TYPE_CHECKING:
    import onnx

Array = npt.NDArray[Any]
INLINE_BELOW = 4096
"""Smaller tensors that are not in the checkpoint stay in the graph's own file."""
STORED: dict[str, Precision] = {"fp32": "float32", "fp16": "float16"}


@dataclass(frozen=True)
class Place:
    """Where an initializer's values are: a stored tensor, transposed or as it is."""

    tensor: str
    transposed: bool


class SharedWeights:
    """Collects the weights of several graphs and writes them once.

    Args:
        checkpoint: whose tensors give the names.
        precision: ``fp32`` or ``fp16``, of the stored values.
    """

    def __init__(self, checkpoint: Checkpoint, precision: str) -> None:
        self._checkpoint = checkpoint
        self._precision = STORED[precision]
        released = checkpoint.family.released(checkpoint.weights, checkpoint.config)
        self._released = {name: np.asarray(t, np.float32) for name, t in released.items()}
        self._known: dict[bytes, Place] = {}
        for name, array in self._released.items():
            self._know(name, array)
        self._stored: Weights = {}

    def place(self, name: str, array: Array) -> Place | None:
        """Where to find an initializer; None if it is to stay in its graph.

        Args:
            name: of the initializer, used if the checkpoint does not have its values.
            array: its values.
        """
        if array.dtype != np.float32:
            return None
        place = self._known.get(_key(array))
        if place is None and array.size < INLINE_BELOW:
            return None
        if place is None:
            self._know(f"graph.{name}", array)
            place = Place(f"graph.{name}", False)
            self._stored[place.tensor] = array
        elif place.tensor in self._released:
            self._stored[place.tensor] = self._released[place.tensor]
        return place

    def write(self, path: Path) -> dict[str, dict[str, Any]]:
        """Write the file; returns its header: name to dtype, shape and data offsets."""
        derived = any(name not in self._released for name in self._stored)
        tensors = self._stored if derived else self._released
        write_compact(path, tensors, checkpoint_metadata(self._checkpoint), self._precision)
        path.chmod(0o644)
        return header(path)

    def _know(self, name: str, array: Array) -> None:
        self._known.setdefault(_key(array), Place(name, False))
        if array.ndim == 2:
            self._known.setdefault(_key(array.T), Place(name, True))


def header(path: Path) -> dict[str, dict[str, Any]]:
    """Tensor name to ``dtype``, ``shape`` and absolute ``data_offsets`` of a safetensors file."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        content = json.loads(file.read(length))
    content.pop("__metadata__", None)
    for facts in content.values():
        facts["data_offsets"] = [8 + length + offset for offset in facts["data_offsets"]]
    return dict(content)


def share_weights(
    models: Mapping[str, onnx.ModelProto], checkpoint: Checkpoint, precision: str, path: Path
) -> None:
    """Move the weights of graphs into one file; the graphs then refer to it.

    Args:
        models: graph name to model; changed.
        checkpoint: the source.
        precision: of the stored values; the graphs compute in float32.
        path: of the file, beside which the graphs will be written.
    """
    from onnx import numpy_helper

    shared = SharedWeights(checkpoint, precision)
    places: dict[str, dict[str, Place]] = {}
    for name, model in models.items():
        found = {
            t.name: shared.place(t.name, numpy_helper.to_array(t)) for t in model.graph.initializer
        }
        places[name] = {key: place for key, place in found.items() if place is not None}
    stored = shared.write(path)
    for name, model in models.items():
        _refer(model, places[name], stored, path.name)


def _refer(
    model: onnx.ModelProto,
    places: Mapping[str, Place],
    stored: Mapping[str, Mapping[str, Any]],
    file: str,
) -> None:
    """Replace initializers by external ones, with a cast and a transposition as needed."""
    kept = [t for t in model.graph.initializer if t.name not in places]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    tensors = dict.fromkeys(place.tensor for place in places.values())
    model.graph.initializer.extend(_external(name, stored[name], file) for name in tensors)
    half = [name for name in tensors if stored[name]["dtype"] == "F16"]
    nodes = [_cast(name) for name in half]
    nodes += [_alias(name, place, place.tensor in half) for name, place in places.items()]
    nodes += list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _external(name: str, facts: Mapping[str, Any], file: str) -> onnx.TensorProto:
    from onnx import TensorProto

    kind = TensorProto.FLOAT16 if facts["dtype"] == "F16" else TensorProto.FLOAT
    tensor = TensorProto(name=name, data_type=kind, dims=facts["shape"])
    tensor.data_location = TensorProto.EXTERNAL
    start, end = facts["data_offsets"]
    for key, value in (("location", file), ("offset", start), ("length", end - start)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def _cast(name: str) -> onnx.NodeProto:
    from onnx import TensorProto, helper

    return helper.make_node(
        "Cast", [name], [f"{name}.fp32"], name=f"widen.{name}", to=TensorProto.FLOAT
    )


def _alias(name: str, place: Place, half: bool) -> onnx.NodeProto:
    from onnx import helper

    source = f"{place.tensor}.fp32" if half else place.tensor
    if place.transposed:
        return helper.make_node("Transpose", [source], [name], name=f"turn.{name}", perm=[1, 0])
    return helper.make_node("Identity", [source], [name], name=f"alias.{name}")


def _key(array: Array) -> bytes:
    import hashlib

    digest = hashlib.sha256(repr(array.shape).encode())
    digest.update(np.ascontiguousarray(array, np.float32).tobytes())
    return digest.digest()
