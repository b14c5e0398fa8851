"""What describes a MixFormerV2 model: sizes, heads and the choices of its online tracker."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...config import Settings

PREDICTION_TOKENS = 4
TemplateCache = Literal["folded", "pair", "off"]
Preset = Literal["lasot", "trackingnet", "got10k", "vot2020", "vot2020lt", "video"]


class MixFormerV2Config(Settings):
    """A MixFormerV2 model and the online tracker it is run with.

    Attributes:
        variant: name for people; the sizes are what counts.
        depth: transformer blocks.
        mlp_dim: channels inside a block's MLP.
        bins: values a coordinate can take, i / bins of the search crop's side.
        score_head: whether the model tells the presence of the target. Without it the
            score is the sharpness of the coordinates and the template stays the first.
        preset: where ``search_factor`` and ``update_interval`` come from when they are
            not given; see `presets`.
        update_interval: frames between two changes of the online template.
        update_threshold: presence above which a frame may become the online template.
        score_decay: factor on the best presence since the last change, every frame.
        template_cache: ``folded`` keeps the attention keys and values of the templates
            between changes, and counts equal templates once with double weight; ``pair``
            keeps them for two templates always, which needs fewer graphs; ``off``
            computes all tokens in every frame, as the released tracker does. All three
            give the same boxes.
    """

    family: Literal["mixformerv2"] = "mixformerv2"
    variant: str = "s"
    depth: int = Field(default=4, ge=1, le=48)
    mlp_dim: int = Field(default=768, ge=1)
    bins: int = Field(default=96, ge=2)
    score_head: bool = True
    search_size: int = Field(default=224, multiple_of=16, gt=0)
    template_size: int = Field(default=112, multiple_of=16, gt=0)
    preset: Preset = "lasot"
    search_factor: float = Field(default=4.4, gt=0.0)
    template_factor: float = Field(default=2.0, gt=0.0)
    update_interval: int = Field(default=200, ge=1)
    update_threshold: float = Field(default=0.5, ge=0.0, le=1.0)
    score_decay: float = Field(default=1.0, gt=0.0, le=1.0)
    template_cache: TemplateCache = "folded"
    patch: Literal[16] = 16
    dim: Literal[768] = 768
    heads: Literal[12] = 12

    @property
    def head_dim(self) -> int:
        """Channels of an attention head."""
        return self.dim // self.heads

    @property
    def search_tokens(self) -> int:
        """Patches of the search region."""
        return (self.search_size // self.patch) ** 2

    @property
    def template_tokens(self) -> int:
        """Patches of one template."""
        return (self.template_size // self.patch) ** 2
