"""How a set of durations is summed up."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from pydantic import BaseModel, ConfigDict


class Percentiles(BaseModel):
    """Durations in milliseconds, linear interpolation between ranks.

    Attributes:
        count: of measurements.
        mean: arithmetic mean.
        p10: a tenth was faster.
        p50: the median.
        p90: a tenth was slower.
        p99: one in a hundred was slower.
        max: the slowest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int
    mean: float
    p10: float
    p50: float
    p90: float
    p99: float
    max: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Percentiles | None:
        """Sum up; None for no values."""
        found = np.asarray(list(values), dtype=np.float64)
        if not found.size:
            return None
        p10, p50, p90, p99 = (float(v) for v in np.percentile(found, [10, 50, 90, 99]))
        return cls(
            count=found.size,
            mean=float(found.mean()),
            p10=p10,
            p50=p50,
            p90=p90,
            p99=p99,
            max=float(found.max()),
        )
