"""The graphs of an artifact: the configuration's own, and those of its alternatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..checkpoint.source import Checkpoint
from ..families.base import FamilyConfig, GraphSpec

if TYPE_CHECKING:
    from torch import nn


def exported_configs(checkpoint: Checkpoint) -> tuple[FamilyConfig, ...]:
    """The configurations that an artifact can be opened with, the checkpoint's own first."""
    family, config = checkpoint.family, checkpoint.config
    others = family.alternatives(config).values()
    return (config, *(family.reconfigured(config, options) for options in others))


def exported_specs(checkpoint: Checkpoint, batch: int) -> dict[str, GraphSpec]:
    """Borders of all graphs by name.

    Args:
        checkpoint: the source.
        batch: targets in one pass.
    """
    configs = exported_configs(checkpoint)
    each = [checkpoint.family.graph_specs(config, batch) for config in configs]
    return {name: spec for specs in each for name, spec in specs.items()}


def exported_modules(checkpoint: Checkpoint) -> dict[str, nn.Module]:
    """The graphs as PyTorch modules by name."""
    configs = exported_configs(checkpoint)
    each = [checkpoint.family.torch_graphs(checkpoint.weights, config) for config in configs]
    return {name: module for modules in each for name, module in modules.items()}
