"""From coordinate logits to corners, and from the presence logit to a score."""

from __future__ import annotations

import numpy as np

from ...errors import InferenceError
from ...runtime import Outputs
from ..base import Estimate

LEFT_TOP_RIGHT_BOTTOM = (0, 2, 1, 3)
"""Rows of the logits in the order of corners; the network has left, right, top, bottom."""
LARGEST_LOGIT = 80.0
"""Beyond it exp overflows float32; the probability is below 1e-34 there."""


def decode(outputs: Outputs) -> Estimate:
    """Corners, score and spread from the outputs of a search pass.

    A coordinate is the expectation over its bins, bin i standing for i / bins of the
    crop's side. The score is the probability that the target is in the crop; models
    without a score head give the mean over the coordinates of the highest bin's
    probability instead.

    Args:
        outputs: ``logits`` float32 [1, 4, bins], rows left, right, top, bottom; and
            ``presence`` float32 [1, 1], a logit, where the model has a score head.

    Raises:
        InferenceError: a value is not finite.
    """
    logits = outputs["logits"][0].astype(np.float64)
    presence = outputs.get("presence")
    if not np.isfinite(logits).all() or (presence is not None and not np.isfinite(presence).all()):
        raise InferenceError(
            "expected finite logits; the runtime returned NaN or infinity. "
            "Use precision fp32, or check the model file."
        )
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities = weights / weights.sum(axis=-1, keepdims=True)
    bins = np.arange(logits.shape[-1]) / logits.shape[-1]
    mean = probabilities @ bins
    variance = probabilities @ (bins * bins) - mean * mean
    sharpness = float(probabilities.max(axis=-1).mean())
    score = sharpness if presence is None else _sigmoid(np.float32(presence[0, 0]))
    spread = float(np.sqrt(np.maximum(variance, 0.0)).mean())
    return Estimate(mean[list(LEFT_TOP_RIGHT_BOTTOM)], score, spread)


def _sigmoid(logit: np.float32) -> float:
    """In float32: where it saturates, frames tie, and the update rule keeps the first of them."""
    bounded = max(np.float32(-LARGEST_LOGIT), logit)
    return float(np.float32(1.0) / (np.float32(1.0) + np.exp(-bounded)))
