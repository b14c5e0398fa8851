"""How long to wait before trying a lost connection again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import ConfigError


@dataclass(frozen=True)
class Backoff:
    """Exponential back-off with jitter and a limit.

    Attributes:
        attempts: tries before giving up; 0 means that the end of a stream is its end.
        first_delay_s: wait before the first try, seconds.
        factor: each wait is this many times the one before.
        max_delay_s: longest wait, seconds.
        jitter: share of each wait that is random, 0..1, so that many clients do not
            come back in step.
    """

    attempts: int = 8
    first_delay_s: float = 0.5
    factor: float = 2.0
    max_delay_s: float = 10.0
    jitter: float = 0.5

    def __post_init__(self) -> None:
        sound = (
            self.attempts >= 0
            and 0.0 <= self.first_delay_s <= self.max_delay_s
            and self.factor >= 1.0
            and 0.0 <= self.jitter <= 1.0
        )
        if not sound:
            raise ConfigError(
                "expected attempts >= 0, 0 <= first_delay_s <= max_delay_s, factor >= 1 and "
                f"jitter in 0..1; got {self}."
            )

    def delays(self, random_source: random.Random | None = None) -> Iterator[float]:
        """The waits in seconds, one per attempt."""
        chance = random_source or random.Random()
        delay = self.first_delay_s
        for _ in range(self.attempts):
            yield delay * (1.0 - self.jitter * chance.random())
            delay = min(delay * self.factor, self.max_delay_s)
