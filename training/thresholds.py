"""State thresholds from scores of frames that went well and frames that failed."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from ..config import StateThresholds
from ..errors import InputError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
GOOD_OVERLAP, FAILED_OVERLAP = 0.5, 0.1
"""Frames at or above the first are good, below the second failed, others count for neither."""
GOOD_CALLED_LOW = 0.05
"""Share of good frames that may fall below ``lost_below``."""
FAILED_CALLED_HIGH = 0.1
"""Share of failed frames that may reach ``tracking_above``."""


@dataclass(frozen=True)
class ScoreReport:
    """How well the score tells good frames from failed ones.

    Attributes:
        thresholds: proposed.
        area: area under the ROC curve, 0.5 is chance.
        good: number of good frames.
        failed: number of failed frames.
        failed_below_lost: share of failed frames below ``lost_below``.
        good_above_tracking: share of good frames at or above ``tracking_above``.
    """

    thresholds: StateThresholds
    area: float
    good: int
    failed: int
    failed_below_lost: float
    good_above_tracking: float

    def as_dict(self) -> dict[str, object]:
        """Everything, as JSON values."""
        return {**asdict(self), "thresholds": self.thresholds.model_dump()}

    def sentence(self) -> str:
        """For people."""
        return (
            f"ROC area {self.area:.3f} over {self.good} good and {self.failed} failed frames. "
            f"lost_below {self.thresholds.lost_below:g} lies above {self.failed_below_lost:.0%} of "
            f"the failed frames, tracking_above {self.thresholds.tracking_above:g} below "
            f"{self.good_above_tracking:.0%} of the good ones."
        )


def is_good(overlaps: Floats) -> Flags:
    """Which frames went well."""
    return np.asarray(overlaps >= GOOD_OVERLAP)


def is_failed(overlaps: Floats) -> Flags:
    """Which frames failed."""
    return np.asarray(overlaps < FAILED_OVERLAP)


def propose_thresholds(scores: Floats, overlaps: Floats) -> ScoreReport:
    """Thresholds from the scores and overlaps [N] of tracked frames.

    ``lost_below`` is the score under which 5 % of the good frames lie, ``tracking_above``
    the score that 10 % of the failed ones reach, but never below ``lost_below``.

    Raises:
        InputError: there are no good or no failed frames to learn from.
    """
    good, failed = scores[is_good(overlaps)], scores[is_failed(overlaps)]
    if not len(good) or not len(failed):
        raise InputError(
            f"expected frames that went well and frames that failed; got {len(good)} and "
            f"{len(failed)}. Use more, or harder, sequences."
        )
    low = float(np.quantile(good, GOOD_CALLED_LOW))
    high = max(low, float(np.quantile(failed, 1.0 - FAILED_CALLED_HIGH)))
    return ScoreReport(
        thresholds=StateThresholds(lost_below=round(low, 4), tracking_above=round(high, 4)),
        area=roc_area(good, failed),
        good=len(good),
        failed=len(failed),
        failed_below_lost=float((failed < low).mean()),
        good_above_tracking=float((good >= high).mean()),
    )


def roc_area(positive: Floats, negative: Floats) -> float:
    """Probability that a positive scores above a negative; ties count half."""
    order = np.sort(negative)
    below = np.searchsorted(order, positive, side="left")
    upto = np.searchsorted(order, positive, side="right")
    return float((below + upto).mean() / 2 / len(negative))
