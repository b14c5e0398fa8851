"""The loop: take frames from a source, give them to a tracker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from ..boxes import Box
from ..errors import InputError
from ..result import TrackResult
from .frames import Frame, FrameSource


class Follows(Protocol):
    """What the loop needs of a tracker; ``fartrack_sdk.Tracker`` is one."""

    def init(self, frame: Any, box: Any) -> Any:
        """Name the target."""
        ...

    def track(self, frame: Any) -> TrackResult:
        """Find the target."""
        ...


@dataclass(frozen=True, eq=False)
class Step:
    """One frame and where the target is in it.

    Attributes:
        frame: the image with its index, time and age.
        box: the target, (x, y, w, h) in pixels; for the first frame the given one.
        result: what the tracker said; None for the first frame.
    """

    frame: Frame
    box: Box
    result: TrackResult | None

    @property
    def state(self) -> str:
        """TRACKING, UNCERTAIN or LOST; INIT for the first frame."""
        return "INIT" if self.result is None else self.result.state.value


def steps(
    tracker: Follows, source: FrameSource, first: Frame, box: Box, max_frames: int | None = None
) -> Iterator[Step]:
    """Follow a target through a source.

    Args:
        tracker: an opened tracker; it is initialised here.
        source: gives the frames after ``first``; the caller closes it.
        first: the frame that ``box`` belongs to, already taken from the source.
        box: the target, (x, y, w, h) in pixels.
        max_frames: frames to use, the first one included; None means all.

    Yields:
        One step per frame, the first frame included.

    Raises:
        InputError: a frame or the box cannot be used; names the frame.
    """
    tracker.init(first.image, box)
    yield Step(first, box, None)
    used = 1
    while max_frames is None or used < max_frames:
        frame = source.read()
        if frame is None:
            return
        yield _step(tracker, frame)
        used += 1


def _step(tracker: Follows, frame: Frame) -> Step:
    try:
        result = tracker.track(frame.image)
    except InputError as error:
        raise InputError(f"frame {frame.index}: {error}") from error
    return Step(frame, result.box, result)
