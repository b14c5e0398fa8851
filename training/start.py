"""Start values under which matching is learnt soonest."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

from ..model.network import DIM, FIRST_COMMAND, HEADS
from ..model.vit import HEAD_DIM
from .net import SEARCH_GRID, TEMPLATE_GRID, TrainableNet


@torch.no_grad()
def initialise(net: TrainableNet, seed: int) -> None:
    """Fill in the start values, the same for the same seed.

    Every head's queries and keys start equal (random orthonormal rows and a little
    noise), so that attention begins as similarity of content; positions of search and
    templates are sine-cosine codes in one frame of reference.
    """
    rng = torch.Generator().manual_seed(seed)
    for module in net.modules():
        if isinstance(module, nn.Linear):
            _normal(module.weight, rng)
            nn.init.zeros_(module.bias)
    _reading_heads(net)
    core = net.core
    for table in (core.identity, core.pos_command, core.word):
        _normal(table, rng)
    fan = core.patch_embed.weight[0].numel() + DIM
    core.patch_embed.weight.copy_(
        torch.randn(core.patch_embed.weight.shape, generator=rng) * math.sqrt(2.0 / fan)
    )
    nn.init.zeros_(cast(Tensor, core.patch_embed.bias))
    for block in net.layers:
        _equal_queries_and_keys(block.attn.qkv.weight, rng)
    core.pos_search.copy_(_sine_cosine(SEARCH_GRID) * 0.5)
    core.pos_template.copy_(_sine_cosine(TEMPLATE_GRID) * 0.5)
    core.output_bias[FIRST_COMMAND:] = -8.0


def _reading_heads(net: TrainableNet) -> None:
    """Linear readings begin at the crop's centre, for a target of the usual size."""
    for head in cast(Iterable[nn.Linear], net.token_boxes):
        nn.init.zeros_(head.weight)
        head.bias.copy_(torch.tensor([0.38, 0.38, 0.62, 0.62]))
    for head in cast(Iterable[nn.Linear], net.command_boxes):
        nn.init.zeros_(head.weight)
        nn.init.constant_(head.bias, 0.5)


def _normal(table: Tensor, rng: torch.Generator) -> None:
    table.copy_(torch.randn(table.shape, generator=rng).clamp(-2, 2) * 0.02)


def _equal_queries_and_keys(weight: Tensor, rng: torch.Generator) -> None:
    for head in range(HEADS):
        rows = torch.linalg.qr(torch.randn(DIM, HEAD_DIM, generator=rng))[0].T
        for start in (head * HEAD_DIM, DIM + head * HEAD_DIM):
            noise = 0.02 * torch.randn(HEAD_DIM, DIM, generator=rng)
            weight[start : start + HEAD_DIM] = rows + noise


def _sine_cosine(side: int) -> Tensor:
    """Codes [1, side^2, 192] of patch centres measured from the crop's centre."""
    places = torch.arange(side) + 0.5 - side / 2
    waves = 10000.0 ** (-torch.arange(DIM // 4) / (DIM / 4))
    angles = places.unsqueeze(1) * waves
    code = torch.cat([angles.sin(), angles.cos()], dim=1)
    rows = code.unsqueeze(1).expand(side, side, -1)
    columns = code.unsqueeze(0).expand(side, side, -1)
    return torch.cat([rows, columns], dim=-1).reshape(1, side * side, DIM)
