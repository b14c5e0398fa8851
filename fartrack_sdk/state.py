"""From scores to a state, with hysteresis."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .config import StateThresholds
from .result import TrackState


@dataclass(frozen=True)
class Confidence:
    """State after some frames; ``after`` gives the state one frame later.

    Attributes:
        state: the present state.
        low: consecutive frames below ``lost_below``.
        high: consecutive frames at or above ``tracking_above``.
    """

    state: TrackState = TrackState.TRACKING
    low: int = 0
    high: int = 0

    def after(self, score: float, thresholds: StateThresholds) -> Confidence:
        """The confidence after a frame with this score."""
        low = self.low + 1 if score < thresholds.lost_below else 0
        high = self.high + 1 if score >= thresholds.tracking_above else 0
        counted = replace(self, low=low, high=high)
        return replace(counted, state=counted._next(thresholds))

    def _next(self, thresholds: StateThresholds) -> TrackState:
        if self.high >= thresholds.tracking_after:
            return TrackState.TRACKING
        if self.low >= thresholds.lost_after:
            return TrackState.LOST
        if self.state is TrackState.TRACKING and self.low:
            return TrackState.UNCERTAIN
        return self.state
