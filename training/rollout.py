"""Tracking inside training: batched crops, template memory and pruning, on any device.

The arithmetic is the tracker's, for a batch of clips at once. Crops here are sampled
bilinearly at fractional places, where the tracker rounds to pixels and resizes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ..families.fartrack.config import FARTrackConfig
from ..families.fartrack.sampling import slot_entries
from ..model.vit import HEAD_DIM, PATCH, Block
from .net import COMMANDS, TrainableNet


def crop_region(box: Tensor, factor: float) -> Tensor:
    """Square around boxes [B, 4] (x0, y0, x1, y1 in pixels): left, top, side as [B, 3]."""
    sides = (box[:, 2:] - box[:, :2]).clamp_min(1.0)
    side = sides.prod(1).sqrt() * factor
    corner = (box[:, :2] + box[:, 2:]) / 2 - side.unsqueeze(1) / 2
    return torch.cat([corner, side.unsqueeze(1)], dim=1)


def cropped(frames: Tensor, region: Tensor, size: int) -> Tensor:
    """Crops of uint8 frames [B, H, W, 3], black outside: float [B, size, size, 3], 0..255."""
    height, width = frames.shape[1:3]
    steps = (torch.arange(size, device=frames.device) + 0.5) / size
    x = (region[:, :1] + region[:, 2:] * steps) / width * 2 - 1
    y = (region[:, 1:2] + region[:, 2:] * steps) / height * 2 - 1
    grid = torch.stack(
        [x.unsqueeze(1).expand(-1, size, -1), y.unsqueeze(2).expand(-1, -1, size)], dim=-1
    )
    image = frames.permute(0, 3, 1, 2).float()
    return F.grid_sample(image, grid, align_corners=False).permute(0, 2, 3, 1)


@dataclass(frozen=True)
class Entry:
    """A template of the memory: its crop [B, T, T, 3] and kept tokens [B, M], or None: all."""

    crop: Tensor
    kept: Tensor | None


class Rollout:
    """Follows one target per clip with the network that is being trained.

    Args:
        net: the network.
        config: the protocol: slots, sampling, sizes.
        kept_tokens: tokens that stay of a template once it is not the newest.
        frame: uint8 [B, H, W, 3] RGB, the first frames.
        box: [B, 4], x0, y0, x1, y1 in pixels.
    """

    def __init__(
        self,
        net: TrainableNet,
        config: FARTrackConfig,
        kept_tokens: int,
        frame: Tensor,
        box: Tensor,
    ) -> None:
        self._net, self._config, self._kept_tokens = net, config, kept_tokens
        self.box = box
        self._entries = [self._entry(frame)]

    def step(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        """One pass over the next frames.

        Returns:
            Logits [B, 4, 605] and the region [B, 3] that their coordinates refer to.
        """
        region = crop_region(self.box, self._config.search_factor)
        search = cropped(frame, region, self._config.search_size)
        logits, saliency = self._pass(search)
        newest = self._entries[-1]
        order = saliency.argsort(dim=1, descending=True)
        kept = order[:, : self._kept_tokens].sort(dim=1).values
        self._entries[-1] = Entry(newest.crop, kept)
        return logits, region

    def settle(self, frame: Tensor, box: Tensor) -> None:
        """Go on from the boxes [B, 4] (pixels) of this frame, and remember how it looked."""
        height, width = frame.shape[1:3]
        limit = box.new_tensor([width, height])
        middle = (box[:, :2] + box[:, 2:]) / 2
        half = ((box[:, 2:] - box[:, :2]) / 2).clamp_min(5.0).minimum(limit / 2)
        middle = middle.clamp_min(0.0).minimum(limit)
        self.box = torch.cat([middle - half, middle + half], dim=1)
        self._entries.append(self._entry(frame))

    def _entry(self, frame: Tensor) -> Entry:
        region = crop_region(self.box, self._config.template_factor)
        return Entry(cropped(frame, region, self._config.template_size), None)

    def _pass(self, search: Tensor) -> tuple[Tensor, Tensor]:
        net, grid = self._net, self._config.search_grid
        slots = slot_entries(self._config, len(self._entries))
        templates = [self._tokens(self._entries[e], s) for s, e in enumerate(slots)]
        corner = torch.zeros(len(search), 2, dtype=torch.long, device=search.device)
        x = net.search_tokens(search, corner, grid)
        commands = net.core.commands().expand(len(x), -1, -1)
        h = torch.cat([*templates, x, commands], dim=1)
        newest = sum(t.shape[1] for t in templates[:-1]), templates[-1].shape[1]
        centre = h.shape[1] - COMMANDS - grid * grid + (grid // 2) * grid + grid // 2
        saliency = h.new_zeros(len(h), newest[1], dtype=torch.float32)
        for block in net.layers:
            saliency = saliency + _attention(block, h, centre, *newest)
            h = block(h)
        return net.core.logits(h[:, -COMMANDS:]).float(), saliency

    def _tokens(self, entry: Entry, slot: int) -> Tensor:
        """Tokens of an entry in a slot; the newest entry is never pruned."""
        b = len(entry.crop)
        device = entry.crop.device
        slots = torch.full((b, 1), slot, device=device)
        count = (self._config.template_size // PATCH) ** 2
        kept = entry.kept
        if kept is None:
            kept = torch.arange(count, device=device).expand(b, count)
        return self._net.template_tokens(entry.crop.unsqueeze(1), slots, kept.unsqueeze(1))


@torch.no_grad()
def _attention(block: Block, h: Tensor, row: int, start: int, count: int) -> Tensor:
    """Attention of one token on ``count`` keys from ``start`` on, mean over heads: [B, count]."""
    normed = block.norm1(h)
    q = block.attn.queries(normed[:, row : row + 1])
    k, _ = block.attn.keys_values(normed)
    weights: Tensor = ((q @ k.transpose(-1, -2)).float() * HEAD_DIM**-0.5).softmax(-1)
    return weights[:, :, 0, start : start + count].mean(dim=1)
