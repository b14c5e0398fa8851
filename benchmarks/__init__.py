"""Speed, accuracy, comparison, endurance and environment, measured as a user meets them.

Every sub-command of ``fartrack-bench`` is a function here and returns a pydantic report::

    from fartrack_sdk.benchmarks import TrackerSpec, evaluate

    report = evaluate("GOT-10k", [TrackerSpec(model="pico.safetensors")], workers=4)
    report.trackers[0].overall.ao

============================ ============================================
``measure_speed``, ``sweep`` real frames through every stage
``evaluate``                 one-pass evaluation on a data set
``compare_trackers``         beside OpenCV's trackers
``run_soak``                 memory, latency and descriptors over time
``environment``              what a bug report needs
============================ ============================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .accuracy.evaluate import evaluate
    from .compare.peers import OpenCVPeer
    from .compare.run import compare_trackers
    from .env.collect import environment
    from .soak.run import run_soak
    from .speed.config import SpeedOptions, sweep
    from .speed.measure import measure_speed
    from .trackers import TrackerSpec

_PLACES = {
    "evaluate": "accuracy.evaluate",
    "OpenCVPeer": "compare.peers",
    "compare_trackers": "compare.run",
    "environment": "env.collect",
    "run_soak": "soak.run",
    "SpeedOptions": "speed.config",
    "sweep": "speed.config",
    "measure_speed": "speed.measure",
    "TrackerSpec": "trackers",
}

__all__ = [
    "OpenCVPeer",
    "SpeedOptions",
    "TrackerSpec",
    "compare_trackers",
    "environment",
    "evaluate",
    "measure_speed",
    "run_soak",
    "sweep",
]


def __getattr__(name: str) -> Any:
    """Load a function when it is first asked for: --help and children stay light."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_PLACES[name]}", __name__), name)
