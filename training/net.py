"""The network as it is trained: any resolution, any part of the search crop, helper heads.

The weights are `FARTrackNet`'s; what only training needs (token heads, matching scales)
stays outside and is dropped when the model is saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..model.network import DIM, FARTrackNet
from ..model.vit import PATCH, Block
from .tokens import central, command_focus, normed, patches, resized_positions, similarity, weigh

MATCHED_LAYERS = (0, 2, 4)
FOCUSED_LAYERS = 3
READ_LAYERS = 4
SEARCH_GRID, TEMPLATE_GRID, COMMANDS = 14, 7, 4


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
        for block in self.layers:
            block.attn.weigh = weigh
        self.matched = tuple(i for i in MATCHED_LAYERS if i < depth)
        self.token_head = nn.Linear(DIM, 1)
        self.token_boxes = nn.ModuleList(nn.Linear(DIM, 4) for _ in range(READ_LAYERS))
        self.command_boxes = nn.ModuleList(nn.Linear(DIM, 1) for _ in range(READ_LAYERS))
        self.match_scale = nn.Parameter(torch.full((len(MATCHED_LAYERS),), 0.5))
        self.match_bias = nn.Parameter(torch.full((len(MATCHED_LAYERS),), -6.0))
        self.frozen = 0

    def freeze(self, layers: int) -> None:
        """Keep the first ``layers`` layers, and all that lies outside of layers, as they are.

        What a model of that depth computes stays the same to the bit. 0 frees everything.
        """
        self.frozen = layers
        self.core.requires_grad_(layers == 0)
        for block in self.layers[layers:]:
            block.requires_grad_(True)

    @property
    def layers(self) -> list[Block]:
        """The encoder's blocks."""
        return list(cast(Iterable[Block], self.core.blocks))

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
        begin, depth = middle.shape[1], len(self.core.blocks)
        search = slice(begin, begin + searched)
        out = Outputs([], self.token_head.bias, [], [], [], [])
        for i, block in enumerate(self.layers):
            helped = self.training and i >= self.frozen
            if helped and i >= depth - FOCUSED_LAYERS:
                out.focus.append(command_focus(block, h[:, -COMMANDS:], h[:, search]))
            h = block(h)
            if helped:
                self._help(out, i, h[:, search], h[:, -COMMANDS:])
                if i in self.matched:
                    out.matches.append(self._match(i, h[:, search], h[:, :begin], middle))
            if i >= first:
                out.logits.append(self.core.logits(h[:, -COMMANDS:]).float())
        return replace(out, inside=self.token_head(h[:, search])[..., 0].float())

    def _match(self, layer: int, search: Tensor, template: Tensor, middle: Tensor) -> Tensor:
        n = self.matched.index(layer)
        return similarity(search, template, middle) * self.match_scale[n] + self.match_bias[n]

    def _help(self, out: Outputs, layer: int, search: Tensor, commands: Tensor) -> None:
        """Linear readings of the box after a late layer."""
        late = layer - len(self.core.blocks) + READ_LAYERS
        if late >= 0:
            out.token_boxes.append(self.token_boxes[late](normed(search)).float())
            out.command_boxes.append(self.command_boxes[late](normed(commands))[..., 0].float())

    def template_tokens(self, templates: Tensor, slots: Tensor, kept: Tensor) -> Tensor:
        """Kept tokens with positions and slot identities, [B, K * M, 192]."""
        b, k = templates.shape[:2]
        grid = templates.shape[2] // PATCH
        values = patches(templates.flatten(0, 1)).view(b, k, -1, 3 * PATCH * PATCH)
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
        out: Tensor = F.linear(values, embed.weight.flatten(1), embed.bias)
        return out
