"""Boxes: (x, y, w, h), top-left corner, absolute pixels, floats."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from .errors import InputError

CLIP_MARGIN = 10.0
"""Smallest side, in pixels, of a box after clipping (the released tracker's margin)."""

LARGEST_SIDE = 2.0**20
"""Largest side, in pixels, of a box that a user may give (the largest image of OpenCV)."""


class Box(NamedTuple):
    """A box in pixels of the image; unpacks and compares like a tuple.

    Attributes:
        x: left edge.
        y: top edge.
        w: width.
        h: height.
    """

    x: float
    y: float
    w: float
    h: float

    @property
    def xyxy(self) -> tuple[float, float, float, float]:
        """Corners (left, top, right, bottom)."""
        return (self.x, self.y, self.x + self.w, self.y + self.h)

    @property
    def cxcywh(self) -> tuple[float, float, float, float]:
        """Centre and size."""
        return (self.x + self.w / 2, self.y + self.h / 2, self.w, self.h)

    def as_int(self) -> tuple[int, int, int, int]:
        """The box rounded to whole pixels, (x, y, w, h); sides are at least 1."""
        left, top, right, bottom = (round(v) for v in self.xyxy)
        return (left, top, max(1, right - left), max(1, bottom - top))

    @classmethod
    def from_xyxy(cls, left: float, top: float, right: float, bottom: float) -> Box:
        """A box from its corners."""
        return cls(left, top, right - left, bottom - top)

    def clipped(self, width: int, height: int) -> Box:
        """The box limited to an image as the released tracker does it.

        Sides are at least 10 px, and at least 10 px stay inside the image.
        """
        x1, y1, x2, y2 = self.xyxy
        x1, x2 = _clip(x1, x2, width)
        y1, y2 = _clip(y1, y2, height)
        return Box(x1, y1, max(CLIP_MARGIN, x2 - x1), max(CLIP_MARGIN, y2 - y1))

    def iou(self, other: Box) -> float:
        """Intersection over union, 0..1; 0 where a side is not positive."""
        ax1, ay1, ax2, ay2 = self.xyxy
        bx1, by1, bx2, by2 = other.xyxy
        inter = max(0.0, min(ax2, bx2) - max(ax1, bx1)) * max(0.0, min(ay2, by2) - max(ay1, by1))
        union = max(0.0, self.w) * max(0.0, self.h) + max(0.0, other.w) * max(0.0, other.h) - inter
        return inter / union if union > 0.0 else 0.0


def _clip(low: float, high: float, size: int) -> tuple[float, float]:
    return min(max(0.0, low), size - CLIP_MARGIN), min(max(CLIP_MARGIN, high), float(size))


def checked_box(box: Iterable[float], width: int, height: int) -> Box:
    """A user's initial box, validated against the frame it belongs to.

    Args:
        box: four numbers (x, y, w, h) in pixels.
        width: of the frame, pixels.
        height: of the frame, pixels.

    Returns:
        The box as floats; it may reach over the frame's edge.

    Raises:
        InputError: not four finite numbers, a side that is not positive or beyond any
            image, or no overlap with the frame.
    """
    expected = "expected a box (x, y, w, h) in pixels with w > 0 and h > 0"
    if isinstance(box, (str, bytes)):
        raise InputError(f"{expected}; got {box!r}. Pass four numbers.")
    try:
        values = [float(v) for v in box]
    except (TypeError, ValueError) as error:
        raise InputError(f"{expected}; got {box!r}. Pass four numbers.") from error
    except OverflowError as error:
        raise InputError(f"{expected}; got a number that no float can hold.") from error
    if len(values) != 4:
        raise InputError(f"{expected}; got {len(values)} values: {values}.")
    if not all(math.isfinite(v) for v in values):
        raise InputError(f"{expected}; got a value that is not finite: {values}.")
    result = Box(*values)
    if result.w <= 0 or result.h <= 0:
        raise InputError(
            f"{expected}; got {values}. "
            "If yours are corners (x1, y1, x2, y2), use Box.from_xyxy(*corners)."
        )
    if max(result.w, result.h) > LARGEST_SIDE:
        raise InputError(f"{expected}, at most {LARGEST_SIDE:.0f} each; got {values}.")
    if result.w * result.h <= 0:
        raise InputError(f"{expected}; got {values}, whose area is zero to a float's precision.")
    left, top, right, bottom = result.xyxy
    if left >= width or top >= height or right <= 0 or bottom <= 0:
        raise InputError(
            f"expected a box that overlaps the {width}x{height} frame; got {values}. "
            "Boxes are in pixels of the full frame, not relative to it."
        )
    return result
