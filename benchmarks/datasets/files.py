"""Reading the small text files that benchmarks keep their boxes and flags in."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from ..metrics.overlap import Floats
from ..metrics.scores import Flags
from .sequence import Problem, Sequence, all_false

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
SEPARATORS = re.compile(r"[,;\s]+")


def list_frames(folder: Path) -> list[Path]:
    """Image files of a folder, ordered by the last number in their names."""
    if not folder.is_dir():
        return []
    files = [f for f in folder.iterdir() if f.suffix.lower() in IMAGE_SUFFIXES]
    return sorted(files, key=_frame_key)


def _frame_key(path: Path) -> tuple[int, str]:
    digits = re.findall(r"\d+", path.stem)
    return (int(digits[-1]) if digits else -1, path.name)


def read_numbers(path: Path) -> list[list[float]]:
    """Rows of numbers; a word that is none becomes NaN. Blank lines at the end are dropped."""
    lines = path.read_text(encoding="utf-8-sig", errors="replace").rstrip().splitlines()
    return [[_number(word) for word in SEPARATORS.split(line.strip()) if word] for line in lines]


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan


def read_boxes(path: Path, name: str) -> tuple[Floats, list[Problem]]:
    """Boxes of an annotation file, one row a frame.

    Four numbers are (x, y, w, h). Eight or more are the corners of a polygon (VOT) and
    become the smallest upright box around it. Any other row becomes NaN and is named.

    Returns:
        float [N, 4] and the rows that could not be read.
    """
    rows, problems = [], []
    for i, numbers in enumerate(read_numbers(path)):
        box = _box(numbers)
        if box is None:
            message = (
                f"expected x,y,w,h or a polygon in row {i + 1} of {path.name}; got "
                f"{len(numbers)} values."
            )
            problems.append(Problem(sequence=name, frame=i, message=message))
        rows.append(box or [math.nan] * 4)
    return np.array(rows, dtype=np.float64).reshape(-1, 4), problems


def _box(numbers: list[float]) -> list[float] | None:
    if len(numbers) == 4:
        return numbers
    if len(numbers) >= 8 and len(numbers) % 2 == 0:
        xs, ys = numbers[0::2], numbers[1::2]
        return [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]
    return None


def read_flags(path: Path, count: int) -> Flags:
    """0/1 flags, one a frame on one line or many; frames without a flag are 0."""
    flags = all_false(count)
    if path.is_file():
        values = [v for row in read_numbers(path) for v in row][:count]
        flags[: len(values)] = np.array(values) > 0
    return flags


def assemble(
    name: str,
    frames: list[Path],
    boxes: Floats,
    problems: list[Problem],
    *,
    absent: Flags | None = None,
    attributes: tuple[str, ...] = (),
    first_box_only: bool = False,
) -> tuple[Sequence | None, list[Problem]]:
    """A sequence out of its parts; whatever does not fit together is named.

    Args:
        name: of the sequence.
        frames: image files, in order.
        boxes: annotation rows [M, 4], at best as many as frames.
        problems: found so far.
        absent: flags [M], or None.
        attributes: names of the challenges.
        first_box_only: one row is all the set gives (test sets whose truth is withheld).

    Returns:
        The sequence, or None when it cannot be started, and all problems.
    """
    fatal = _fatal(frames, boxes)
    if fatal:
        return None, [*problems, Problem(sequence=name, message=fatal, fatal=True)]
    count = len(frames)
    if len(boxes) != count and not (first_box_only and len(boxes) == 1):
        problems = [*problems, Problem(sequence=name, message=_uneven(len(boxes), count))]
    truth = np.full((count, 4), np.nan)
    truth[: len(boxes)] = boxes[:count]
    annotated = np.arange(count) < len(boxes)
    gone = all_false(count)
    if absent is not None:
        gone[: min(count, len(absent))] = absent[:count]
    return Sequence(name, tuple(frames), truth, gone, annotated, attributes), problems


def _fatal(frames: list[Path], boxes: Floats) -> str | None:
    if not frames:
        return "expected image files; the folder has none."
    if not len(boxes):
        return "expected one box a frame; the annotation is missing or empty."
    if not np.isfinite(boxes[0]).all() or (boxes[0, 2:] <= 0).any():
        return f"expected a box with positive sides in the first row; got {boxes[0].tolist()}."
    return None


def _uneven(rows: int, frames: int) -> str:
    if rows < frames:
        return (
            f"expected {frames} annotation rows, one a frame; got {rows}. Frames {rows} to "
            f"{frames - 1} are tracked and not scored."
        )
    return f"expected {frames} annotation rows, one a frame; got {rows}. The rest is ignored."
