"""What the template cache saves on a machine, in operations and in milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np
import numpy.typing as npt

from ...runtime import Feeds, Runtime
from ..base import GraphSpec
from .config import MixFormerV2Config
from .contract import FULL, SEARCH, TEMPLATES, graph_specs
from .macs import graph_macs

OpenRuntime = Callable[[MixFormerV2Config], Runtime]
WARM_UP = 3


@dataclass(frozen=True)
class GraphCost:
    """Cost of one graph.

    Attributes:
        graph: its name.
        gmacs: multiply-accumulates of a pass, 1e9.
        milliseconds: median of the passes.
        when: in which frames it runs.
    """

    graph: str
    gmacs: float
    milliseconds: float
    when: str


WHEN = {
    FULL: "every frame, no cache",
    SEARCH[2]: "every frame, cached",
    SEARCH[1]: "every frame, cached and folded",
    TEMPLATES[2]: "template changes",
    TEMPLATES[1]: "start",
}


def cache_costs(
    config: MixFormerV2Config, open_runtime: OpenRuntime, repeats: int = 20, seed: int = 0
) -> tuple[GraphCost, ...]:
    """Measure all graphs with and without the cache, in turns so that noise hits all alike.

    Args:
        config: the model; its ``template_cache`` is not looked at.
        open_runtime: opens the model for a configuration; called with the cache off and
            on. What it opens is closed here.
        repeats: passes of every graph that count.
        seed: of the images.
    """
    configs = [config.model_copy(update={"template_cache": kind}) for kind in ("off", "folded")]
    runtimes = [open_runtime(each) for each in configs]
    try:
        passes = {
            name: (runtime, _feeds(spec, seed))
            for each, runtime in zip(configs, runtimes, strict=True)
            for name, spec in graph_specs(each).items()
        }
        times = _in_turns(passes, repeats)
    finally:
        for runtime in runtimes:
            runtime.close()
    macs = {name: count for each in configs for name, count in graph_macs(each).items()}
    return tuple(
        GraphCost(name, macs[name] / 1e9, median(times[name]), when)
        for name, when in WHEN.items()
        if name in times
    )


def _in_turns(passes: Mapping[str, tuple[Runtime, Feeds]], repeats: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in passes}
    for turn in range(WARM_UP + repeats):
        for name, (runtime, feeds) in passes.items():
            start = perf_counter()
            runtime.run(name, feeds)
            if turn >= WARM_UP:
                times[name].append((perf_counter() - start) * 1e3)
    return times


def _feeds(spec: GraphSpec, seed: int) -> dict[str, npt.NDArray[np.generic]]:
    random = np.random.default_rng(seed)
    return {
        tensor.name: random.integers(0, 256, tensor.shape, np.uint8)
        if tensor.dtype == "uint8"
        else random.standard_normal(tensor.shape, np.float32)
        for tensor in spec.inputs
    }
