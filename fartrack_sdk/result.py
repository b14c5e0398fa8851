"""What a tracker says about one frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from .boxes import Box


class TrackState(str, Enum):
    """How far the box can be trusted; a heuristic on the score with hysteresis."""

    TRACKING = "TRACKING"
    UNCERTAIN = "UNCERTAIN"
    LOST = "LOST"


class Timings(NamedTuple):
    """Milliseconds spent on one frame, by stage.

    Attributes:
        crop: cutting and resizing the search region.
        infer: the runtime's pass that finds the target.
        decode: from logits to a box in the image, score and state.
        template: cutting the new template and updating the template memory, with the
            further passes that some families run for it.
    """

    crop: float
    infer: float
    decode: float
    template: float

    @property
    def total(self) -> float:
        """All stages together."""
        return self.crop + self.infer + self.decode + self.template

    @property
    def overhead(self) -> float:
        """Everything but the pass that finds the target; see ``template``."""
        return self.total - self.infer


@dataclass(frozen=True)
class TrackResult:
    """The target in one frame.

    Attributes:
        box: (x, y, w, h) in pixels, clipped to the image as the released tracker does it.
        raw_box: the same before clipping.
        score: confidence 0..1, mean over the four coordinates of the highest probability.
        uncertainty: standard deviation of the coordinate distributions, mean over the
            four coordinates, in pixels of the image.
        state: TRACKING, UNCERTAIN or LOST.
        frame_index: 0 is the frame given to ``init``; the first tracked frame is 1.
        timings: milliseconds by stage.
    """

    box: Box
    raw_box: Box
    score: float
    uncertainty: float
    state: TrackState
    frame_index: int
    timings: Timings
