"""Released tensor names and shapes, and the canonical names that the network uses."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base import Weights
from ..tensors import require_tensors

BACKBONE, EXTENSION = "blocks", "extension"
BLOCKS_IN_BACKBONE = 12
COMMAND_ROWS = slice(600, 604)
DEEPEST = 15
SEARCH_SIZE, TEMPLATE_SIZE = 224, 112
"""Pixels of the crops that the position tables are for: 14 x 14 and 7 x 7 patches."""
ROUNDING = 1e-6
"""Rows rescaled once may come out this much longer than 1; they stay as they are."""

GLOBAL_NAMES: dict[str, tuple[str, tuple[int, ...]]] = {
    "identity": ("identity", (1, 6, 192)),
    "patch_embed.weight": ("backbone.patch_embed.proj.weight", (192, 3, 16, 16)),
    "patch_embed.bias": ("backbone.patch_embed.proj.bias", (192,)),
    "pos_template": ("backbone.pos_embed_z0", (1, 49, 192)),
    "pos_search": ("backbone.pos_embed_x", (1, 196, 192)),
    "word": ("backbone.word_embeddings.weight", (605, 192)),
    "pos_command": ("backbone.position_embeddings.weight", (4, 192)),
    "output_bias": ("backbone.output_bias", (605,)),
    "norm.weight": ("backbone.norm.weight", (192,)),
    "norm.bias": ("backbone.norm.bias", (192,)),
}
BLOCK_SHAPES: dict[str, tuple[int, ...]] = {
    "norm1.weight": (192,),
    "norm1.bias": (192,),
    "attn.qkv.weight": (576, 192),
    "attn.qkv.bias": (576,),
    "attn.proj.weight": (192, 192),
    "attn.proj.bias": (192,),
    "norm2.weight": (192,),
    "norm2.bias": (192,),
    "mlp.fc1.weight": (768, 192),
    "mlp.fc1.bias": (768,),
    "mlp.fc2.weight": (192, 768),
    "mlp.fc2.bias": (192,),
}
UNUSED = frozenset(
    f"backbone.{name}"
    for name in (
        "cls_token",
        "pos_embed",
        "pos_embed_z",
        "pos_embed_z1",
        "prev_position_embeddings.weight",
    )
)
"""In released files, not read at inference."""


@dataclass(frozen=True)
class Layout:
    """What the names in a state dict tell.

    Attributes:
        depth: layers in the file.
        masked_norms: whether it is the sparse layout (``masknorm*`` in every block).
    """

    depth: int
    masked_norms: bool

    @property
    def protocol(self) -> str:
        """``sparse`` or ``dense``."""
        return "sparse" if self.masked_norms else "dense"

    @property
    def layer_norm_eps(self) -> float:
        """Epsilon of the blocks' layer norms in that layout."""
        return 1e-5 if self.masked_norms else 1e-6

    @property
    def fields(self) -> dict[str, Any]:
        """What the configuration of any variant of the file says."""
        return {
            "protocol": self.protocol,
            "layer_norm_eps": self.layer_norm_eps,
            "search_size": SEARCH_SIZE,
            "template_size": TEMPLATE_SIZE,
        }


def block_prefix(index: int) -> str:
    """Released prefix of a layer: the first 12 are ``blocks``, the rest ``extension``."""
    if index < BLOCKS_IN_BACKBONE:
        return f"backbone.{BACKBONE}.{index}."
    return f"backbone.{EXTENSION}.{index - BLOCKS_IN_BACKBONE}."


def released_block_name(index: int, name: str, masked_norms: bool) -> str:
    """Released name of a layer's tensor, for example ``norm1.weight`` of layer 3."""
    if masked_norms and name.startswith("norm"):
        norm, kind = name.split(".")
        name = f"mask{norm}.norm.{kind}"
    return block_prefix(index) + name


def is_fartrack(names: Set[str]) -> bool:
    """Whether tensors of these names are FARTrack's."""
    return {"backbone.word_embeddings.weight", "backbone.pos_embed_z0"} <= set(names)


def detect(names: Set[str]) -> Layout:
    """The layout of a FARTrack state dict, from the names of its tensors."""
    depth = 0
    while depth < DEEPEST and block_prefix(depth) + "attn.qkv.weight" in names:
        depth += 1
    return Layout(depth, any(".masknorm1." in name for name in names))


def to_released(layout: Layout) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Canonical name to (released name, shape) for every tensor read at inference."""
    names = dict(GLOBAL_NAMES)
    for i in range(layout.depth):
        for name, shape in BLOCK_SHAPES.items():
            released = released_block_name(i, name, layout.masked_norms)
            names[f"blocks.{i}.{name}"] = (released, shape)
    return names


def canonical(state: Mapping[str, npt.NDArray[Any]]) -> Weights:
    """The tensors of a state dict by canonical name, checked.

    The word table of the sparse layout was trained with maximal norm 1: longer command
    rows are rescaled, for the commands and for the output matrix alike.

    Args:
        state: released name to array.

    Returns:
        Canonical name to array; dtypes as in the file, but for the rescaled table.

    Raises:
        ArtifactError: names every tensor that is missing, unexpected or misshaped.
    """
    layout = detect(set(state))
    wanted = to_released(layout)
    require_tensors(
        state,
        dict(wanted.values()),
        f"{layout.depth}-layer {layout.protocol} FARTrack model",
        lambda name: _ignorable(name, layout),
    )
    weights = {name: state[released] for name, (released, _) in wanted.items()}
    if layout.masked_norms:
        weights["word"] = _limited_rows(weights["word"])
    return weights


def cut(weights: Weights, depth: int) -> Weights:
    """Canonical weights without the layers from a depth on."""
    dropped = tuple(f"blocks.{i}." for i in range(depth, DEEPEST))
    return {name: array for name, array in weights.items() if not name.startswith(dropped)}


def _ignorable(name: str, layout: Layout) -> bool:
    if name in UNUSED:
        return True
    plain_norm = ".norm1." in name or ".norm2." in name
    return layout.masked_norms and plain_norm and name.startswith("backbone.")


def _limited_rows(word: npt.NDArray[Any]) -> npt.NDArray[Any]:
    rows = word[COMMAND_ROWS].astype(np.float32)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    limited = np.where(norms > 1.0 + ROUNDING, rows / (norms + 1e-7), rows)
    table: npt.NDArray[Any] = word.copy()
    table[COMMAND_ROWS] = limited.astype(word.dtype)
    return table
