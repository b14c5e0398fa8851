"""How long a soak lasts, and when to look at the process."""

from __future__ import annotations

import time

from ...errors import ConfigError

SAMPLES = 200
"""Looks at the process in a whole run: what is kept of them must not look like a leak."""


class Plan:
    """Counts frames, or seconds from its making.

    Args:
        frames: to track.
        minutes: to track for, instead.

    Attributes:
        total: frames or seconds, as the plan counts.

    Raises:
        ConfigError: neither or both, or nothing to do.
    """

    def __init__(self, frames: int | None, minutes: float | None) -> None:
        if (frames is None) == (minutes is None):
            raise ConfigError("expected either --frames or --minutes.")
        self.total = float(frames) if frames is not None else 60.0 * (minutes or 0.0)
        if self.total <= 0.0:
            raise ConfigError("expected more than 0 frames or minutes.")
        self._by_time = frames is None
        self._start = time.perf_counter()
        self._next = self._step = self.total / SAMPLES

    def position(self, done: int) -> float:
        """How far it is after a number of frames, in the unit of ``total``."""
        return time.perf_counter() - self._start if self._by_time else float(done)

    def is_over(self, done: int) -> bool:
        """Whether this many frames are enough."""
        return self.position(done) >= self.total

    def is_due(self, done: int) -> bool:
        """Whether it is time to look; yes only once each time."""
        position = self.position(done)
        due = position >= self._next
        while self._next <= position:
            self._next += self._step
        return due
