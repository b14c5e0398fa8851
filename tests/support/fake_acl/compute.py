"""What the device computes: AIPP, then the graph in ONNX Runtime."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .om import Om, Tensor

Array = npt.NDArray[Any]


@lru_cache(maxsize=16)
def session(graph: bytes) -> Any:
    """One session a graph, shared by all boards of the process."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def border_shape(om: Om, index: int) -> tuple[list[int], str]:
    """Shape and dtype at the border of the ``.om``: an AIPP image is uint8 NHWC."""
    tensor = om.inputs[index]
    if str(index) not in om.aipp:
        return tensor.shape, tensor.dtype
    n, c, h, w = tensor.shape
    return [n, h, w, c], "uint8"


def nbytes(shape: list[int], dtype: str) -> int:
    """Bytes of a packed tensor."""
    return int(np.prod(shape)) * np.dtype(dtype).itemsize


def aipp(image: Array, fields: dict[str, Any]) -> Array:
    """uint8 NHWC to float32 NCHW through the float16 arithmetic of AIPP."""
    channels = image[..., ::-1] if fields.get("rbuv_swap_switch") else image
    half = np.float16
    planes = []
    for i in range(3):
        mean = half(fields.get(f"mean_chn_{i}", 0))
        low = half(fields.get(f"min_chn_{i}", 0.0))
        gain = half(fields.get(f"var_reci_chn_{i}", 1.0))
        planes.append(((channels[..., i].astype(half) - mean) - low) * gain)
    return np.stack(planes, axis=1).astype(np.float32)


def compute(om: Om, inputs: list[bytes]) -> list[bytes]:
    """One pass: bytes of each input to bytes of each output, in order."""
    return list(_computed(_Key(om), tuple(inputs)))


class _Key:
    """A container that is hashed by its contents."""

    def __init__(self, om: Om) -> None:
        self.om = om
        self._facts = (om.onnx, repr(om.aipp), om.precision)

    def __hash__(self) -> int:
        return hash(self._facts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._facts == other._facts


@lru_cache(maxsize=32)
def _computed(key: _Key, inputs: tuple[bytes, ...]) -> tuple[bytes, ...]:
    om = key.om
    feeds = {t.name: _feed(om, i, t, inputs[i]) for i, t in enumerate(om.inputs)}
    names = [t.name for t in om.outputs]
    outputs = session(om.onnx).run(names, feeds)
    if om.precision == "fp16":
        outputs = [o.astype(np.float16).astype(o.dtype) for o in outputs]
    return tuple(np.ascontiguousarray(o).tobytes() for o in outputs)


def _feed(om: Om, index: int, tensor: Tensor, raw: bytes) -> Array:
    shape, dtype = border_shape(om, index)
    values: Array = np.frombuffer(raw, dtype)[: int(np.prod(shape))].reshape(shape)
    if str(index) in om.aipp:
        return aipp(values, om.aipp[str(index)])
    if om.precision == "fp16" and values.dtype == np.float32:
        values = values.astype(np.float16).astype(np.float32)
    return values
