"""From predictions and truth to scores, under a convention."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from .conventions import Convention
from .overlap import Floats, as_boxes, center_error, clip_to_image, iou, normalized_center_error

Flags = npt.NDArray[np.bool_]
MISSED_OVERLAP = -1.0
HIT_DISTANCE = -1.0


class Scores(BaseModel):
    """Scores of one tracker on one sequence or on many.

    Attributes:
        frames: frames that were counted.
        ao: average overlap (GOT-10k, Huang et al. 2019).
        sr50: share of frames with overlap above 0.5.
        sr75: share of frames with overlap above 0.75.
        auc: score of the success curve.
        precision: score of the precision curve (20 px).
        norm_precision: score of the normalised precision curve (0.2).
        success_curve: share of frames above each overlap threshold.
        precision_curve: share of frames within each distance in pixels.
        norm_precision_curve: the same in units of the true box's sides.
    """

    model_config = ConfigDict(extra="forbid")

    frames: int
    ao: float
    sr50: float
    sr75: float
    auc: float
    precision: float
    norm_precision: float
    success_curve: list[float]
    precision_curve: list[float]
    norm_precision_curve: list[float]


class SequenceScores(Scores):
    """Scores on one named sequence."""

    name: str
    attributes: list[str] = []


def score_sequence(
    prediction: npt.ArrayLike | None,
    truth: npt.ArrayLike,
    convention: Convention,
    *,
    absent: npt.ArrayLike | None = None,
    annotated: npt.ArrayLike | None = None,
    size: tuple[int, int] | None = None,
) -> Scores | None:
    """Scores of one sequence.

    Args:
        prediction: boxes [N, 4]; row 0 is not looked at. A row that is not finite or has a
            side that is not positive is replaced by the row before it, as the MATLAB toolkits do.
            None for a tracker that would not start: every frame is missed.
        truth: boxes [N, 4]; NaN where the file says so.
        convention: how to count.
        absent: bool [N], True where the target is flagged out of sight.
        annotated: bool [N], False where the annotation has no row: never counted.
        size: (width, height) of the frames, needed where boxes are clipped.

    Returns:
        The scores, or None when no frame is left to count.
    """
    boxes, true = _prepared(truth if prediction is None else prediction, truth, convention, size)
    # As the file has them: a box that is clipped away still counts, as missed.
    valid = _valid(as_boxes(truth), convention)
    gone = _flags(absent, len(true), False)
    counted = _flags(annotated, len(true), True)
    if convention.first_frame == "excluded":
        counted[:1] = False
    if convention.absent == "excluded":
        counted &= ~gone & valid
    if not counted.any():
        return None
    overlap, distance, normalized = _errors(boxes, true, ~valid, gone, convention)
    if prediction is None:
        overlap[:], distance[:], normalized[:] = MISSED_OVERLAP, np.inf, np.inf
    return _scores(overlap[counted], distance[counted], normalized[counted], convention)


def average(scores: Sequence[Scores], convention: Convention) -> Scores | None:
    """Scores over several sequences, weighted as the convention says; None for none."""
    if not scores:
        return None
    frames = [s.frames for s in scores]
    weights = frames if convention.average == "frames" else [1] * len(scores)

    def mean(field: str) -> Floats:
        """Weighted mean of a number or of a curve."""
        values = np.array([getattr(s, field) for s in scores], dtype=np.float64)
        return np.asarray(np.average(values, axis=0, weights=weights))

    names = set(Scores.model_fields) - {"frames"}
    return Scores(frames=sum(frames), **{name: mean(name).tolist() for name in names})


def _prepared(
    prediction: npt.ArrayLike,
    truth: npt.ArrayLike,
    convention: Convention,
    size: tuple[int, int] | None,
) -> tuple[Floats, Floats]:
    boxes, true = as_boxes(prediction).copy(), as_boxes(truth).copy()
    if boxes.shape != true.shape:
        raise ValueError(
            f"expected as many predictions as true boxes; got {boxes.shape} and {true.shape}."
        )
    boxes[:1] = true[:1]
    _repair(boxes)
    if convention.rounded:
        boxes, true = np.round(boxes), np.round(true)
    if convention.clip and size is not None:
        boxes, true = clip_to_image(boxes, size), clip_to_image(true, size)
    return boxes, true


def _repair(boxes: Floats) -> None:
    bad = ~(np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > 0.0).all(axis=1))
    for i in np.flatnonzero(bad):
        if i > 0:
            boxes[i] = boxes[i - 1]


def _flags(values: npt.ArrayLike | None, count: int, default: bool) -> Flags:
    if values is None:
        return np.full(count, default, dtype=np.bool_)
    return np.array(values, dtype=np.bool_)


def _valid(truth: Floats, convention: Convention) -> Flags:
    numbers = truth if convention.valid == "positive" else truth[:, 2:]
    with np.errstate(invalid="ignore"):
        return np.asarray((numbers > 0.0).all(axis=1) & np.isfinite(truth).all(axis=1))


def _errors(
    boxes: Floats, truth: Floats, invalid: Flags, gone: Flags, convention: Convention
) -> tuple[Floats, Floats, Floats]:
    """Overlap, distance and normalised distance with the convention's stand-ins."""
    overlap = iou(boxes, truth)
    distance, normalized = center_error(boxes, truth), normalized_center_error(boxes, truth)
    overlap[invalid | gone] = MISSED_OVERLAP
    for errors in (distance, normalized):
        errors[invalid] = HIT_DISTANCE if convention.invalid_center_hits else np.inf
        errors[gone] = np.inf
    return overlap, distance, normalized


def _scores(overlap: Floats, distance: Floats, normalized: Floats, c: Convention) -> Scores:
    success = _shares(overlap[:, None] > np.linspace(0.0, 1.0, c.success_bins))
    precision = _shares(distance[:, None] <= np.linspace(0.0, 50.0, c.precision_bins))
    norm = _shares(normalized[:, None] <= _norm_thresholds(c.norm_precision_bins))
    return Scores(
        frames=len(overlap),
        ao=float(np.maximum(overlap, 0.0).mean()),
        sr50=float((overlap > 0.5).mean()),
        sr75=float((overlap > 0.75).mean()),
        auc=_area(success, c),
        precision=_precision_score(precision, c),
        norm_precision=_precision_score(norm, c),
        success_curve=success.tolist(),
        precision_curve=precision.tolist(),
        norm_precision_curve=norm.tolist(),
    )


def _norm_thresholds(bins: int) -> Floats:
    """0 to 0.5; 51 of them are hundredths, written as the toolkits write them."""
    return np.arange(bins) / (2.0 * (bins - 1))


def _shares(passed: Flags) -> Floats:
    return np.asarray(passed.mean(axis=0), dtype=np.float64)


def _precision_score(curve: Floats, convention: Convention) -> float:
    if convention.precision == "area":
        return _area(curve, convention)
    return float(curve[(len(curve) - 1) * 2 // 5])


def _area(curve: Floats, convention: Convention) -> float:
    """Over thresholds taken as 0..1."""
    if convention.area == "mean":
        return float(curve.mean())
    return float((curve[1:] + curve[:-1]).mean() / 2.0)
