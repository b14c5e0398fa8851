"""Overlap and centre distance of box arrays.

Boxes are float [N, 4], (x, y, w, h) in pixels. A row with NaN gives NaN.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def iou(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Intersection over union, row by row.

    Sides that are negative count as zero; two empty boxes overlap by 0. OTB's
    ``calcRectInt`` computes with inclusive pixels (``x + w - 1``) and adds the pixel back,
    which is the same number.

    Args:
        a: boxes [N, 4].
        b: boxes [N, 4].

    Returns:
        [N], each 0..1.
    """
    first, second = as_boxes(a), as_boxes(b)
    low = np.maximum(first[:, :2], second[:, :2])
    high = np.minimum(first[:, :2] + first[:, 2:], second[:, :2] + second[:, 2:])
    shared = np.maximum(high - low, 0.0).prod(axis=1)
    union = _area(first) + _area(second) - shared
    positive = np.isnan(union) | (union > 0.0)
    ratio = np.divide(shared, union, out=np.zeros_like(union), where=positive)
    return np.asarray(np.clip(ratio, 0.0, 1.0), dtype=np.float64)


def center_error(prediction: npt.ArrayLike, truth: npt.ArrayLike) -> Floats:
    """Distance of the centres in pixels, [N].

    The toolkits put the centre at ``x + (w - 1) / 2``; the half pixel cancels.
    """
    return np.asarray(np.linalg.norm(_offset(prediction, truth), axis=1), dtype=np.float64)


def normalized_center_error(prediction: npt.ArrayLike, truth: npt.ArrayLike) -> Floats:
    """Distance of the centres in units of the true box's sides, [N].

    TrackingNet (Mueller et al., ECCV 2018), equation 1; also LaSOT's ``norm_dst``. A true
    box without extent gives infinity.
    """
    sides = as_boxes(truth)[:, 2:]
    sized = np.isnan(sides) | (sides > 0.0)
    offset = _offset(prediction, truth)
    scaled = np.divide(offset, sides, out=np.full_like(offset, np.inf), where=sized)
    return np.asarray(np.linalg.norm(scaled, axis=1), dtype=np.float64)


def clip_to_image(boxes: npt.ArrayLike, size: tuple[int, int]) -> Floats:
    """Boxes limited to the image as the GOT-10k toolkit does before it takes overlaps.

    The corner is moved inside without changing the sides, then the sides are limited.

    Args:
        boxes: [N, 4].
        size: (width, height) of the image in pixels.
    """
    limit = np.asarray(size, dtype=np.float64)
    corner = np.clip(as_boxes(boxes)[:, :2], 0.0, limit)
    sides = np.minimum(np.maximum(as_boxes(boxes)[:, 2:], 0.0), limit - corner)
    return np.hstack([corner, sides])


def as_boxes(values: npt.ArrayLike) -> Floats:
    """Whatever holds boxes, as float64 [N, 4]."""
    return np.asarray(values, dtype=np.float64).reshape(-1, 4)


def _area(boxes: Floats) -> Floats:
    area: Floats = np.maximum(boxes[:, 2:], 0.0).prod(axis=1)
    return area


def _offset(prediction: npt.ArrayLike, truth: npt.ArrayLike) -> Floats:
    a, b = as_boxes(prediction), as_boxes(truth)
    return (a[:, :2] + a[:, 2:] / 2) - (b[:, :2] + b[:, 2:] / 2)
