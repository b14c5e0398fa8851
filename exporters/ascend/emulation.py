"""What a board would compute, as far as it can be computed without one.

The ATC-ready graphs in ONNX Runtime, behind AIPP's arithmetic. Float16 is emulated by
rounding weights, inputs and the result of every operator; see `half`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx

from ...families.base import TensorSpec
from ...runtime import Array, Feeds, Outputs, RuntimeInfo
from ...runtimes.ascend.graph import AscendGraph, packed
from ...runtimes.ascend.sidecar import Sidecar, read_sidecar
from .half import half_model, onnx_session, rounded


class EmulatedBoard:
    """Runs an exported folder, whether it was compiled or not.

    Args:
        folder: with ``ascend.json`` and the ONNX graphs.
        half: round everything to float16, as ``--precision fp16`` may.

    Raises:
        ArtifactError: it is no such folder.
    """

    def __init__(self, folder: Path, *, half: bool = False) -> None:
        facts = read_sidecar(folder)
        self._half = half
        self._graphs = {name: facts.graph(name, folder / f"{name}.om") for name in facts.graphs}
        self._sessions = {name: _session(folder / f"{name}.onnx", half) for name in facts.graphs}
        self._info = _info(facts, half)

    @property
    def info(self) -> RuntimeInfo:
        """What is emulated."""
        return self._info

    def run(self, graph: str, feeds: Feeds) -> Outputs:
        """Run one graph once."""
        known = self._graphs[graph]
        values = {t.name: self._given(known, t, feeds[t.name]) for t in known.spec.inputs}
        found = self._sessions[graph].run([t.name for t in known.spec.outputs], values)
        named = zip(known.spec.outputs, found, strict=True)
        return {tensor.name: value.reshape(tensor.shape) for tensor, value in named}

    def close(self) -> None:
        """Drop the sessions."""
        self._sessions = {}

    def _given(self, graph: AscendGraph, tensor: TensorSpec, value: Array) -> Array:
        """What the graph is fed."""
        given = graph_input(graph, tensor, value)
        return rounded(given) if self._half else given


def graph_input(graph: AscendGraph, tensor: TensorSpec, value: Array) -> Array:
    """An input of the contract as the ONNX graph takes it."""
    image = graph.images.get(tensor.name)
    if image is None:
        return np.asarray(value).reshape(packed(tensor).shape)
    return image.apply(value, on_npu=graph.normalisation != "host")


def _session(path: Path, half: bool) -> Any:
    model = onnx.load(str(path))
    return onnx_session(half_model(model), optimised=False) if half else onnx_session(model)


def _info(facts: Sidecar, half: bool) -> RuntimeInfo:
    return RuntimeInfo(
        name="emulated ascend",
        device="cpu",
        provider=f"ONNX Runtime for {facts.soc_version}, normalisation {facts.normalisation}",
        precision="fp16" if half else "fp32",
        threads=1,
    )
