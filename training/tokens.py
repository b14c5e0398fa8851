"""Patches, positions and the similarities that the helper losses look at."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ..model.network import DIM
from ..model.vit import HEAD_DIM, IMAGE_MEAN, IMAGE_STD, PATCH, Block

MATCH_SHARPNESS = 12.0


def patches(image: Tensor) -> Tensor:
    """Normalised patches of RGB images with values 0..255: [B, S, S, 3] -> [B, (S/16)^2, 768]."""
    mean, std = (torch.tensor(v, device=image.device) for v in (IMAGE_MEAN, IMAGE_STD))
    values = (image.float() / 255.0 - mean) / std
    b, s = values.shape[:2]
    n = s // PATCH
    split = values.view(b, n, PATCH, n, PATCH, 3).permute(0, 1, 3, 5, 2, 4)
    return split.reshape(b, n * n, 3 * PATCH * PATCH)


def normed(tokens: Tensor) -> Tensor:
    """Tokens brought to zero mean and unit variance, without weights."""
    return F.layer_norm(tokens, (DIM,))


def resized_positions(table: Tensor, side: int, wanted: int) -> Tensor:
    """Position table [1, side^2, D] at another grid: [1, wanted^2, D]."""
    if side == wanted:
        return table
    grid = table.transpose(1, 2).reshape(1, -1, side, side)
    size = (wanted, wanted)
    grid = F.interpolate(grid, size=size, mode="bicubic", align_corners=False)
    return grid.flatten(2).transpose(1, 2)


def weigh(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Tensor:
    """Scaled dot-product attention [B, H, N, 64], by plain products on a CPU.

    For sequences as short as these the fused CPU kernel's backward pass costs more than
    all linear layers: plain products made a training step 1.5 times as fast.
    """
    if q.device.type != "cpu":
        return F.scaled_dot_product_attention(q, k, v, attn_mask=attn_mask)
    scores = (q * HEAD_DIM**-0.5) @ k.transpose(-1, -2)
    if attn_mask is not None:
        scores = scores + attn_mask
    seen: Tensor = scores.softmax(-1).to(v.dtype) @ v
    return seen


def central(side: int, kept: Tensor) -> Tensor:
    """Which kept tokens show the target's middle, first and newest template: [B, K * M] bool."""
    low, high = side // 4, side - side // 4
    row, column = kept // side, kept % side
    middle = (row >= low) & (row < high) & (column >= low) & (column < high)
    middle[:, 1:-1] = False
    return middle.flatten(1)


def similarity(search: Tensor, template: Tensor, middle: Tensor) -> Tensor:
    """Soft maximum of the cosine similarity to the template's middle tokens: [B, N]."""
    a, b = F.normalize(search.float(), dim=-1), F.normalize(template.float(), dim=-1)
    alike = MATCH_SHARPNESS * (a @ b.transpose(1, 2))
    hidden = alike.masked_fill(~middle.unsqueeze(1), -torch.inf)
    return torch.logsumexp(hidden, dim=-1)


def command_focus(block: Block, commands: Tensor, search: Tensor) -> Tensor:
    """Attention of the commands among the search tokens alone, mean over heads: [B, 4, N]."""
    q = block.attn.queries(block.norm1(commands))
    k, _ = block.attn.keys_values(block.norm1(search))
    scores = (q @ k.transpose(-1, -2)).float() * HEAD_DIM**-0.5
    focus: Tensor = scores.softmax(-1).mean(dim=1)
    return focus
