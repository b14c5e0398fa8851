"""What the exported ONNX graphs consist of."""

import onnx
import pytest
from onnx import TensorProto

from fartrack_sdk.artifact import read_metadata

TRANSFORMER = {"MatMul", "Softmax", "LayerNormalization", "Gelu", "Add", "Mul", "ReduceMean"}
SHAPING = {"Reshape", "Transpose", "Slice", "Split", "Concat", "Unsqueeze", "Squeeze", "Expand"}
CONSTANT_PREPARATION = {"Cast", "Identity", "Div", "Sub", "ReduceSum"}
ALLOWED = TRANSFORMER | SHAPING | CONSTANT_PREPARATION
FORBIDDEN = {"TopK", "ScatterND", "ScatterElements", "NonZero", "ArgMax", "Where", "GatherND", "If"}
MOST_DATA_NODES = 270


@pytest.fixture(params=["first", "track"])
def graph(request, artifacts):
    return request.param, onnx.load(artifacts["onnx"] / f"{request.param}.onnx")


def data_nodes(model):
    """Nodes that depend on an input; the others are constants that runtimes fold."""
    live = {value.name for value in model.graph.input}
    nodes = []
    for node in model.graph.node:
        if live.intersection(node.input):
            nodes.append(node)
            live.update(node.output)
    return nodes


def test_border_is_the_contract_with_static_shapes(graph, artifacts):
    name, model = graph
    spec = read_metadata(artifacts["onnx"]).graphs[name].spec(name)
    kinds = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT}
    for values, tensors in ((model.graph.input, spec.inputs), (model.graph.output, spec.outputs)):
        assert [v.name for v in values] == [t.name for t in tensors]
        for value, tensor in zip(values, tensors, strict=True):
            shape = tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
            assert shape == tensor.shape
            assert value.type.tensor_type.elem_type == kinds[tensor.dtype]


def test_only_known_operators_occur(graph):
    operators = {node.op_type for node in graph[1].graph.node}
    assert operators <= ALLOWED, operators - ALLOWED
    assert not operators & FORBIDDEN
    assert {node.domain for node in graph[1].graph.node} == {""}


def test_norm_and_activation_are_single_operators(graph):
    operators = [node.op_type for node in graph[1].graph.node]
    assert operators.count("LayerNormalization") == 2 * 6 + 1
    assert operators.count("Gelu") == 6
    assert "Erf" not in operators


def test_data_path_is_short_and_holds_no_int64_tensor(graph):
    model = onnx.shape_inference.infer_shapes(graph[1])
    nodes = data_nodes(model)
    assert len(nodes) <= MOST_DATA_NODES
    produced = {name for node in nodes for name in node.output}
    types = {v.name: v.type.tensor_type.elem_type for v in model.graph.value_info}
    assert {types[name] for name in produced if name in types} <= {
        TensorProto.FLOAT,
        TensorProto.UINT8,
    }


def test_onnxsim_finds_nothing_to_remove_on_the_data_path(graph):
    from onnxsim import simplify

    before = data_nodes(graph[1])
    simplified, ok = simplify(graph[1])
    assert ok
    after = data_nodes(simplified)
    assert len(after) >= len(before) - 12


def test_facts_travel_inside_the_graph(graph):
    facts = {prop.key: prop.value for prop in graph[1].metadata_props}
    assert facts["family"] == "fartrack"
    assert "x, y, w, h" in facts["box_convention"]
    assert len(facts["source_sha256"]) == 64
