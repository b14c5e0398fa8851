"""Any number of targets on graphs of one fixed batch size."""

from __future__ import annotations

import numpy as np

from .runtime import Array, Feeds, Outputs, Runtime, RuntimeInfo


class FixedBatch:
    """A runtime whose graphs take exactly ``batch`` targets, made to take any number.

    Fewer are padded by repeating the last one, more are run in several passes.

    Args:
        runtime: whose graphs have that batch size.
        batch: targets in one of its passes.
    """

    def __init__(self, runtime: Runtime, batch: int) -> None:
        self._runtime = runtime
        self._batch = batch

    @property
    def info(self) -> RuntimeInfo:
        """Of the runtime behind."""
        return self._runtime.info

    def run(self, graph: str, feeds: Feeds) -> Outputs:
        """Run one graph on feeds of any batch size.

        Args:
            graph: its name.
            feeds: arrays [n, ...], n alike for all.

        Returns:
            Arrays [n, ...].
        """
        count = len(next(iter(feeds.values())))
        if count == self._batch:
            return self._runtime.run(graph, feeds)
        parts = [self._part(graph, feeds, i, count) for i in range(0, count, self._batch)]
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def close(self) -> None:
        """Close the runtime behind."""
        self._runtime.close()

    def _part(self, graph: str, feeds: Feeds, start: int, count: int) -> Outputs:
        stop = min(start + self._batch, count)
        padded = {name: self._padded(feed[start:stop]) for name, feed in feeds.items()}
        outputs = self._runtime.run(graph, padded)
        return {name: array[: stop - start] for name, array in outputs.items()}

    def _padded(self, part: Array) -> Array:
        missing = self._batch - len(part)
        if not missing:
            return np.ascontiguousarray(part)
        return np.concatenate([part, np.repeat(part[-1:], missing, axis=0)])
