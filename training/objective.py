"""The loss of one batch and the numbers worth logging about it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ..model.vit import PATCH
from .config import LossConfig
from .losses import (
    coordinate_loss,
    distillation_loss,
    expected_box,
    focus_loss,
    inside_box,
    iou,
    siou_loss,
    token_box_loss,
    token_loss,
)
from .net import Outputs


def pair_objective(
    outputs: Outputs, batch: Mapping[str, Tensor], grid: int, weights: LossConfig
) -> tuple[Tensor, dict[str, Tensor]]:
    """Loss of a batch of pairs.

    Every predicting layer gets cross-entropy, SIoU and distance (mean over layers), and
    learns from the layer above it where ``weights.distill`` is set (paper, section 3.2).

    Args:
        outputs: of `TrainableNet` in training mode.
        batch: the samples.
        grid: side of the full search crop in patches.
        weights: of the losses.

    Returns:
        The scalar loss and scalars for the log.
    """
    box = batch["box"]
    terms = [_box_terms(logits, box, weights) for logits in outputs.logits]
    loss = torch.stack([t[0] for t in terms]).mean()
    rendered = batch["search"].shape[1] // PATCH
    inside = inside_box(box, batch["corner"], rendered, grid)
    tokens = token_loss(outputs.inside, inside)
    loss = loss + weights.inside * tokens
    log = {"ce": terms[-1][1], "iou": terms[-1][2], "inside": tokens}
    if outputs.matches:
        matches = torch.stack([token_loss(m, inside) for m in outputs.matches]).mean()
        loss = loss + weights.matches * matches
        log["match"] = matches
    if outputs.focus and weights.focus:
        focus = torch.stack([focus_loss(f, inside) for f in outputs.focus]).mean()
        loss = loss + weights.focus * focus
        log["focus"] = focus
    if outputs.token_boxes and weights.reading:
        tokens_read = [token_box_loss(b, box, inside) for b in outputs.token_boxes]
        commands_read = [(b - box).abs().mean() for b in outputs.command_boxes]
        reading = torch.stack(tokens_read).mean() + torch.stack(commands_read).mean()
        loss = loss + weights.reading * reading
        log["tokbox"], log["cmdbox"] = tokens_read[-1], commands_read[-1]
    if weights.distill and len(outputs.logits) > 1:
        pairs = zip(outputs.logits[:-1], outputs.logits[1:], strict=True)
        divergence = torch.stack([distillation_loss(s, t) for s, t in pairs]).mean()
        loss = loss + weights.distill * divergence
        log["kl"] = divergence
    log["loss"] = loss
    return loss, {name: value.detach() for name, value in log.items()}


def _box_terms(logits: Tensor, box: Tensor, weights: LossConfig) -> tuple[Tensor, Tensor, Tensor]:
    """Weighted loss of one layer's logits [B, 4, C], its cross-entropy and mean IoU."""
    entropy = coordinate_loss(logits, box, weights.sigma)
    predicted = expected_box(logits)
    distance = (predicted - box).abs().mean()
    loss = weights.coordinates * entropy + weights.distance * distance
    loss = loss + weights.siou * siou_loss(predicted, box).mean()
    return loss, entropy, iou(predicted, box).mean()
