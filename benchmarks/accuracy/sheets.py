"""Contact sheets: a few frames of a sequence with the true and the found box."""

from __future__ import annotations

from collections.abc import Sequence as Items
from typing import Any

import cv2
import numpy as np

from ...boxes import Box
from ..datasets import Sequence
from .run import Run

TRUTH_BGR, FOUND_BGR, LABEL_BGR = (70, 200, 60), (60, 60, 235), (255, 255, 255)
TILE_WIDTH, TILE_HEIGHT, COLUMNS, TILES = 320, 240, 4, 8
DARK = 24


def contact_sheet(sequence: Sequence, run: Run) -> bytes:
    """Eight frames spread over a sequence: truth in green, the tracker's box in red.

    Args:
        sequence: with its true boxes.
        run: what the tracker made of it.

    Returns:
        A JPEG. Frames that cannot be read are dark.
    """
    picked = np.linspace(0, len(run.boxes) - 1, min(TILES, len(run.boxes))).round().astype(int)
    tiles = [_tile(sequence, run, int(i)) for i in picked]
    _, data = cv2.imencode(".jpg", _grid(tiles), [cv2.IMWRITE_JPEG_QUALITY, 85])
    return data.tobytes()


def _tile(sequence: Sequence, run: Run, i: int) -> Any:
    frame = cv2.imread(str(sequence.frames[i]))
    if frame is None:
        return _label(_blank(), f"frame {i}  unreadable")
    scale = min(TILE_WIDTH / frame.shape[1], TILE_HEIGHT / frame.shape[0])
    small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    truth = sequence.truth[i]
    known = bool(sequence.annotated[i] and np.isfinite(truth).all() and not sequence.absent[i])
    if known:
        _draw(small, truth, scale, TRUTH_BGR)
    _draw(small, run.boxes[i], scale, FOUND_BGR)
    overlap = f"  IoU {Box(*run.boxes[i]).iou(Box(*truth)):.2f}" if known and i else ""
    return _label(_padded(small), f"frame {i}{overlap}")


def _draw(image: Any, box: Items[float], scale: float, colour: tuple[int, int, int]) -> None:
    x, y, w, h = Box(*(float(v) * scale for v in box)).as_int()
    cv2.rectangle(image, (x, y), (x + w, y + h), colour, 2, cv2.LINE_AA)


def _blank() -> Any:
    return np.full((TILE_HEIGHT, TILE_WIDTH, 3), DARK, dtype=np.uint8)


def _padded(image: Any) -> Any:
    tile = _blank()
    top, left = (TILE_HEIGHT - image.shape[0]) // 2, (TILE_WIDTH - image.shape[1]) // 2
    tile[top : top + image.shape[0], left : left + image.shape[1]] = image
    return tile


def _label(tile: Any, text: str) -> Any:
    place, font = (7, TILE_HEIGHT - 9), cv2.FONT_HERSHEY_SIMPLEX
    tile[-28:] //= 3
    cv2.putText(tile, text, place, font, 0.5, LABEL_BGR, 1, cv2.LINE_AA)
    return tile


def _grid(tiles: list[Any]) -> Any:
    columns = min(COLUMNS, len(tiles))
    rows = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    rows[-1] += [_blank()] * (columns - len(rows[-1]))
    return np.vstack([np.hstack(row) for row in rows])
