"""From coordinate logits to corners (paper, section 3.1; released head)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...errors import InferenceError
from ..base import Estimate
from .config import FARTrackConfig


def _softmax(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    weights: npt.NDArray[np.float64] = np.exp(logits - logits.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights


def decode(logits: npt.NDArray[np.float32], config: FARTrackConfig) -> Estimate:
    """Corners, score and spread from the logits of the four commands.

    Sparse: mean of the expectation over the 600 bins and of the highest entry's value.
    Dense: the highest entry alone. The score is the mean over the coordinates of the
    highest probability among all 605 entries, as the authors suggest.

    Args:
        logits: float32 [4, 605], rows x0, y0, x1, y1.
        config: bins and protocol.

    Raises:
        InferenceError: a logit is not finite.
    """
    values = logits.astype(np.float64)
    if not np.isfinite(values).all():
        raise InferenceError(
            "expected finite logits; the runtime returned NaN or infinity. "
            "Use precision fp32, or check the model file."
        )
    count = config.bins * config.bin_range
    bins = np.arange(count) / config.bins - 0.5
    probabilities = _softmax(values[:, :count])
    mean = probabilities @ bins
    variance = probabilities @ (bins * bins) - mean * mean
    highest = values.argmax(axis=-1)
    if config.protocol == "dense":
        corners = highest / (config.bins - 1) - 0.5
    else:
        corners = (mean + (highest + 0.5) / (config.bins - 1) - 0.5) / 2
    score = float(_softmax(values).max(axis=-1).mean())
    spread = float(np.sqrt(np.maximum(variance, 0.0)).mean())
    return Estimate(corners, score, spread)
