"""The border of the ONNX graph that ATC compiles."""

from __future__ import annotations

from ...families.base import GraphSpec, TensorSpec
from ...runtimes.ascend.graph import float_image, packed


def onnx_inputs(spec: GraphSpec) -> tuple[TensorSpec, ...]:
    """Images float32 NCHW, no more than four axes."""
    return tuple(float_image(t) if t.dtype == "uint8" else packed(t) for t in spec.inputs)


def onnx_outputs(spec: GraphSpec) -> tuple[TensorSpec, ...]:
    """No more than four axes."""
    return tuple(packed(tensor) for tensor in spec.outputs)
