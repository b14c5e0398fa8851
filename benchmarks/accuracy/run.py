"""Track one sequence from its first box to its end. Runs in any process."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence as Items
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict

from ...errors import FartrackError, InferenceError
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
        refused: the tracker would not start on the first box: it has missed every frame.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    boxes: list[BoxRow]
    scores: list[float | None]
    times_ms: list[float]
    size: tuple[int, int] | None
    active: dict[str, str] = {}
    problems: list[Problem] = []
    refused: bool = False


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
    run = follow(tracker, job.name, [Path(file) for file in job.frames], job.first_box)
    run.active = describe(tracker)
    return run


def follow(tracker: BenchTracker, name: str, frames: Items[Path], first_box: BoxRow) -> Run:
    """As `track_sequence`, with a tracker that is open."""
    run = Run(name=name, boxes=[], scores=[], times_ms=[], size=None)
    first = cv2.imread(str(frames[0]))
    if first is None:
        run.problems.append(_unreadable(name, 0, frames[0], fatal=True))
        return run
    run.size = (first.shape[1], first.shape[0])
    try:
        elapsed = _timed(lambda: tracker.init(first, first_box))[1]
    except FartrackError as error:
        run.problems.append(refusal(name, error))
        run.refused = True
        return run
    _append(run, first_box, None, elapsed)
    for i in range(1, len(frames)):
        _step(tracker, frames[i], i, run)
    return run


def refusal(name: str, error: Exception) -> Problem:
    """Of a tracker that would not start on a sequence."""
    message = f"{' '.join(str(error).split())} Nothing was tracked: every frame counts as missed."
    return Problem(sequence=name, frame=0, message=message, fatal=True)


def _step(tracker: BenchTracker, file: Path, i: int, run: Run) -> None:
    frame = cv2.imread(str(file))
    if frame is None:
        run.problems.append(_unreadable(run.name, i, file))
        _append(run, run.boxes[-1], None, 0.0)
        return
    try:
        result, elapsed = _timed(lambda: tracker.track(frame))
        box = finite_box(result.box)
    except FartrackError as error:
        message = f"{error} The last box is repeated."
        run.problems.append(Problem(sequence=run.name, frame=i, message=message))
        _append(run, run.boxes[-1], None, 0.0)
        return
    _append(run, box, getattr(result, "score", None), elapsed)


def finite_box(box: Items[float]) -> BoxRow:
    """What a tracker gave, as four numbers.

    Raises:
        InferenceError: it is no box.
    """
    try:
        x, y, w, h = (float(v) for v in box)
    except (TypeError, ValueError) as error:
        raise InferenceError(f"expected a box x, y, w, h; the tracker gave {box!r}.") from error
    if not np.isfinite((x, y, w, h)).all():
        raise InferenceError(f"expected a box of finite numbers; the tracker gave {(x, y, w, h)}.")
    return x, y, w, h


def _timed(call: Any) -> tuple[Any, float]:
    start = time.perf_counter()
    value = call()
    return value, (time.perf_counter() - start) * 1e3


def _append(run: Run, box: BoxRow, score: float | None, elapsed: float) -> None:
    run.boxes.append(box)
    run.scores.append(None if score is None else float(score))
    run.times_ms.append(elapsed)


def _unreadable(name: str, i: int, file: Path, fatal: bool = False) -> Problem:
    message = f"expected a picture; {file.name} cannot be decoded."
    message += " Nothing was tracked." if fatal else " The last box is repeated."
    return Problem(sequence=name, frame=i, message=message, fatal=fatal)


@functools.lru_cache(maxsize=1)
def _opened(spec: str, _version: str) -> BenchTracker:
    """The tracker of this process, loaded once."""
    return TrackerSpec.model_validate_json(spec).open()
