"""One target or several in every frame, as a user of the package would follow them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from .config import SpeedCase

BoxRow = tuple[float, ...]


class Targets(Protocol):
    """What is timed in every frame."""

    def init(self, frame: Any, box: BoxRow) -> None:
        """Name all targets, beside each other around the box."""
        ...

    def track(self, frame: Any) -> Iterable[Any]:
        """Find all of them; one result each."""
        ...


def targets_of(tracker: Any, case: SpeedCase) -> Targets:
    """The targets of a case; several of one model go through `MultiTracker`.

    Args:
        tracker: opened for the case.
        case: says how many.
    """
    if case.targets == 1:
        return _Apart([tracker])
    if hasattr(tracker, "model"):
        return _Together(tracker.model, case.targets)
    return _Apart([tracker, *(case.tracker.open() for _ in range(case.targets - 1))])


class _Apart:
    """Trackers that know nothing of each other."""

    def __init__(self, trackers: list[Any]) -> None:
        self._trackers = trackers

    def init(self, frame: Any, box: BoxRow) -> None:
        """One tracker after the other."""
        for i, tracker in enumerate(self._trackers):
            tracker.init(frame, _shifted(box, i))

    def track(self, frame: Any) -> Iterable[Any]:
        """One tracker after the other."""
        return [tracker.track(frame) for tracker in self._trackers]


class _Together:
    """One model, passes batched where the model takes batches."""

    def __init__(self, model: Any, count: int) -> None:
        from ...multi import MultiTracker

        self._tracker = MultiTracker(model)
        self._count = count

    def init(self, frame: Any, box: BoxRow) -> None:
        """All at once."""
        self._tracker.init(frame, {i: _shifted(box, i) for i in range(self._count)})

    def track(self, frame: Any) -> Iterable[Any]:
        """All at once."""
        return self._tracker.track(frame).values()


def _shifted(box: BoxRow, i: int) -> BoxRow:
    """Beside each other, so that no two do exactly the same work."""
    x, y, w, h = box
    return (x + (i % 4) * w / 8, y + (i // 4) * h / 8, w, h)
