"""What happened, frame by frame, in bounded memory."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from ..result import Timings
from .session import Step

FIELDS = ("frame", "timestamp_s", "w", "h", "score", "state", *Timings._fields)
STATES = ("TRACKING", "UNCERTAIN", "LOST")
CAPACITY = 20_000
"""Frames kept; 1.6 MB."""


class History:
    """Remembers tracked frames for a summary and a plot.

    Exact up to ``capacity`` frames. After that every second kept frame is forgotten and
    only every second new one is kept, and so on: an endless stream stays evenly covered
    in constant memory. Counts and means cover all frames.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._rows: npt.NDArray[np.float64] = np.empty((capacity, len(FIELDS)))
        self._kept = 0
        self._stride = 1
        self._sums: npt.NDArray[np.float64] = np.zeros(len(Timings._fields))
        self._score_sum = 0.0
        self.frames = 0
        self.states: Counter[str] = Counter()

    def add(self, step: Step) -> None:
        """Remember one frame; the first one, which was not tracked, is passed over."""
        if (result := step.result) is None:
            return
        self._sums += result.timings
        self._score_sum += result.score
        self.states[step.state] += 1
        if self.frames % self._stride == 0:
            state = STATES.index(step.state)
            times = (step.frame.index, step.frame.timestamp_s)
            self._keep((*times, result.box.w, result.box.h, result.score, state, *result.timings))
        self.frames += 1

    def column(self, name: str) -> npt.NDArray[np.float64]:
        """One of ``FIELDS`` for the kept frames, float64 [N].

        Sizes in pixels, stages in milliseconds, ``state`` as the place in ``STATES``.
        """
        kept: npt.NDArray[np.float64] = self._rows[: self._kept, FIELDS.index(name)].copy()
        return kept

    def mean_score(self) -> float:
        """Mean score of all frames; 0 if there are none."""
        return self._score_sum / max(1, self.frames)

    def latency_ms(self) -> dict[str, dict[str, float]]:
        """Mean, p50 and p99 in milliseconds for each stage, their total and the overhead.

        The overhead is everything but ``infer``. Percentiles are of the kept frames.
        """
        names = Timings._fields
        stages = {name: self.column(name) for name in names}
        means = dict(zip(names, (self._sums / max(1, self.frames)).tolist(), strict=True))
        stages["total"] = np.sum([stages[name] for name in names], axis=0)
        means["total"] = sum(means.values())
        stages["overhead"] = stages["total"] - stages["infer"]
        means["overhead"] = means["total"] - means["infer"]
        return {name: _spread(stages[name], means[name]) for name in stages}

    def _keep(self, row: tuple[Any, ...]) -> None:
        if self._kept == len(self._rows):
            thinned = self._rows[::2].copy()
            self._rows[: len(thinned)] = thinned
            self._kept = len(thinned)
            self._stride *= 2
            if self.frames % self._stride:
                return
        self._rows[self._kept] = row
        self._kept += 1


def _spread(values: npt.NDArray[np.float64], mean: float) -> dict[str, float]:
    if not len(values):
        return {"mean": 0.0, "p50": 0.0, "p99": 0.0}
    p50, p99 = np.percentile(values, (50, 99))
    return {"mean": float(mean), "p50": float(p50), "p99": float(p99)}
