"""A runtime that remembers what went through it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..runtime import Feeds, Outputs, Runtime, RuntimeInfo


@dataclass(frozen=True)
class RecordedPass:
    """One pass: the graph, what it was fed, what it gave."""

    graph: str
    feeds: Feeds
    outputs: Outputs


class RecordingRuntime:
    """Keeps copies of the passes of another runtime while ``recording`` is set.

    Args:
        runtime: what computes.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.recording = True
        self.passes: list[RecordedPass] = []

    @property
    def info(self) -> RuntimeInfo:
        """Of the runtime behind."""
        return self._runtime.info

    def run(self, graph: str, feeds: Feeds) -> Outputs:
        """Run one graph once, and remember it."""
        outputs = self._runtime.run(graph, feeds)
        if self.recording:
            kept = {name: np.array(array) for name, array in feeds.items()}
            self.passes.append(RecordedPass(graph, kept, dict(outputs)))
        return outputs

    def close(self) -> None:
        """Close the runtime behind."""
        self._runtime.close()
