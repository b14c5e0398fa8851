"""Released tensor names and shapes, and the canonical names that the network uses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from ..base import Weights
from ..tensors import require_tensors
from .config import MixFormerV2Config

DIM, PATCH = 768, 16
State = Mapping[str, npt.NDArray[Any]]
POS_SEARCH, POS_TEMPLATE = "backbone.pos_embed_s", "backbone.pos_embed_t"
TOKENS = "backbone.reg_tokens"
FIRST_MLP, LAST_BINS = "backbone.blocks.0.mlp.fc1.weight", "box_head.layers.1.0.weight"


@dataclass(frozen=True)
class Layout:
    """What names and shapes in a state dict tell.

    Attributes:
        depth: transformer blocks.
        mlp_dim: channels inside a block's MLP.
        search_tokens: positions of the search region.
        template_tokens: positions of a template.
        bins: of the box head.
        score_head: whether there is one.
    """

    depth: int
    mlp_dim: int
    search_tokens: int
    template_tokens: int
    bins: int
    score_head: bool

    @classmethod
    def of(cls, config: MixFormerV2Config) -> Layout:
        """The layout of a model."""
        return cls(
            config.depth,
            config.mlp_dim,
            config.search_tokens,
            config.template_tokens,
            config.bins,
            config.score_head,
        )

    @property
    def fields(self) -> dict[str, Any]:
        """The same as fields of a configuration."""
        return {
            "depth": self.depth,
            "mlp_dim": self.mlp_dim,
            "bins": self.bins,
            "score_head": self.score_head,
            "search_size": PATCH * math.isqrt(self.search_tokens),
            "template_size": PATCH * math.isqrt(self.template_tokens),
        }


def is_mixformerv2(names: Set[str]) -> bool:
    """Whether tensors of these names are MixFormerV2's."""
    return {POS_SEARCH, POS_TEMPLATE, TOKENS} <= set(names)


def detect(state: State) -> Layout:
    """The layout of a MixFormerV2 state dict.

    A size whose tensor is missing, or no square where positions fill one, is taken from
    the small model, so that the check of all tensors names what is wrong.
    """
    depth = 0
    while f"backbone.blocks.{depth}.attn.qkv.weight" in state:
        depth += 1
    return Layout(
        depth=max(1, depth),
        mlp_dim=_size(state, FIRST_MLP, 0, 768),
        search_tokens=_square(_size(state, POS_SEARCH, 1, 196), 196),
        template_tokens=_square(_size(state, POS_TEMPLATE, 1, 49), 49),
        bins=_size(state, LAST_BINS, 0, 96),
        score_head=any(name.startswith("score_head.") for name in state),
    )


def to_released(layout: Layout) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Canonical name to (released name, shape) for every tensor."""
    names: dict[str, tuple[str, tuple[int, ...]]] = {
        "pos_search": (POS_SEARCH, (1, layout.search_tokens, DIM)),
        "pos_template": (POS_TEMPLATE, (1, layout.template_tokens, DIM)),
        "tokens": (TOKENS, (1, 4, DIM)),
        "pos_tokens": ("backbone.pos_embed_reg", (1, 4, DIM)),
        "patch_embed.weight": ("backbone.patch_embed.proj.weight", (DIM, 3, PATCH, PATCH)),
        "patch_embed.bias": ("backbone.patch_embed.proj.bias", (DIM,)),
    }
    for i in range(layout.depth):
        for name, shape in _block_shapes(layout.mlp_dim).items():
            names[f"blocks.{i}.{name}"] = (f"backbone.blocks.{i}.{name}", shape)
    for head, part, released, shape in _head_shapes(layout):
        for kind, kind_shape in (("weight", shape), ("bias", shape[:1])):
            names[f"{head}.{part}.{kind}"] = (f"{head}.layers.{released}.{kind}", kind_shape)
    return names


def canonical(state: State, layout: Layout) -> Weights:
    """The tensors of a state dict by canonical name, checked.

    Raises:
        ArtifactError: names every tensor that is missing, unexpected or misshaped.
    """
    wanted = to_released(layout)
    require_tensors(state, dict(wanted.values()), f"{layout.depth}-block MixFormerV2 model")
    return {name: state[released] for name, (released, _) in wanted.items()}


def _size(state: State, name: str, axis: int, default: int) -> int:
    tensor = state.get(name)
    return default if tensor is None or tensor.ndim <= axis else int(tensor.shape[axis])


def _square(count: int, default: int) -> int:
    return count if count > 0 and math.isqrt(count) ** 2 == count else default


def _block_shapes(hidden: int) -> dict[str, tuple[int, ...]]:
    linear = {
        "attn.qkv": (3 * DIM, DIM),
        "attn.proj": (DIM, DIM),
        "mlp.fc1": (hidden, DIM),
        "mlp.fc2": (DIM, hidden),
    }
    shapes: dict[str, tuple[int, ...]] = {}
    for name in ("norm1", "norm2"):
        shapes.update({f"{name}.weight": (DIM,), f"{name}.bias": (DIM,)})
    for name, shape in linear.items():
        shapes.update({f"{name}.weight": shape, f"{name}.bias": shape[:1]})
    return shapes


def _head_shapes(layout: Layout) -> list[tuple[str, str, str, tuple[int, ...]]]:
    """(head, canonical part, released part, shape of the weight)."""
    parts: list[tuple[str, str, str, tuple[int, ...]]] = [
        ("box_head", "hidden", "0.0", (DIM, DIM)),
        ("box_head", "hidden_norm", "0.1", (DIM,)),
        ("box_head", "out", "1.0", (layout.bins, DIM)),
        ("box_head", "out_norm", "1.1", (layout.bins,)),
    ]
    if layout.score_head:
        parts += [
            ("score_head", "hidden", "0.0", (DIM, DIM)),
            ("score_head", "out", "1", (1, DIM)),
        ]
    return parts
