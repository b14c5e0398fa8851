"""FARTrack's network: one ViT encoder over template, search and command tokens.

Parameters carry canonical names (`checkpoint.layout` maps the released ones to them).
`FARTrackNet` holds the weights and single steps; `graph.InferenceGraph` arranges the
steps into the fixed-shape passes that runtimes run, and training composes its own.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

DIM, HEADS, HEAD_DIM, MLP_DIM = 192, 3, 64, 768
PATCH, VOCABULARY, FIRST_COMMAND = 16, 605, 600
IMAGE_MEAN, IMAGE_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
FINAL_NORM_EPS = 1e-6


def split_heads(x: Tensor) -> Tensor:
    """[B, N, 192] -> [B, 3, N, 64]."""
    return x.reshape(*x.shape[:-1], HEADS, HEAD_DIM).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """[B, 3, N, 64] -> [B, N, 192]."""
    return x.transpose(1, 2).flatten(-2)


class Attention(nn.Module):
    """Multi-head self-attention; rows of ``qkv`` are all q, all k, all v, head-major."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(DIM, 3 * DIM)
        self.proj = nn.Linear(DIM, DIM)

    def queries(self, x: Tensor) -> Tensor:
        """Queries of the given rows, [B, 3, N, 64]."""
        return split_heads(F.linear(x, self.qkv.weight[:DIM], self.qkv.bias[:DIM]))

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of the given rows, [B, 3, N, 64] each."""
        k, v = F.linear(x, self.qkv.weight[DIM:], self.qkv.bias[DIM:]).chunk(2, dim=-1)
        return split_heads(k), split_heads(v)

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attention and output projection, [B, N, 192]."""
        out: Tensor = self.proj(merge_heads(F.scaled_dot_product_attention(q, k, v)))
        return out


class Mlp(nn.Module):
    """Two linear layers around an exact (erf) GELU."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(DIM, MLP_DIM)
        self.fc2 = nn.Linear(MLP_DIM, DIM)

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, 192] -> [B, N, 192]."""
        out: Tensor = self.fc2(F.gelu(self.fc1(x)))
        return out


class Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, eps: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(DIM, eps=eps)
        self.attn = Attention()
        self.norm2 = nn.LayerNorm(DIM, eps=eps)
        self.mlp = Mlp()

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, 192] -> [B, N, 192]."""
        h = self.norm1(x)
        q, k, v = self.attn.qkv(h).chunk(3, dim=-1)
        return self.residual(x, split_heads(q), split_heads(k), split_heads(v))

    def residual(self, x: Tensor, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Both residual branches for the rows ``x`` that belong to the queries ``q``."""
        x = x + self.attn.attend(q, k, v)
        out: Tensor = x + self.mlp(self.norm2(x))
        return out


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
        self.blocks = nn.ModuleList(Block(eps) for _ in range(depth))
        self.norm = nn.LayerNorm(DIM, eps=FINAL_NORM_EPS)

    def folded_patch_embed(self) -> tuple[Tensor, Tensor]:
        """Patch embedding with the image normalisation folded in.

        Returns:
            weight [192, 768] over a patch's values in (row, column, RGB) order, 0..255,
            and bias [192].
        """
        weight, own_bias = self.patch_embed.weight, cast(Tensor, self.patch_embed.bias)
        mean = torch.tensor(IMAGE_MEAN, dtype=weight.dtype, device=weight.device)
        std = torch.tensor(IMAGE_STD, dtype=weight.dtype, device=weight.device)
        scaled = weight / std.view(1, 3, 1, 1)
        shift = (scaled * mean.view(1, 3, 1, 1)).sum(dim=(1, 2, 3))
        return (scaled / 255.0).permute(0, 2, 3, 1).flatten(1), own_bias - shift

    def commands(self) -> Tensor:
        """The four command tokens, [1, 4, 192]."""
        rows = self.word[FIRST_COMMAND : FIRST_COMMAND + 4]
        return (rows + self.pos_command).unsqueeze(0)

    def logits(self, rows: Tensor) -> Tensor:
        """Coordinate logits of command rows: [B, 4, 192] -> [B, 4, 605]."""
        return F.linear(self.norm(rows), self.word, self.output_bias)


def patchify(image: Tensor) -> Tensor:
    """Non-overlapping patches of an NHWC image: [B, H, W, 3] -> [B, N, 768]."""
    b, h, w, c = image.shape
    grid = image.reshape(b, h // PATCH, PATCH, w // PATCH, PATCH * c).transpose(2, 3)
    return grid.reshape(b, (h // PATCH) * (w // PATCH), PATCH * PATCH * c)
