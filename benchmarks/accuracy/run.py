"""Track one sequence from its first box to its end. Runs in any process."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence as Items
from pathlib import Path
from typing import Any

import cv2
from pydantic import BaseModel, ConfigDict

from ...errors import FartrackError
from ..datasets import Problem, Sequence
from ..trackers import BenchTracker, TrackerSpec, describe

BoxRow = tuple[float, float, float, float]


class Job(BaseModel):
    """One sequence to track with one tracker.

    Attributes:
        tracker: what tracks.
        version: changes with the bytes behind the tracker, so that no process uses an old one.
        name: of the sequence.
        frames: image files, in order.
        first_box: (x, y, w, h) in pixels.
    """

    model_config = ConfigDict(frozen=True)

    tracker: TrackerSpec
    version: str
    name: str
    frames: tuple[str, ...]
    first_box: BoxRow

    @classmethod
    def of(cls, tracker: TrackerSpec, version: str, sequence: Sequence) -> Job:
        """The job that a sequence makes."""
        return cls(
            tracker=tracker,
            version=version,
            name=sequence.name,
            frames=tuple(str(f) for f in sequence.frames),
            first_box=sequence.first_box,
        )


class Run(BaseModel):
    """What a tracker made of one sequence.

    Attributes:
        name: of the sequence.
        boxes: one (x, y, w, h) a frame; the first is the given one.
        scores: confidence 0..1 a frame, None where the tracker gives none.
        times_ms: milliseconds of ``init`` and of every ``track``, without reading the file.
        size: (width, height) of the frames in pixels.
        active: runtime, device, precision, threads.
        problems: unreadable frames and the like.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    boxes: list[BoxRow]
    scores: list[float | None]
    times_ms: list[float]
    size: tuple[int, int] | None
    active: dict[str, str] = {}
    problems: list[Problem] = []


def track_sequence(job: Job) -> Run:
    """Track a sequence once, from its first box to its end.

    A frame that cannot be read, or that the tracker refuses, repeats the last box and is
    named. Errors that concern the tracker as such (no such model, no such device) are raised.

    Args:
        job: what to do.

    Returns:
        Boxes, times and problems; no boxes when the first frame cannot be used.
    """
    tracker = _opened(job.tracker.model_dump_json(), job.version)
    run = Run(name=job.name, boxes=[], scores=[], times_ms=[], size=None, active=describe(tracker))
    first = cv2.imread(job.frames[0])
    if first is None:
        run.problems.append(_unreadable(job, 0, fatal=True))
        return run
    run.size = (first.shape[1], first.shape[0])
    try:
        elapsed = _timed(lambda: tracker.init(first, job.first_box))[1]
    except FartrackError as error:
        run.problems.append(Problem(sequence=job.name, frame=0, message=str(error), fatal=True))
        return run
    _append(run, job.first_box, None, elapsed)
    for i in range(1, len(job.frames)):
        _step(tracker, job, i, run)
    return run


def _step(tracker: BenchTracker, job: Job, i: int, run: Run) -> None:
    frame = cv2.imread(job.frames[i])
    if frame is None:
        run.problems.append(_unreadable(job, i))
        _append(run, run.boxes[-1], None, 0.0)
        return
    try:
        result, elapsed = _timed(lambda: tracker.track(frame))
    except FartrackError as error:
        run.problems.append(Problem(sequence=job.name, frame=i, message=str(error)))
        _append(run, run.boxes[-1], None, 0.0)
        return
    _append(run, result.box, getattr(result, "score", None), elapsed)


def _timed(call: Any) -> tuple[Any, float]:
    start = time.perf_counter()
    value = call()
    return value, (time.perf_counter() - start) * 1e3


def _append(run: Run, box: Items[float], score: float | None, elapsed: float) -> None:
    x, y, w, h = (float(v) for v in box)
    run.boxes.append((x, y, w, h))
    run.scores.append(None if score is None else float(score))
    run.times_ms.append(elapsed)


def _unreadable(job: Job, i: int, fatal: bool = False) -> Problem:
    file = Path(job.frames[i])
    message = f"expected a picture; {file.name} cannot be decoded."
    message += " Nothing was tracked." if fatal else " The last box is repeated."
    return Problem(sequence=job.name, frame=i, message=message, fatal=fatal)


@functools.lru_cache(maxsize=1)
def _opened(spec: str, _version: str) -> BenchTracker:
    """The tracker of this process, loaded once."""
    return TrackerSpec.model_validate_json(spec).open()
