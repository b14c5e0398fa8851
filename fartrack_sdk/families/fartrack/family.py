"""FARTrack as a family: how the rest of the SDK reaches this folder."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from ...crop import Image
from ...errors import ArtifactError, ConfigError
from ..base import Family, GraphSpec, ImageScale, Run, Session, Weights
from ..complexity import Complexity
from ..tensors import require_fields
from .config import VARIANT_DEPTHS, FARTrackConfig
from .contract import graph_specs
from .layout import Layout, canonical, cut, detect, is_fartrack, to_released
from .session import FARTrackSession

if TYPE_CHECKING:
    from torch import nn


FREE = (
    "depth",
    "search_factor",
    "template_factor",
    "num_templates",
    "retention",
    "sampling",
    "sampling_interval",
    "saliency",
)
"""Options that any weights take; a depth may cut layers off."""


class FARTrackFamily(Family):
    """See `families.base.Family`."""

    name = "fartrack"
    config_type = FARTrackConfig

    def recognises(self, names: Set[str]) -> bool:
        """Whether the tensors are FARTrack's."""
        return is_fartrack(names)

    def read(
        self,
        state: Mapping[str, npt.NDArray[Any]],
        fields: Mapping[str, Any],
        variant: str | None,
        options: Mapping[str, Any],
    ) -> tuple[Weights, FARTrackConfig]:
        """Checked canonical weights cut to the variant's depth, and the configuration."""
        layout = detect(set(state))
        weights = canonical(state)
        require_fields(fields, layout.fields)
        stored: FARTrackConfig = self.stored_config({**_defaults(layout), **fields})
        if stored.depth > layout.depth:
            raise ArtifactError(
                f"the stored configuration says {stored.depth} layers; the file holds "
                f"{layout.depth}. Copy or convert the file again."
            )
        chosen: dict[str, Any] = {}
        if variant is not None:
            chosen = {"variant": variant, "depth": _depth(variant, layout.depth)}
        config: FARTrackConfig = self.config({**stored.model_dump(), **chosen, **options})
        _require(options, config, stored, layout)
        return cut(weights, config.depth), config

    def released(self, weights: Weights, config: FARTrackConfig) -> Weights:
        """Weights under their released names."""
        layout = Layout(config.depth, config.protocol == "sparse")
        return {released: weights[name] for name, (released, _) in to_released(layout).items()}

    def graph_specs(self, config: FARTrackConfig, batch: int = 1) -> dict[str, GraphSpec]:
        """The graphs' borders."""
        return graph_specs(config, batch)

    def torch_graphs(self, weights: Weights, config: FARTrackConfig) -> dict[str, nn.Module]:
        """The graphs as PyTorch modules on one set of weights."""
        from ...model.graph import inference_graphs

        return inference_graphs(weights, config)

    def atc_graphs(
        self, weights: Weights, config: FARTrackConfig, images: ImageScale
    ) -> dict[str, nn.Module]:
        """The graphs in the form that Ascend's compiler takes."""
        from ...model.atc_graph import atc_graphs

        return atc_graphs(weights, config, images)

    def new_session(
        self, config: FARTrackConfig, max_entries: int, template: Image, run: Run
    ) -> Session:
        """The template memory of one target."""
        return FARTrackSession(config, max_entries, template)

    def complexity(self, config: FARTrackConfig) -> Complexity:
        """Counted with torch on the network itself, beside the paper's figures."""
        from ...model.complexity import count

        return count(config)


def _defaults(layout: Layout) -> dict[str, Any]:
    names = {layers: name for name, layers in VARIANT_DEPTHS.items()}
    return {
        "depth": layout.depth,
        "variant": names.get(layout.depth, f"{layout.depth}-layer"),
        **layout.fields,
    }


def _depth(variant: str, available: int) -> int:
    if variant not in VARIANT_DEPTHS:
        raise ConfigError(f"expected variant {', '.join(VARIANT_DEPTHS)}; got {variant!r}.")
    depth = VARIANT_DEPTHS[variant]
    if depth > available:
        raise ArtifactError(
            f"variant '{variant}' needs {depth} layers; the file holds {available}. "
            "Choose a smaller variant, or the file with all layers."
        )
    return depth


def _require(
    options: Mapping[str, Any], config: FARTrackConfig, stored: FARTrackConfig, layout: Layout
) -> None:
    """The options must not contradict the file."""
    if config.depth > layout.depth:
        raise ConfigError(
            f"expected a depth of at most {layout.depth}, the layers that the file holds; got "
            f"{config.depth}. Choose fewer, or the file with all layers."
        )
    wrong = [
        f"{name} = {getattr(config, name)!r} instead of {getattr(stored, name)!r}"
        for name in options
        if name not in FREE and getattr(config, name) != getattr(stored, name)
    ]
    if wrong:
        raise ConfigError(
            f"expected options {', '.join(FREE)}, the rest as the file has it; got "
            f"{', '.join(wrong)}. Leave them out."
        )
