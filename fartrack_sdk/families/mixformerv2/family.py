"""MixFormerV2 as a family: how the rest of the SDK reaches this folder."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from ...config import StateThresholds
from ...crop import Image
from ...errors import ArtifactError, ConfigError
from ..base import Family, GraphSpec, ImageScale, Run, Session, Weights
from ..complexity import Complexity
from ..extras import FamilyOptions
from ..tensors import require_fields
from .config import MixFormerV2Config
from .contract import graph_specs, template_counts
from .layout import Layout, canonical, detect, is_mixformerv2, to_released
from .macs import complexity
from .presets import DEFAULT_PRESET, preset_fields, with_options
from .session import MixFormerV2Session

if TYPE_CHECKING:
    from torch import nn

VARIANTS = {(8, 3072, 288, 128): "b", (4, 768, 224, 112): "s"}
"""Released models by depth, MLP width, search and template size."""
LOOP_OPTIONS = (
    "preset",
    "search_factor",
    "template_factor",
    "update_interval",
    "update_threshold",
    "score_decay",
    "template_cache",
)
"""Options that change which graphs run and on what, and no graph."""


class MixFormerV2Family(Family):
    """See `families.base.Family`."""

    name = "mixformerv2"
    config_type = MixFormerV2Config

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
        require_fields(fields, found)
        stored = self.stored_config(_stored(fields, found))
        config = self.config(with_options(stored.model_dump(), options))
        _require(found, variant, config)
        return weights, config

    def released(self, weights: Weights, config: MixFormerV2Config) -> Weights:
        """Weights under their released names."""
        layout = Layout.of(config)
        return {released: weights[name] for name, (released, _) in to_released(layout).items()}

    def reconfigured(self, config: MixFormerV2Config, options: FamilyOptions) -> MixFormerV2Config:
        """The configuration with other options of the tracking loop, presets among them."""
        fixed = [name for name in options if name not in LOOP_OPTIONS]
        if fixed:
            raise ConfigError(
                f"expected options {', '.join(LOOP_OPTIONS)}; got {', '.join(fixed)}. The rest "
                "is fixed in the graphs of an exported model."
            )
        changed: MixFormerV2Config = self.config(with_options(config.model_dump(), options))
        return changed

    def graph_specs(self, config: MixFormerV2Config, batch: int = 1) -> dict[str, GraphSpec]:
        """The graphs' borders."""
        return graph_specs(config, batch)

    def torch_graphs(self, weights: Weights, config: MixFormerV2Config) -> dict[str, nn.Module]:
        """The graphs as PyTorch modules on one set of weights."""
        from ...model.mixformerv2_graphs import inference_graphs

        return inference_graphs(weights, config)

    def atc_graphs(
        self, weights: Weights, config: MixFormerV2Config, images: ImageScale
    ) -> dict[str, nn.Module]:
        """The graphs in the form that Ascend's compiler takes."""
        from ...model.mixformerv2_atc import atc_graphs

        return atc_graphs(weights, config, images)

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

    def alternatives(self, config: MixFormerV2Config) -> dict[str, FamilyOptions]:
        """Every pass from the images, as the released tracker computes it."""
        if config.template_cache == "off":
            return {}
        return {"without template cache": {"template_cache": "off"}}

    def rehearsals(self, config: MixFormerV2Config) -> tuple[FamilyOptions, ...]:
        """A change of the online template in every frame, where its graphs wait for one."""
        if len(template_counts(config)) < 2:
            return ()
        return ({"update_interval": 1, "update_threshold": 0.0},)

    def complexity(self, config: MixFormerV2Config) -> Complexity:
        """Counted from the sizes."""
        return complexity(config)


def _stored(fields: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Stored fields over those of their preset, with what the tensors tell."""
    try:
        usual = preset_fields(fields.get("preset", DEFAULT_PRESET), found["search_size"])
    except ConfigError as error:
        raise ArtifactError(f"the stored configuration is damaged: {error}") from error
    return {"variant": _variant(found), **usual, **fields, **found}


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
