"""What float16 would do to a graph: overflow, loss, and the error at the outputs.

Two views of one pass. `emulated` rounds weights, inputs and the result of every operator
to float16 (products are summed in float32, as the NPU's matrix unit does), and saturates
at 65504 as the 310B does. `ranges` looks at the float32 values of every tensor and says
how near they come to float16's limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from ...runtime import Array, Feeds, Outputs
from ...threads import resolve_threads

HIGHEST = 65504.0
SMALLEST_NORMAL, SMALLEST = 2.0**-14, 2.0**-24
ROLES = ("attention logits", "LayerNorm variance", "GELU input", "other")


@dataclass(frozen=True)
class Range:
    """Values of one tensor in float32.

    Attributes:
        name: of the tensor.
        role: one of `ROLES`.
        order: place in the graph.
        highest: largest magnitude.
        lossy: share of non-zero values below float16's smallest normal number.
        lost: share of non-zero values that become zero.
    """

    name: str
    role: str
    order: int
    highest: float
    lossy: float
    lost: float

    @property
    def overflows(self) -> bool:
        """Whether float16 cannot hold it."""
        return self.highest > HIGHEST


def emulated(model: onnx.ModelProto, feeds: Feeds) -> Outputs:
    """Outputs of a pass in which everything is rounded to float16.

    Args:
        model: an ATC-ready graph.
        feeds: its inputs, float32 NCHW images.
    """
    return _outputs(half_model(model), {name: rounded(value) for name, value in feeds.items()})


def half_model(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with weights in float16's values and every result rounded to them."""
    half = onnx.ModelProto()
    half.CopyFrom(model)
    graph = half.graph
    for tensor in graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            values = rounded(numpy_helper.to_array(tensor))
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    limits = [("half_low", -HIGHEST), ("half_high", HIGHEST)]
    constants = [numpy_helper.from_array(np.array(v, np.float32), n) for n, v in limits]
    graph.initializer.extend(constants)
    nodes = [part for node in list(graph.node) for part in _rounding(node)]
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    return half


def ranges(model: onnx.ModelProto, feeds: Feeds) -> list[Range]:
    """The float32 range of every tensor that an operator computes, in order."""
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    known = {value.name for value in shown.graph.output}
    made = [name for node in shown.graph.node for name in node.output]
    extra = [onnx.helper.make_empty_tensor_value_info(n) for n in made if n not in known]
    shown.graph.output.extend(extra)
    values = onnx_session(shown, optimised=False).run(made, dict(feeds))
    roles = _roles(model.graph)
    named = zip(made, values, strict=True)
    return [_range(name, roles.get(name, "other"), i, v) for i, (name, v) in enumerate(named)]


def deviation(expected: Outputs, found: Outputs) -> dict[str, float]:
    """Largest difference of each output, relative to its largest value."""
    return {
        name: float(np.abs(found[name] - value).max() / max(np.abs(value).max(), 1e-12))
        for name, value in expected.items()
    }


def float32_outputs(model: onnx.ModelProto, feeds: Feeds) -> Outputs:
    """Outputs of the pass in float32."""
    return _outputs(model, feeds)


def _outputs(model: onnx.ModelProto, feeds: Feeds) -> Outputs:
    names = [value.name for value in model.graph.output]
    found = onnx_session(model, optimised=False).run(names, dict(feeds))
    return dict(zip(names, found, strict=True))


def _rounding(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """The operator, then saturation and rounding of its result."""
    make, name = onnx.helper.make_node, node.output[0]
    node.output[0] = f"{name}__wide"
    return [
        node,
        make("Clip", [f"{name}__wide", "half_low", "half_high"], [f"{name}__held"]),
        make("Cast", [f"{name}__held"], [f"{name}__half"], to=onnx.TensorProto.FLOAT16),
        make("Cast", [f"{name}__half"], [name], to=onnx.TensorProto.FLOAT),
    ]


def _roles(graph: onnx.GraphProto) -> Mapping[str, str]:
    """What the tensors are that matter for float16."""
    wanted = {"Softmax": "attention logits", "Sqrt": "LayerNorm variance", "Erf": "GELU input"}
    found = {n.input[0]: wanted[n.op_type] for n in graph.node if n.op_type in wanted}
    squares = {n.output[0]: "LayerNorm variance" for n in graph.node if n.op_type == "Pow"}
    return {**found, **squares}


def _range(name: str, role: str, order: int, values: Array) -> Range:
    magnitude = np.abs(values[values != 0])
    if not magnitude.size:
        return Range(name, role, order, 0.0, 0.0, 0.0)
    lossy = float((magnitude < SMALLEST_NORMAL).mean())
    lost = float((magnitude < SMALLEST / 2).mean())
    return Range(name, role, order, float(magnitude.max()), lossy, lost)


def rounded(values: Array) -> Array:
    """Float32 values through float16, saturated at its limits; others as they are."""
    if values.dtype != np.float32:
        return values
    return np.asarray(values.clip(-HIGHEST, HIGHEST).astype(np.float16), np.float32)


def onnx_session(model: onnx.ModelProto, *, optimised: bool = True) -> Any:
    """ONNX Runtime on the CPU; unoptimised, it keeps every rounding that a graph spells out."""
    onnxruntime: Any = import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = resolve_threads(None)
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=providers)
