"""From a training state to a checkpoint in the released layout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from ..checkpoint.compact import Precision
from ..checkpoint.source import Checkpoint, write_checkpoint
from ..config import StateThresholds
from ..errors import ArtifactError, ConfigError
from ..families.fartrack.config import VARIANT_DEPTHS, FARTrackConfig
from ..families.registry import family_named

CORE = "core."
BLOCKS = CORE + "blocks."
HALF_LARGEST = 65504.0


def save_released(
    tensors: Mapping[str, Tensor],
    path: Path,
    variant: str,
    *,
    precision: Precision = "float16",
    thresholds: StateThresholds | None = None,
    license_name: str = "not stated",
    source: str = "trained with fartrack_sdk.training",
) -> None:
    """Write weights as a checkpoint that ``Tracker.from_checkpoint`` loads.

    Args:
        tensors: of `TrainableNet` by parameter name; helper heads are left out.
        path: ``.safetensors`` file, replaced when the new one is complete.
        variant: ``tiny``, ``nano`` or ``pico``; deeper layers are left out.
        precision: of the stored numbers.
        thresholds: state thresholds calibrated on these weights.
        license_name: of the weights.
        source: what the file says about its origin.

    Raises:
        ArtifactError: a weight is not finite, or too large for the precision.
        ConfigError: no such variant, or it has more layers than the weights.
    """
    held = depth_of(tensors)
    depth = VARIANT_DEPTHS.get(variant, 0)
    if not 0 < depth <= held:
        fitting = ", ".join(name for name, layers in VARIANT_DEPTHS.items() if layers <= held)
        raise ConfigError(
            f"expected a variant that {held} layers make: {fitting}; got {variant!r}."
        )
    config = FARTrackConfig(variant=variant, depth=depth)
    core = {n.removeprefix(CORE): t for n, t in tensors.items() if n.startswith(CORE)}
    _check(core, precision)
    checkpoint = Checkpoint(
        family=family_named("fartrack"),
        weights={n: t.detach().float().cpu().numpy() for n, t in core.items()},
        config=config,
        thresholds=thresholds,
        metadata={"license": license_name, "source": source, "net_type": "FARTrackSparse"},
    )
    write_checkpoint(path, checkpoint, precision)


def depth_of(tensors: Mapping[str, Tensor]) -> int:
    """Layers of `TrainableNet` by its parameters' names."""
    return 1 + max(int(name.split(".")[2]) for name in tensors if name.startswith(BLOCKS))


def deepest_variant(tensors: Mapping[str, Tensor]) -> str:
    """The largest variant that the layers make."""
    held = depth_of(tensors)
    return max((n for n, d in VARIANT_DEPTHS.items() if d <= held), key=VARIANT_DEPTHS.__getitem__)


def _check(tensors: Mapping[str, Tensor], precision: Precision) -> None:
    limit = HALF_LARGEST if precision == "float16" else float("inf")
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()) or float(tensor.detach().abs().max()) > limit:
            raise ArtifactError(
                f"expected finite weights within {precision}; '{name}' holds others. "
                "Train with a lower rate, or go back to an earlier checkpoint."
            )
