"""The network as it is trained: any resolution, any part of the search crop, helper heads.

The weights are `FARTrackNet`'s; what only training needs (token heads, matching scales)
stays outside and is dropped when the model is saved.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..model.network import (
    DIM,
    FIRST_COMMAND,
    HEAD_DIM,
    HEADS,
    IMAGE_MEAN,
    IMAGE_STD,
    PATCH,
    Block,
    FARTrackNet,
)

MATCHED_LAYERS = (0, 2, 4)
MATCH_SHARPNESS = 12.0
FOCUSED_LAYERS = 3
READ_LAYERS = 4
SEARCH_GRID, TEMPLATE_GRID = 14, 7


@dataclass(frozen=True)
class Outputs:
    """What a training pass gives.

    Attributes:
        logits: coordinate logits [B, 4, 605] of every predicting layer, last one last.
        inside: [B, N] logits that a search token lies inside the target.
        matches: the same from token similarity, one per matched layer.
        focus: [B, 4, N] attention of the commands on search tokens (each row sums to 1
            over them), mean over heads, one per late layer.
        token_boxes: [B, N, 4] the box as every search token reads it, one per late layer.
        command_boxes: [B, 4] coordinates read linearly off the commands, likewise.
    """

    logits: list[Tensor]
    inside: Tensor
    matches: list[Tensor]
    focus: list[Tensor]
    token_boxes: list[Tensor]
    command_boxes: list[Tensor]


class TrainableNet(nn.Module):
    """`FARTrackNet` with the heads and the arrangement that training uses.

    Args:
        depth: encoder layers.
        eps: epsilon of the blocks' layer norms.
    """

    def __init__(self, depth: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.core = FARTrackNet(depth, eps)
        self.matched = tuple(i for i in MATCHED_LAYERS if i < depth)
        self.token_head = nn.Linear(DIM, 1)
        self.token_boxes = nn.ModuleList(nn.Linear(DIM, 4) for _ in range(READ_LAYERS))
        self.command_boxes = nn.ModuleList(nn.Linear(DIM, 1) for _ in range(READ_LAYERS))
        self.match_scale = nn.Parameter(torch.full((len(MATCHED_LAYERS),), 0.5))
        self.match_bias = nn.Parameter(torch.full((len(MATCHED_LAYERS),), -6.0))

    def forward(
        self, inputs: Mapping[str, Tensor], search_grid: int, predict_from: int | None = None
    ) -> Outputs:
        """One pass.

        Args:
            inputs: a batch of `pairs.Sample`: ``templates`` uint8 [B, K, T, T, 3] RGB,
                ``slots`` [B, K], ``kept`` [B, K, M], ``search`` uint8 [B, S, S, 3] RGB (all
                of the search crop or a window of it) and the window's ``corner`` [B, 2].
            search_grid: side of the full search crop in patches.
            predict_from: first layer (from 0) whose commands are read out; None: the last.
        """
        templates, kept = inputs["templates"], inputs["kept"]
        z = self.template_tokens(templates, inputs["slots"], kept)
        x = self.search_tokens(inputs["search"], inputs["corner"], search_grid)
        commands = self.core.commands().expand(len(x), -1, -1)
        middle = central(templates.shape[2] // PATCH, kept)
        first = len(self.core.blocks) - 1 if predict_from is None else predict_from
        return self._encode(torch.cat([z, x, commands], dim=1), middle, x.shape[1], first)

    def _encode(self, h: Tensor, middle: Tensor, searched: int, first: int) -> Outputs:
        """Run the blocks over tokens [B, N, 192] in the order templates, search, commands."""
        begin = middle.shape[1]
        logits, matches, focus, boxes, lines = [], [], [], [], []
        depth = len(self.core.blocks)
        for i, block in enumerate(self.core.blocks):
            if self.training and i >= depth - FOCUSED_LAYERS:
                focus.append(command_focus(block, h[:, -4:], h[:, begin : begin + searched]))
            h = block(h)
            if i in self.matched and self.training:
                n = self.matched.index(i)
                similar = similarity(h[:, begin : begin + searched], h[:, :begin], middle)
                matches.append(similar * self.match_scale[n] + self.match_bias[n])
            late = i - depth + READ_LAYERS
            if self.training and late >= 0:
                boxes.append(self.token_boxes[late](normed(h[:, begin : begin + searched])).float())
                lines.append(self.command_boxes[late](normed(h[:, -4:]))[..., 0].float())
            if i >= first:
                logits.append(self.core.logits(h[:, -4:]).float())
        inside = self.token_head(h[:, begin : begin + searched])[..., 0].float()
        return Outputs(logits, inside, matches, focus, boxes, lines)

    def template_tokens(self, templates: Tensor, slots: Tensor, kept: Tensor) -> Tensor:
        """Kept tokens with positions and slot identities, [B, K * M, 192]."""
        b, k = templates.shape[:2]
        grid = templates.shape[2] // PATCH
        values = patches(templates.flatten(0, 1)).unflatten(0, (b, k))
        chosen = values.gather(2, kept.unsqueeze(-1).expand(-1, -1, -1, values.shape[-1]))
        position = resized_positions(self.core.pos_template, TEMPLATE_GRID, grid)[0]
        identity = self.core.identity[0][slots].unsqueeze(2)
        return (self._embed(chosen) + position[kept] + identity).flatten(1, 2)

    def search_tokens(self, search: Tensor, corner: Tensor, grid: int) -> Tensor:
        """Tokens of the search crop or a window of it, [B, N, 192]."""
        x = self._embed(patches(search)) + self._search_positions(corner, search, grid)
        return x + self.core.identity[:, 5:6]

    def _search_positions(self, corner: Tensor, search: Tensor, grid: int) -> Tensor:
        table = resized_positions(self.core.pos_search, SEARCH_GRID, grid)[0]
        rendered = search.shape[1] // PATCH
        if rendered == grid:
            return table.unsqueeze(0)
        steps = torch.arange(rendered, device=corner.device)
        rows, columns = corner[:, :1] + steps, corner[:, 1:] + steps
        return table[(rows.unsqueeze(2) * grid + columns.unsqueeze(1)).flatten(1)]

    def _embed(self, values: Tensor) -> Tensor:
        """Normalised patches [..., 768] (RGB, row, column order) to tokens [..., 192]."""
        embed = self.core.patch_embed
        return F.linear(values, embed.weight.flatten(1), embed.bias)


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
    grid = table.transpose(1, 2).unflatten(2, (side, side))
    size = (wanted, wanted)
    grid = F.interpolate(grid, size=size, mode="bicubic", align_corners=False)
    return grid.flatten(2).transpose(1, 2)


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
    return torch.logsumexp(alike.masked_fill(~middle.unsqueeze(1), -torch.inf), dim=-1)


def command_focus(block: Block, commands: Tensor, search: Tensor) -> Tensor:
    """Attention of the commands among the search tokens alone, mean over heads: [B, 4, N]."""
    q = block.attn.queries(block.norm1(commands))
    k, _ = block.attn.keys_values(block.norm1(search))
    scores = (q @ k.transpose(-1, -2)).float() * HEAD_DIM**-0.5
    return scores.softmax(-1).mean(dim=1)


@torch.no_grad()
def initialise(net: TrainableNet, seed: int) -> None:
    """Start values under which matching is learnt soonest.

    Every head's queries and keys start equal (random orthonormal rows and a little
    noise), so that attention begins as similarity of content; positions of search and
    templates are sine-cosine codes in one frame of reference.
    """
    rng = torch.Generator().manual_seed(seed)
    for module in net.modules():
        if isinstance(module, nn.Linear):
            _normal(module.weight, rng)
            nn.init.zeros_(module.bias)
    for head in (*net.token_boxes, *net.command_boxes):
        nn.init.zeros_(head.weight)
    for head in net.token_boxes:
        head.bias.copy_(torch.tensor([0.38, 0.38, 0.62, 0.62]))
    for head in net.command_boxes:
        nn.init.constant_(head.bias, 0.5)
    core = net.core
    for table in (core.identity, core.pos_command, core.word):
        _normal(table, rng)
    fan = core.patch_embed.weight[0].numel() + DIM
    core.patch_embed.weight.copy_(
        torch.randn(core.patch_embed.weight.shape, generator=rng) * math.sqrt(2.0 / fan)
    )
    nn.init.zeros_(core.patch_embed.bias)
    for block in core.blocks:
        _equal_queries_and_keys(block.attn.qkv.weight, rng)
    core.pos_search.copy_(_sine_cosine(SEARCH_GRID) * 0.5)
    core.pos_template.copy_(_sine_cosine(TEMPLATE_GRID) * 0.5)
    core.output_bias[FIRST_COMMAND:] = -8.0


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
