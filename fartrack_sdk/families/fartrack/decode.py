"""From coordinate logits to corners (paper, section 3.1; released head)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ...errors import InferenceError
from ..base import Estimate
from .config import FARTrackConfig

Values = npt.NDArray[np.float64]


@lru_cache(maxsize=8)
def _bins(per_side: int, count: int) -> tuple[Values, Values]:
    """Coordinates of the bins in units of the crop, and their squares."""
    bins = np.arange(count) / per_side - 0.5
    return bins, bins * bins


def decode(logits: npt.NDArray[np.float32], config: FARTrackConfig) -> Estimate:
    """Corners, score and spread from the logits of the four commands.

    Sparse: mean of the expectation over the 600 bins and of the highest entry's value.
    Dense: the highest entry alone. The score is the mean over the coordinates of the
    highest probability among all 605 entries, as the authors suggest.

    Args:
        logits: float32 [4, 605], rows x0, y0, x1, y1.
        config: bins and protocol.

    Raises:
        InferenceError: a logit is not finite, or no bin has any probability.
    """
    values = logits.astype(np.float64)
    if not np.isfinite(values).all():
        raise InferenceError(
            "expected finite logits; the runtime returned NaN or infinity. "
            "Use precision fp32, or check the model file."
        )
    weights = np.exp(values - values.max(axis=-1, keepdims=True))
    bins, squares = _bins(config.bins, config.bins * config.bin_range)
    on_bins = weights[:, : len(bins)]
    mass = on_bins.sum(axis=-1)
    if not mass.all():
        raise InferenceError(
            "expected logits that favour some coordinate; the runtime returned ones that favour "
            "none of the bins. Use precision fp32, or check the model file."
        )
    mean = on_bins @ bins / mass
    variance = on_bins @ squares / mass - mean * mean
    highest = values.argmax(axis=-1)
    if config.protocol == "dense":
        corners = highest / (config.bins - 1) - 0.5
    else:
        corners = (mean + (highest + 0.5) / (config.bins - 1) - 0.5) / 2
    score = float((weights.max(axis=-1) / weights.sum(axis=-1)).mean())
    spread = float(np.sqrt(np.maximum(variance, 0.0)).mean())
    return Estimate(corners, score, spread)
