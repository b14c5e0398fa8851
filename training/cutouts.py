"""Cut-out objects with transparency from ordinary photographs (GrabCut)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Box = tuple[float, float, float, float]

MIN_COVER, MAX_COVER = 0.25, 0.92
"""Shares of the box that a usable mask covers; outside, GrabCut has found nothing."""
MIN_SPAN = 0.6
"""A usable mask spans at least this share of the box along both axes."""
WORK_SIDE = 80.0
"""Longer side of the box, in pixels, at which GrabCut works."""
MAX_RECT = 0.9
"""Boxes that fill more than this of their surroundings leave no background to learn from."""


def centred_box(photo: Image, margin: float = 0.06) -> Box:
    """The box (x, y, w, h, pixels) in which a centred single object is looked for."""
    h, w = photo.shape[:2]
    return (w * margin, h * margin, w * (1 - 2 * margin), h * (1 - 2 * margin))


def cut_out(photo: Image, box: Box, long_side: int = 128) -> tuple[Image, Box] | None:
    """Segment the object inside ``box`` and cut it out.

    Args:
        photo: uint8 [H, W, 3].
        box: (x, y, w, h) in pixels.
        long_side: the cut-out is shrunk to at most this many pixels.

    Returns:
        The object as uint8 [h, w, 4] (colour and alpha) and its tight box in the photo,
        or None where the segmentation is not believable.
    """
    mask = _segment(photo, box)
    if mask is None:
        return None
    x, y, w, h = cv2.boundingRect(mask)
    cover = float(np.count_nonzero(mask)) / max(1.0, box[2] * box[3])
    if not MIN_COVER < cover < MAX_COVER:
        return None
    if w < MIN_SPAN * box[2] or h < MIN_SPAN * box[3]:
        return None
    alpha = cv2.GaussianBlur(mask * 255, (3, 3), 0)
    cut = np.dstack([photo, alpha])[y : y + h, x : x + w]
    return _shrink(cut, long_side), (float(x), float(y), float(w), float(h))


def _segment(photo: Image, box: Box) -> Image | None:
    """GrabCut's foreground, largest connected part: uint8 [H, W] of 0 and 1."""
    x, y, w, h = box
    height, width = photo.shape[:2]
    x0, y0 = max(0, int(x - w / 2)), max(0, int(y - h / 2))
    x1, y1 = min(width, int(x + 1.5 * w)), min(height, int(y + 1.5 * h))
    k = min(1.0, WORK_SIDE / max(w, h))
    roi = photo[y0:y1, x0:x1]
    size = max(8, round((x1 - x0) * k)), max(8, round((y1 - y0) * k))
    small = np.asarray(cv2.resize(roi, size, interpolation=cv2.INTER_AREA), np.uint8)
    rect = round((x - x0) * k), round((y - y0) * k), round(w * k), round(h * k)
    if min(rect[2:]) < 8 or rect[2] * rect[3] > MAX_RECT * size[0] * size[1]:
        return None
    inside = _largest_part(_grab_cut(small, rect))
    if inside is None:
        return None
    full = np.zeros((height, width), np.uint8)
    full[y0:y1, x0:x1] = cv2.resize(inside, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
    return full


def _grab_cut(image: Image, rect: tuple[int, int, int, int]) -> Image:
    labels = np.zeros(image.shape[:2], np.uint8)
    cv2.setRNGSeed(0)
    empty = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(image, labels, rect, empty[0], empty[1], 3, cv2.GC_INIT_WITH_RECT)
    inside = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return np.asarray(inside, np.uint8)


def _largest_part(mask: Image) -> Image | None:
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return None
    best = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return np.asarray(parts == best, np.uint8)


def _shrink(image: Image, long_side: int) -> Image:
    scale = long_side / max(image.shape[:2])
    if scale >= 1.0:
        return np.ascontiguousarray(image)
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
