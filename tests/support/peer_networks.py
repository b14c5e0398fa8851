"""Networks with the borders that OpenCV's trackers expect, and random weights."""

import numpy as np
import pytest


def write_nano(folder):
    """Backbone of stride 16 and a head; returns the peer as the command takes it."""
    onnx = pytest.importorskip("onnx")
    node = onnx.helper.make_node
    conv = node("Conv", ["input", "w"], ["output"], strides=[16, 16], pads=[1, 1, 0, 0])
    weights = {"w": (48, 3, 16, 16)}
    borders = ({"input": [1, 3, "h", "w"]}, {"output": [1, 48, "a", "b"]})
    backbone = _write(onnx, folder / "backbone.onnx", [conv], borders, weights)
    head = [
        node("GlobalAveragePool", ["input1"], ["pooled"]),
        node("Mul", ["input2", "pooled"], ["mixed"]),
        node("Conv", ["mixed", "w1"], ["output1"]),
        node("Conv", ["mixed", "w2"], ["sides"]),
        node("Abs", ["sides"], ["output2"]),
    ]
    inputs = {"input1": [1, 48, 8, 8], "input2": [1, 48, 16, 16]}
    borders = (inputs, {"output1": [1, 2, 16, 16], "output2": [1, 4, 16, 16]})
    weights = {"w1": (2, 48, 1, 1), "w2": (4, 48, 1, 1)}
    neckhead = _write(onnx, folder / "neckhead.onnx", head, borders, weights)
    return f"nano:backbone={backbone},neckhead={neckhead}"


def write_vit(folder):
    """Score, size and offset maps of 16 x 16; a box about as large as the one before."""
    onnx = pytest.importorskip("onnx")
    node, patches = onnx.helper.make_node, {"strides": [16, 16]}
    nodes = [
        node("GlobalAveragePool", ["template"], ["pooled"]),
        node("Mul", ["search", "pooled"], ["mixed"]),
        node("Conv", ["mixed", "w1"], ["score"], **patches),
        node("Conv", ["search", "w2"], ["sides"], **patches),
        node("Conv", ["mixed", "w2"], ["offset"], **patches),
        node("Sigmoid", ["score"], ["output1"]),
        node("Sigmoid", ["sides"], ["share"]),
        node("Mul", ["share", "half"], ["output2"]),
        node("Sigmoid", ["offset"], ["output3"]),
    ]
    inputs = {"template": [1, 3, 128, 128], "search": [1, 3, 256, 256]}
    outputs = {f"output{i}": [1, maps, 16, 16] for i, maps in ((1, 1), (2, 2), (3, 2))}
    weights = {"w1": (1, 3, 16, 16), "w2": (2, 3, 16, 16), "half": 0.5}
    return f"vit:net={_write(onnx, folder / 'vit.onnx', nodes, (inputs, outputs), weights)}"


def _write(onnx, path, nodes, borders, weights):
    """A model file; a weight is given by its shape, a constant by its value."""
    random = np.random.default_rng(0)
    values = {
        name: random.normal(0, 0.01, what) if isinstance(what, tuple) else [what]
        for name, what in weights.items()
    }
    tensors = [
        onnx.numpy_helper.from_array(np.asarray(value, np.float32), name)
        for name, value in values.items()
    ]
    inputs, outputs = (
        [onnx.helper.make_tensor_value_info(name, 1, shape) for name, shape in border.items()]
        for border in borders
    )
    graph = onnx.helper.make_graph(nodes, "g", inputs, outputs, tensors)
    opset = onnx.helper.make_opsetid("", 13)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8), path)
    return path
