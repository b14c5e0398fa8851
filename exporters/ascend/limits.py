"""What ATC accepts, checked before ATC is there.

The table holds operators registered for every opset from 13 to 16 in CANN's open
operator plugins (ops-nn, ops-math). The parser looks up the exact string
``ai.onnx::<opset>::<operator>``, so a newer operator is an error, not a fallback.
"""

from __future__ import annotations

import onnx
from onnx import TensorProto, numpy_helper

from ...errors import ExportError
from ...families.base import GraphSpec
from .border import onnx_inputs, onnx_outputs

COMPILABLE = frozenset(
    [
        "Add",
        "Cast",
        "Clip",
        "Concat",
        "Conv",
        "Div",
        "Erf",
        "Exp",
        "Expand",
        "Gather",
        "Gemm",
        "MatMul",
        "Max",
        "Min",
        "Mul",
        "Pow",
        "ReduceMax",
        "ReduceMean",
        "ReduceSum",
        "Relu",
        "Reshape",
        "Sigmoid",
        "Slice",
        "Softmax",
        "Split",
        "Sqrt",
        "Squeeze",
        "Sub",
        "Tanh",
        "Tile",
        "Transpose",
        "Unsqueeze",
        "Where",
    ]
)
LOWEST_MASK = -1e4
"""An additive mask below this overflows in float16 once something is added to it."""
LONGEST_NAME = 127
FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)
MOST_BYTES = 2**31 - 1


def require_compilable(model: onnx.ModelProto, spec: GraphSpec, name: str) -> None:
    """Raise if ATC would refuse the graph.

    Raises:
        ExportError: names every reason.
    """
    faults = violations(model, spec)
    if faults:
        raise ExportError(
            f"graph '{name}' is not one that ATC compiles: {'; '.join(faults)}. "
            "Please report it with the versions of torch and onnx."
        )


def violations(model: onnx.ModelProto, spec: GraphSpec) -> list[str]:
    """Why ATC, or float16 on the NPU, would not take the graph; empty when it would."""
    return [
        *_opset_faults(model),
        *_operator_faults(model.graph),
        *_border_faults(model.graph, spec),
        *_tensor_faults(model.graph),
        *_name_faults(model.graph),
    ]


def _opset_faults(model: onnx.ModelProto) -> list[str]:
    faults = []
    if len(model.opset_import) != 1 or model.opset_import[0].domain not in ("", "ai.onnx"):
        faults.append("more than the one domain ai.onnx")
    elif not 13 <= model.opset_import[0].version <= 16:
        faults.append(f"opset {model.opset_import[0].version} instead of 13 to 16")
    if model.ByteSize() > MOST_BYTES:
        faults.append("more than 2 GB")
    return faults


def _operator_faults(graph: onnx.GraphProto) -> list[str]:
    foreign = {n.op_type for n in graph.node if n.op_type not in COMPILABLE or n.domain}
    return [f"operator {name}" for name in sorted(foreign)]


def _border_faults(graph: onnx.GraphProto, spec: GraphSpec) -> list[str]:
    """Order counts: ATC knows an AIPP image by its place."""
    faults = []
    for side, values, tensors in (
        ("input", graph.input, onnx_inputs(spec)),
        ("output", graph.output, onnx_outputs(spec)),
    ):
        if [v.name for v in values] != [t.name for t in tensors]:
            faults.append(f"{side}s {', '.join(v.name for v in values)} in another order")
            continue
        for value, tensor in zip(values, tensors, strict=True):
            shape = tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
            if value.type.tensor_type.elem_type not in FLOATS:
                faults.append(f"{value.name} is not float")
            if shape != tensor.shape:
                faults.append(f"{value.name} of shape {shape} instead of {tensor.shape}")
    return faults


def _tensor_faults(graph: onnx.GraphProto) -> list[str]:
    faults = []
    for value in graph.value_info:
        tensor = value.type.tensor_type
        if tensor.elem_type not in FLOATS:
            faults.append(f"{value.name} computes on {TensorProto.DataType.Name(tensor.elem_type)}")
        if not all(d.dim_value > 0 for d in tensor.shape.dim):
            faults.append(f"{value.name} has a dynamic dimension")
    for constant in graph.initializer:
        values = numpy_helper.to_array(constant)
        if constant.data_type in FLOATS and values.size and values.min() < LOWEST_MASK:
            faults.append(f"constant {constant.name} goes down to {values.min():g}")
    return faults


def _name_faults(graph: onnx.GraphProto) -> list[str]:
    names = {name for node in graph.node for name in (node.name, *node.input, *node.output)}
    bad = [n for n in names if len(n) > LONGEST_NAME or not n.isascii() or set(n) & set(":; ")]
    return [f"name {name!r}" for name in sorted(bad)]
