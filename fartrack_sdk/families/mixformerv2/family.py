"""MixFormerV2 as a family: how the rest of the SDK reaches this folder."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from ...config import StateThresholds, configured
from ...crop import Image
from ...errors import ConfigError
from ..base import GraphSpec, Run, Session, Weights
from .config import MixFormerV2Config
from .contract import graph_specs
from .layout import Layout, canonical, detect, is_mixformerv2, to_released
from .presets import DEFAULT_PRESET, preset_fields
from .session import MixFormerV2Session

if TYPE_CHECKING:
    from torch import nn

VARIANTS = {(8, 3072, 288, 128): "b", (4, 768, 224, 112): "s"}
"""Released models by depth, MLP width, search and template size."""


class MixFormerV2Family:
    """See `families.base.Family`."""

    name = "mixformerv2"

    def recognises(self, names: Set[str]) -> bool:
        """Whether the tensors are MixFormerV2's."""
        return is_mixformerv2(names)

    def read(
        self,
        state: Mapping[str, npt.NDArray[Any]],
        fields: Mapping[str, Any],
        variant: str | None,
        options: Mapping[str, Any],
    ) -> tuple[Weights, MixFormerV2Config]:
        """Checked canonical weights, and the configuration.

        Sizes are the file's. Search factor and update interval are, in this order, the
        options', those of the preset among the options, the stored ones, or those of
        the default preset.
        """
        layout = detect(state)
        weights = canonical(state, layout)
        found = layout.fields
        chosen = fields.get("preset", DEFAULT_PRESET)
        merged = {"variant": _variant(found), **preset_fields(chosen, found["search_size"])}
        merged.update(fields)
        if "preset" in options:
            merged.update(preset_fields(options["preset"], found["search_size"]))
        config = self.config({**merged, **found, **options})
        _require(found, variant, config)
        return weights, config

    def released(self, weights: Weights, config: MixFormerV2Config) -> Weights:
        """Weights under their released names."""
        layout = Layout(
            config.depth,
            config.mlp_dim,
            config.search_tokens,
            config.template_tokens,
            config.bins,
            config.score_head,
        )
        return {released: weights[name] for name, (released, _) in to_released(layout).items()}

    def config(self, fields: Mapping[str, Any]) -> MixFormerV2Config:
        """A configuration from its fields."""
        return configured(MixFormerV2Config, **fields)

    def graph_specs(self, config: MixFormerV2Config, batch: int = 1) -> dict[str, GraphSpec]:
        """The graphs' borders."""
        return graph_specs(config, batch)

    def torch_graphs(self, weights: Weights, config: MixFormerV2Config) -> dict[str, nn.Module]:
        """The graphs as PyTorch modules on one set of weights."""
        from ...model.mixformerv2_graphs import inference_graphs

        return inference_graphs(weights, config)

    def default_thresholds(self, config: MixFormerV2Config) -> StateThresholds:
        """Thresholds for the presence probability, around the 0.5 of the update rule."""
        if not config.score_head:
            return StateThresholds()
        return StateThresholds(lost_below=0.3, tracking_above=0.5)

    def new_session(
        self, config: MixFormerV2Config, max_entries: int, template: Image, run: Run
    ) -> Session:
        """The template memory of one target."""
        return MixFormerV2Session(config, template, run)


def _variant(found: Mapping[str, Any]) -> str:
    sizes = tuple(found[name] for name in ("depth", "mlp_dim", "search_size", "template_size"))
    return VARIANTS.get(sizes, f"{found['depth']}-layer")


def _require(found: Mapping[str, Any], variant: str | None, config: MixFormerV2Config) -> None:
    """The options must not contradict the file."""
    if variant is not None and variant != config.variant:
        raise ConfigError(
            f"expected variant {config.variant!r}, which the file holds; got {variant!r}. "
            "A MixFormerV2 file holds one variant: leave the option out, or choose another file."
        )
    wrong = [
        f"{name} = {getattr(config, name)!r} instead of {value!r}"
        for name, value in found.items()
        if getattr(config, name) != value
    ]
    if wrong:
        raise ConfigError(
            f"expected the sizes that the file holds; got {', '.join(wrong)}. Leave them out."
        )
