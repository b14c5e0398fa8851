"""Constant folding and renaming: what a tracer leaves behind, ATC never sees.

Shapes are static, so everything computed from them is a constant. What remains computes
on images and tokens only; integers stay as constant operands of Reshape and Slice.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from ...errors import ExportError

MOST_SWEEPS = 8
UNSAFE = re.compile(r"[^A-Za-z0-9_.\-/]")


def folded(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph without shape arithmetic, aliases and unsafe names.

    Raises:
        ExportError: a shape is not static.
    """
    for _ in range(MOST_SWEEPS):
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
        model, changed = _sweep(inferred)
        if not changed:
            return _renamed(_without_casts(model))
    raise ExportError(f"expected static shapes; folding did not end after {MOST_SWEEPS} sweeps.")


def _sweep(model: onnx.ModelProto) -> tuple[onnx.ModelProto, bool]:
    graph = model.graph
    opset = model.opset_import[0].version
    known = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    shapes = _shapes(graph)
    alias: dict[str, str] = {}
    kept: list[onnx.NodeProto] = []
    changed = False
    for node in graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = alias.get(name, name)
        value = _constant(node, known, shapes, opset)
        if value is not None:
            known[node.output[0]] = value
        elif node.op_type == "Identity":
            alias[node.output[0]] = node.input[0]
        else:
            kept.append(node)
            continue
        changed = changed or node.op_type != "Constant"
    return _rebuilt(model, kept, known), changed


def _constant(
    node: onnx.NodeProto, known: dict[str, Any], shapes: dict[str, list[int]], opset: int
) -> Any:
    if node.op_type == "Constant":
        return numpy_helper.to_array(node.attribute[0].t)
    if node.op_type == "Shape" and node.input[0] in shapes:
        return np.array(shapes[node.input[0]], np.int64)
    if not node.input or any(name and name not in known for name in node.input):
        return None
    names: list[str] = [str(name) for name in dict.fromkeys(node.input) if name]
    inputs = [onnx.helper.make_tensor_value_info(n, _kind(known[n]), None) for n in names]
    outputs = [onnx.helper.make_empty_tensor_value_info(node.output[0])]
    graph = onnx.helper.make_graph([node], "one", inputs, outputs)
    one = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)])
    found: Any = ReferenceEvaluator(one).run(None, {name: known[name] for name in names})
    return np.asarray(found[0])


def _kind(value: Any) -> int:
    return int(onnx.helper.np_dtype_to_tensor_dtype(value.dtype))


def _shapes(graph: onnx.GraphProto) -> dict[str, list[int]]:
    found = {}
    for value in (*graph.input, *graph.value_info, *graph.output):
        tensor = value.type.tensor_type
        dims = [d.dim_value for d in tensor.shape.dim]
        if tensor.HasField("shape") and all(d > 0 for d in dims):
            found[value.name] = dims
    return found


def _rebuilt(
    model: onnx.ModelProto, nodes: list[onnx.NodeProto], known: dict[str, Any]
) -> onnx.ModelProto:
    used = {name for node in nodes for name in node.input}
    new = onnx.ModelProto()
    new.CopyFrom(model)
    for part in (new.graph.node, new.graph.initializer, new.graph.value_info):
        del part[:]
    new.graph.node.extend(nodes)
    tensors = [numpy_helper.from_array(v, n) for n, v in known.items() if n in used]
    new.graph.initializer.extend(tensors)
    return new


def _without_casts(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without casts of float to float, which a tracer writes for ``.float()``."""
    outputs = {value.name for value in model.graph.output}
    names: dict[str, str] = {}
    kept = []
    for node in model.graph.node:
        if node.op_type == "Cast" and node.attribute[0].i == onnx.TensorProto.FLOAT:
            source, target = names.get(node.input[0], node.input[0]), node.output[0]
            names |= {source: target} if target in outputs else {target: source}
        else:
            kept.append(node)
    for node in kept:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    return model


def _renamed(model: onnx.ModelProto) -> onnx.ModelProto:
    """Names of letters, digits, ``_ . - /``, unique, nodes named after their operator."""
    names: dict[str, str] = {}

    def _safe(name: str) -> str:
        if name not in names:
            base = UNSAFE.sub("_", name.removeprefix("onnx::"))
            taken = base in names.values()
            names[name] = f"{base}_{len(names)}" if taken else base
        return names[name]

    for tensor in model.graph.initializer:
        tensor.name = _safe(tensor.name)
    for i, node in enumerate(model.graph.node):
        node.name = f"{UNSAFE.sub('_', node.name.strip('/')) or node.op_type}_n{i}"
        node.input[:] = [_safe(name) if name else "" for name in node.input]
        node.output[:] = [_safe(name) for name in node.output]
    return model
