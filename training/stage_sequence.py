"""Stage 3: inter-frame autoregressive sparsification (paper, section 3.3).

Clips are tracked as at inference: five templates cut at the model's own boxes, pruned by
the masks that it ranked itself, each search region around its last box. The loss is SIoU
alone, frame by frame; no gradient flows from one frame into the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from ..families.fartrack.config import FARTrackConfig
from .bank import Bank
from .clips import ClipDataset
from .config import StageConfig
from .device_data import PlannedClips, drawn
from .device_render import DeviceRenderer
from .losses import expected_box, iou, siou_loss
from .net import TrainableNet
from .rollout import Rollout
from .stream import batches, moved

REACH = 1.0
"""Predictions are fed forward within this many crop sides around the search region."""


class SequenceStage:
    """Training on clips.

    Args:
        config: of the stage; a sample is one clip.
        bank: images.
        seed: of its clips.
        renderer: draws the clips; without one, the processes that plan them draw them.
    """

    def __init__(
        self, config: StageConfig, bank: Bank, seed: int, renderer: DeviceRenderer | None = None
    ) -> None:
        self._config, self._renderer = config, renderer
        self._dataset = ClipDataset(bank, config.data, config.clip, seed)

    def batches(self, first: int, steps: int, workers: int) -> Iterator[Mapping[str, Tensor]]:
        """Batches of `clips.Clip`."""
        size = self._config.batch
        if self._renderer is None:
            return batches(self._dataset, first * size, size, steps, workers)
        plans = batches(PlannedClips(self._dataset), first * size, size, steps, workers)
        return drawn(plans, self._renderer, {"frames": self._config.clip.size})

    def loss(
        self, net: TrainableNet, batch: Mapping[str, Tensor], device: torch.device, amp: bool
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean SIoU over the tracked frames of the clips."""
        there = moved(batch, device)
        frames, boxes = there["frames"], there["boxes"]
        config = FARTrackConfig(
            search_size=self._config.data.search_size,
            template_size=self._config.data.template_size,
        )
        rollout = Rollout(net, config, self._config.clip.kept_tokens, frames[:, 0], boxes[:, 0])
        losses, overlaps = [], []
        for t in range(1, frames.shape[1]):
            with torch.autocast(device.type, torch.bfloat16, enabled=amp):
                logits, region = rollout.step(frames[:, t])
            predicted = expected_box(logits)
            truth = to_crop(boxes[:, t], region)
            losses.append(siou_loss(predicted, truth).mean())
            overlaps.append(iou(predicted, truth).mean())
            forward = predicted.detach().clamp(-REACH, 1.0 + REACH)
            rollout.settle(frames[:, t], to_image(forward, region))
        loss = torch.stack(losses).mean()
        overlap = torch.stack(overlaps).mean()
        return loss, {"loss": loss.detach(), "iou": overlap.detach()}


def to_crop(box: Tensor, region: Tensor) -> Tensor:
    """Boxes [B, 4] in pixels to units of square regions [B, 3] (left, top, side)."""
    return (box - region[:, :2].repeat(1, 2)) / region[:, 2:]


def to_image(box: Tensor, region: Tensor) -> Tensor:
    """The inverse of `to_crop`."""
    return box * region[:, 2:] + region[:, :2].repeat(1, 2)
