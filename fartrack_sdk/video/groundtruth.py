"""Boxes from the ``groundtruth.txt`` that tracking benchmarks put beside their images."""

from __future__ import annotations

import math
from pathlib import Path

from ..boxes import Box
from ..errors import InputError
from .frames import FrameSource
from .images import ImageSource

FILE_NAME = "groundtruth.txt"


def find_groundtruth(source: FrameSource) -> Path | None:
    """The file beside the images of a source, or in the folder above; None without one."""
    if not isinstance(source, ImageSource):
        return None
    folder = source.paths[0].absolute().parent
    candidates = (folder / FILE_NAME, folder.parent / FILE_NAME)
    return next((path for path in candidates if path.is_file()), None)


def groundtruth_box(path: Path, index: int) -> Box:
    """The box of one frame.

    Args:
        path: rows of x,y,w,h in pixels (commas, spaces or tabs), or polygons of four
            corners, whose enclosing box is taken.
        index: row, from 0.

    Returns:
        The box, (x, y, w, h) in pixels.

    Raises:
        InputError: no such row, or a row that is no box.
    """
    rows = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    if index >= len(rows):
        raise InputError(f"'{path}' has {len(rows)} rows, none for frame {index}. Pass --box.")
    try:
        values = [float(v) for v in rows[index].replace(",", " ").split()]
    except ValueError:
        values = []
    if len(values) not in (4, 8) or not all(math.isfinite(v) for v in values):
        raise InputError(
            f"row {index + 1} of '{path}': expected x,y,w,h or four corners; "
            f"got {rows[index]!r}. Pass --box."
        )
    if len(values) == 8:
        xs, ys = values[::2], values[1::2]
        return Box.from_xyxy(min(xs), min(ys), max(xs), max(ys))
    return Box(*values)
