"""Frames handed to all contenders in turn, one at a time."""

from __future__ import annotations

from collections.abc import Sequence as Items
from typing import Any

from ...errors import FartrackError
from ..accuracy.run import Run, finite_box, refusal
from ..datasets import Problem, Sequence
from ..workers.child import Child, ChildEndedError


def track_interleaved(children: Items[Child], sequence: Sequence) -> list[Run]:
    """Track one sequence with every contender, frame by frame in turn.

    While one works the others wait, and the turn starts with another one on every frame, so
    that whatever else the machine does hits all alike. Reading the file is not timed.

    Args:
        children: loaded contenders.
        sequence: what to track.

    Returns:
        One run a contender.

    Raises:
        ChildEndedError: a contender's process has ended.
    """
    runs = [Run(name=sequence.name, boxes=[], scores=[], times_ms=[], size=None) for _ in children]
    started = [_init(child, sequence, run) for child, run in zip(children, runs, strict=True)]
    count = len(children)
    for i in range(1, len(sequence.frames)):
        for turn in range(count):
            k = (i + turn) % count
            if started[k]:
                _track(children[k], sequence, i, runs[k])
    return runs


def _init(child: Child, sequence: Sequence, run: Run) -> bool:
    try:
        answer = child.ask("init", frame=str(sequence.frames[0]), box=sequence.first_box)
    except ChildEndedError:
        raise
    except FartrackError as error:
        run.problems.append(refusal(sequence.name, error))
        run.refused = True
        return False
    if answer.get("unreadable"):
        run.problems.append(_problem(sequence, 0, "expected a picture.", fatal=True))
        return False
    run.size = (answer["size"][0], answer["size"][1])
    _append(run, {"box": sequence.first_box, "ms": answer["ms"]})
    return True


def _track(child: Child, sequence: Sequence, i: int, run: Run) -> None:
    try:
        answer = child.ask("track", frame=str(sequence.frames[i]))
        answer["box"] = finite_box(answer["box"])
    except ChildEndedError:
        raise
    except FartrackError as error:
        run.problems.append(_problem(sequence, i, f"{error} The last box is repeated."))
        answer = {"box": run.boxes[-1]}
    if answer.get("unreadable"):
        name = sequence.frames[i].name
        message = f"expected a picture; {name} cannot be decoded. The last box is repeated."
        run.problems.append(_problem(sequence, i, message))
    _append(run, answer)


def _append(run: Run, answer: dict[str, Any]) -> None:
    run.boxes.append(answer["box"])
    run.scores.append(None)
    run.times_ms.append(float(answer.get("ms", 0.0)))


def _problem(sequence: Sequence, frame: int, message: str, fatal: bool = False) -> Problem:
    line = " ".join(message.split())
    return Problem(sequence=sequence.name, frame=frame, message=line, fatal=fatal)
