"""Cutting the search region and the template out of a frame, as the released tracker does."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from .boxes import Box
from .errors import InputError

Image = npt.NDArray[np.uint8]

LARGEST_PADDED_SIDE = 4096
"""Windows that reach over the frame's edge are copied with their padding up to this side.

Beyond it only the pixels that bilinear interpolation reads are gathered, which keeps time
and memory independent of the window: a box over a whole 8K frame asks for 23,000 px.
"""
COEFFICIENT_BITS = 11


@dataclass(frozen=True)
class Crop:
    """A square piece of a frame.

    Attributes:
        image: uint8 [size, size, 3], RGB, C-contiguous.
        centre: the box's centre (x, y) in the frame, pixels.
        side: side of the window in the frame, pixels.
    """

    image: Image
    centre: tuple[float, float]
    side: int

    @property
    def blank(self) -> bool:
        """Whether every pixel has the same colour, so that nothing can be found in it."""
        first = self.image[0, 0]
        coarse = self.image[::16, ::16]
        return bool((coarse == first).all() and (self.image == first).all())

    def to_frame(self, corners: npt.NDArray[np.float64]) -> Box:
        """A box given in units of the crop, as a box in pixels of the frame.

        The offset is the unrounded window's, as in the released tracker.

        Args:
            corners: float64 [4], x0, y0, x1, y1, with 0..1 spanning the crop.
        """
        x0, y0, x1, y1 = (float(v) * self.side for v in corners)
        left, top = self.centre[0] - self.side / 2, self.centre[1] - self.side / 2
        return Box.from_xyxy(x0 + left, y0 + top, x1 + left, y1 + top)


def crop(frame: Image, box: Box, factor: float, size: int, *, bgr: bool) -> Crop:
    """Cut a square window around a box and resize it bilinearly.

    The window's side is ``ceil(sqrt(w * h) * factor)``, its corner is rounded half to
    even, what lies outside the frame is black. When the window touches the right or
    bottom edge the frame's last column or row is black as well: the released tracker
    does so, and its published results contain it.

    Args:
        frame: uint8 [H, W, 3].
        box: (x, y, w, h) in pixels.
        factor: side of the window over the box's geometric mean side.
        size: side of the result, pixels.
        bgr: whether the frame is BGR; the result is RGB.

    Raises:
        InputError: the box has no area.
    """
    area = box.w * box.h
    if not area > 0:
        raise InputError(f"expected a box with an area; got {tuple(box)}.")
    side = math.ceil(math.sqrt(area) * factor)
    x1 = round(box.x + 0.5 * box.w - side * 0.5)
    y1 = round(box.y + 0.5 * box.h - side * 0.5)
    resized = _window(frame, x1, y1, side, size)
    image = cv2.cvtColor(resized, cv2.COLOR_BGR2RGB) if bgr else resized
    return Crop(np.ascontiguousarray(image, dtype=np.uint8), box.cxcywh[:2], side)


def _visible(start: int, side: int, limit: int) -> tuple[int, int]:
    """Range of the window's pixels that show the frame, in the frame's coordinates."""
    end = start + side
    return max(0, start), (limit - 1 if end >= limit else end)


def _window(frame: Image, x1: int, y1: int, side: int, size: int) -> Image:
    height, width = frame.shape[:2]
    left, right = _visible(x1, side, width)
    top, bottom = _visible(y1, side, height)
    if right <= left or bottom <= top:
        return np.zeros((size, size, 3), np.uint8)
    part = frame[top:bottom, left:right]
    if part.shape[:2] == (side, side):
        return _resize(np.ascontiguousarray(part), size)
    if side > LARGEST_PADDED_SIDE:
        return _sampled_resize(part, left - x1, top - y1, side, size)
    padded = np.zeros((side, side, 3), np.uint8)
    padded[top - y1 : bottom - y1, left - x1 : right - x1] = part
    return _resize(padded, size)


def _resize(image: Image, size: int) -> Image:
    resized = cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized, dtype=np.uint8)


def _taps(side: int, size: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
    """Source positions [2, size] and fixed-point weights [2, size] of OpenCV's bilinear resize."""
    scale = side / size
    position = ((np.arange(size) + 0.5) * scale - 0.5).astype(np.float32)
    first = np.floor(position).astype(np.intp)
    fraction = position - first.astype(np.float32)
    fraction[(first < 0) | (first >= side - 1)] = 0.0
    first = first.clip(0, side - 1)
    one = np.float32(1 << COEFFICIENT_BITS)
    weights = np.stack([np.rint((1 - fraction) * one), np.rint(fraction * one)])
    return np.stack([first, np.minimum(first + 1, side - 1)]), weights.astype(np.int32)


def _sampled_resize(part: Image, left: int, top: int, side: int, size: int) -> Image:
    """Resize a black square that shows ``part`` at (left, top), without making the square.

    Same fixed-point arithmetic as OpenCV's 8-bit bilinear resize.
    """
    height, width = part.shape[:2]
    taps, weights = _taps(side, size)
    rows, columns = taps.ravel() - top, taps.ravel() - left
    row_inside = (rows >= 0) & (rows < height)
    column_inside = (columns >= 0) & (columns < width)
    gathered = np.zeros((2 * size, 2 * size, 3), np.int32)
    gathered[np.ix_(row_inside, column_inside)] = part[
        np.ix_(rows[row_inside], columns[column_inside])
    ]
    pairs = gathered.reshape(2 * size, 2, size, 3)
    across = (pairs * weights[None, :, :, None]).sum(axis=1)
    down = across.reshape(2, size, size, 3) >> 4
    blended = (down * weights[:, :, None, None]) >> 16
    rounded = (blended.sum(axis=0) + 2) >> 2
    return np.asarray(rounded, dtype=np.uint8)
