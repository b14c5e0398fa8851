"""Losses on coordinate distributions, boxes and search tokens.

Boxes are (x0, y0, x1, y1) in units of the search crop; bins as in the paper, section 3:
300 bins over a unit crop, 600 bins over -0.5..1.5, five more classes for commands.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

COORDINATE_BINS, BINS, LOWEST = 600, 300, -0.5
EPS = 1e-7


def expected_box(logits: Tensor) -> Tensor:
    """Expectation over the 600 coordinate bins: [..., 4, 605] -> [..., 4]."""
    bins = torch.arange(COORDINATE_BINS, device=logits.device, dtype=torch.float32)
    values = LOWEST + bins / BINS
    return (logits[..., :COORDINATE_BINS].float().softmax(-1) * values).sum(-1)


def soft_targets(box: Tensor, classes: int, sigma: float) -> Tensor:
    """Gaussian targets of ``sigma`` bins around each coordinate: [..., 4] -> [..., 4, classes].

    Classes past the 600 coordinate bins get nothing. The centre is half way between the
    two readings of a bin that the decoder averages (k / 300 and (k + 0.5) / 299).
    """
    position = (box.clamp(LOWEST, LOWEST + 2.0) - LOWEST) * (BINS - 0.5) - 0.25
    bins = torch.arange(classes, device=box.device, dtype=torch.float32)
    weight = torch.exp(-0.5 * ((bins - position.unsqueeze(-1)) / sigma) ** 2)
    weight = weight * (bins < COORDINATE_BINS)
    return weight / weight.sum(-1, keepdim=True).clamp_min(EPS)


def coordinate_loss(logits: Tensor, box: Tensor, sigma: float = 4.0) -> Tensor:
    """Cross-entropy against soft targets, mean over coordinates: [..., 4, C], [..., 4] -> []."""
    target = soft_targets(box, logits.shape[-1], sigma)
    return -(target * logits.float().log_softmax(-1)).sum(-1).mean()


def iou(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union of boxes [..., 4]; boxes without area overlap nothing."""
    low = torch.maximum(first[..., :2], second[..., :2])
    high = torch.minimum(first[..., 2:], second[..., 2:])
    common = (high - low).clamp_min(0).prod(-1)
    areas = _sides(first).prod(-1) + _sides(second).prod(-1)
    return common / (areas - common).clamp_min(EPS)


def siou_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """SIoU of each pair of boxes [..., 4] -> [...] (Gevorgyan 2022, equations 1 to 8).

    1 - IoU plus half of the distance cost, sharpened by the angle between the centres,
    and the shape cost with theta = 4. Finite, with finite gradients, for boxes without
    area, turned inside out, or far apart.
    """
    distance = _distance_cost(predicted, target)
    shape = _shape_cost(_sides(predicted), _sides(target))
    return 1.0 - iou(predicted, target) + (distance + shape) / 2.0


def _sides(box: Tensor) -> Tensor:
    return (box[..., 2:] - box[..., :2]).clamp_min(0)


def _distance_cost(predicted: Tensor, target: Tensor) -> Tensor:
    """Delta: 0 for equal centres, up to 2; both boxes' hull is the measure."""
    gap = ((target[..., :2] + target[..., 2:]) - (predicted[..., :2] + predicted[..., 2:])) / 2
    low = torch.minimum(predicted[..., :2], target[..., :2])
    high = torch.maximum(predicted[..., 2:], target[..., 2:])
    hull = (high - low).clamp_min(EPS)
    rho = (gap / hull) ** 2
    gamma = 2.0 - _angle_cost(gap)
    return (1.0 - torch.exp(-gamma.unsqueeze(-1) * rho)).sum(-1)


def _angle_cost(gap: Tensor) -> Tensor:
    """Lambda = 1 - 2 sin^2(arcsin(s) - pi/4) = 2 s sqrt(1 - s^2), s the sine of the angle.

    With s = |dy| / d that is 2 |dx dy| / d^2: no arcsin, no infinite slope.
    """
    squared = (gap**2).sum(-1)
    return 2.0 * gap.prod(-1).abs() / squared.clamp_min(EPS)


def _shape_cost(predicted: Tensor, target: Tensor) -> Tensor:
    """Omega: relative differences of width and height."""
    difference = (predicted - target).abs() / torch.maximum(predicted, target).clamp_min(EPS)
    return ((1.0 - torch.exp(-difference)) ** 4).sum(-1)


def distillation_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """KL(teacher || student) of distributions [..., C] -> []; the teacher gets no gradient."""
    reference = teacher.detach().float().log_softmax(-1)
    guess = student.float().log_softmax(-1)
    return (reference.exp() * (reference - guess)).sum(-1).mean()


def inside_box(box: Tensor, corner: Tensor, rendered: int, grid: int) -> Tensor:
    """Which rendered search tokens have their centre inside the box.

    Args:
        box: [B, 4] in units of the full crop.
        corner: [B, 2] row and column of the first rendered patch.
        rendered: side of the rendered part, patches.
        grid: side of the full crop, patches.

    Returns:
        float [B, rendered ** 2] of 0 and 1.
    """
    steps = torch.arange(rendered, device=box.device) + 0.5
    rows = (corner[:, :1] + steps) / grid
    columns = (corner[:, 1:] + steps) / grid
    within_rows = (rows > box[:, 1:2]) & (rows < box[:, 3:4])
    within_columns = (columns > box[:, 0:1]) & (columns < box[:, 2:3])
    return (within_rows.unsqueeze(2) & within_columns.unsqueeze(1)).flatten(1).float()


def token_loss(logits: Tensor, inside: Tensor, positive_weight: float = 4.0) -> Tensor:
    """Binary cross-entropy of search tokens [B, N] against `inside_box`."""
    weight = torch.tensor(positive_weight, device=logits.device)
    return F.binary_cross_entropy_with_logits(logits.float(), inside, pos_weight=weight)


def focus_loss(focus: Tensor, inside: Tensor) -> Tensor:
    """Negative log of the attention that falls inside the target.

    Args:
        focus: [B, 4, N], rows sum to 1.
        inside: [B, N] of 0 and 1; samples with no token inside count nothing.
    """
    mass = (focus * inside.unsqueeze(1)).sum(-1)
    seen = (inside.sum(-1) > 0).float().unsqueeze(1).expand_as(mass)
    return -(seen * mass.clamp_min(1e-4).log()).sum() / seen.sum().clamp_min(1.0)


def token_box_loss(boxes: Tensor, target: Tensor, inside: Tensor) -> Tensor:
    """Mean distance of the boxes that tokens inside the target read: [B, N, 4], [B, 4] -> []."""
    distance = (boxes - target.unsqueeze(1)).abs().mean(-1)
    return (distance * inside).sum() / inside.sum().clamp_min(1.0)


def cosine_rate(progress: float, floor: float = 0.01) -> float:
    """Factor of the learning rate after ``progress`` (0..1) of a stage."""
    return floor + (1.0 - floor) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))
