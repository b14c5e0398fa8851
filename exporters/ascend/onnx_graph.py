"""Writing one ATC-ready ONNX graph."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from torch import nn

from ...errors import ConfigError
from ...families.base import GraphSpec
from .border import onnx_inputs
from .folding import folded
from .limits import require_compilable
from .request import OPSET, OPSETS

IR_VERSION = 8


def write_graphs(
    graphs: Mapping[str, nn.Module],
    specs: Mapping[str, GraphSpec],
    folder: Path,
    opset: int = OPSET,
) -> dict[str, Path]:
    """Write ``<name>.onnx`` for every graph, checked against ATC's limits.

    Args:
        graphs: graph name to module in the form that ATC takes.
        specs: graph name to border in the SDK's contract.
        folder: exists.
        opset: 13 to 16.

    Raises:
        ConfigError: another opset.
        ExportError: a graph that ATC would refuse; names every reason.
    """
    if opset not in OPSETS:
        raise ConfigError(f"expected opset 13 to 16 for ATC; got {opset}.")
    written = {}
    for name, graph in graphs.items():
        model = traced(graph, specs[name], opset)
        require_compilable(model, specs[name], name)
        written[name] = folder / f"{name}.onnx"
        onnx.save(model, str(written[name]))
    return written


def traced(graph: nn.Module, spec: GraphSpec, opset: int) -> onnx.ModelProto:
    """The graph as ONNX, folded."""
    inputs = tuple(torch.zeros(t.shape, dtype=torch.float32) for t in onnx_inputs(spec))
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph.eval(),
            inputs,
            buffer,  # type: ignore[arg-type]
            dynamo=False,
            opset_version=opset,
            input_names=[t.name for t in spec.inputs],
            output_names=[t.name for t in spec.outputs],
        )
    model = folded(onnx.load_model_from_string(buffer.getvalue()))
    model.ir_version = IR_VERSION
    return onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
