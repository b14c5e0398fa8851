"""FARTrack's network: one ViT encoder over template, search and command tokens.

Parameters carry canonical names (`families.fartrack.layout` maps the released ones to
them). `FARTrackNet` holds the weights and single steps; `graph.InferenceGraph` arranges
the steps into the fixed-shape passes that runtimes run, and training composes its own.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .vit import HEAD_DIM, IMAGE_MEAN, IMAGE_STD, PATCH, Block, folded_patch_embed

DIM, MLP_DIM = 192, 768
HEADS = DIM // HEAD_DIM
VOCABULARY, FIRST_COMMAND = 605, 600
FINAL_NORM_EPS = 1e-6

__all__ = [
    "DIM",
    "FIRST_COMMAND",
    "HEADS",
    "HEAD_DIM",
    "IMAGE_MEAN",
    "IMAGE_STD",
    "MLP_DIM",
    "PATCH",
    "VOCABULARY",
    "FARTrackNet",
]


class FARTrackNet(nn.Module):
    """All weights of a FARTrack model (paper, section 3).

    Args:
        depth: encoder layers.
        eps: epsilon of the blocks' layer norms (1e-5 sparse, 1e-6 dense checkpoints).
        search_tokens: positions of the search region (14 x 14).
        template_tokens: positions of a template (7 x 7).
    """

    def __init__(
        self, depth: int, eps: float, search_tokens: int = 196, template_tokens: int = 49
    ) -> None:
        super().__init__()
        self.identity = nn.Parameter(torch.zeros(1, 6, DIM))
        self.pos_template = nn.Parameter(torch.zeros(1, template_tokens, DIM))
        self.pos_search = nn.Parameter(torch.zeros(1, search_tokens, DIM))
        self.patch_embed = nn.Conv2d(3, DIM, PATCH, PATCH)
        self.word = nn.Parameter(torch.zeros(VOCABULARY, DIM))
        self.pos_command = nn.Parameter(torch.zeros(4, DIM))
        self.output_bias = nn.Parameter(torch.zeros(VOCABULARY))
        self.blocks = nn.ModuleList(Block(DIM, MLP_DIM, eps) for _ in range(depth))
        self.norm = nn.LayerNorm(DIM, eps=FINAL_NORM_EPS)

    def folded_patch_embed(self) -> tuple[Tensor, Tensor]:
        """Patch embedding with the image normalisation folded in.

        Returns:
            weight [192, 768] over a patch's values in (row, column, RGB) order, 0..255,
            and bias [192].
        """
        return folded_patch_embed(self.patch_embed.weight, cast(Tensor, self.patch_embed.bias))

    def commands(self) -> Tensor:
        """The four command tokens, [1, 4, 192]."""
        rows = self.word[FIRST_COMMAND : FIRST_COMMAND + 4]
        return (rows + self.pos_command).unsqueeze(0)

    def logits(self, rows: Tensor) -> Tensor:
        """Coordinate logits of command rows: [B, 4, 192] -> [B, 4, 605]."""
        return F.linear(self.norm(rows), self.word, self.output_bias)
