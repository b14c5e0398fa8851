"""One model out of several states of one training run (Wortsman et al., Model soups, ICML 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..checkpoint.source import Checkpoint, read_checkpoint
from ..errors import ConfigError


def averaged_checkpoint(paths: Sequence[Path]) -> Checkpoint:
    """The mean of the weights of checkpoints that began as the same weights.

    Args:
        paths: at least two checkpoints of one configuration.

    Returns:
        A checkpoint in float32, with the licence of the first and no thresholds: those of
        the parts do not hold for the mean.

    Raises:
        ArtifactError: a file cannot be read.
        ConfigError: fewer than two, or of different models.
    """
    found = [read_checkpoint(path) for path in paths]
    if len(found) < 2:
        raise ConfigError(f"expected two or more checkpoints to average; got {len(found)}.")
    first = found[0]
    for path, other in zip(paths, found, strict=True):
        if other.config != first.config:
            raise ConfigError(
                f"expected checkpoints of one model; {path} is {other.config}, {paths[0]} is "
                f"{first.config}."
            )
    weights = {
        name: np.mean([part.weights[name].astype(np.float32) for part in found], axis=0)
        for name in first.weights
    }
    kept = {key: value for key, value in first.metadata.items() if key in ("license", "net_type")}
    source = f"mean of {', '.join(path.name for path in paths)}"
    return replace(first, weights=weights, thresholds=None, metadata={**kept, "source": source})
