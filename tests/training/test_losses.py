import math

import numpy as np
import pytest
import torch

from fartrack_sdk.training.losses import (
    coordinate_loss,
    cosine_rate,
    distillation_loss,
    expected_box,
    focus_loss,
    inside_box,
    iou,
    siou_loss,
    soft_targets,
    token_box_loss,
)


def reference_siou(p, g):
    """SIoU as in the paper, with its trigonometry spelled out, in plain numbers."""
    pw, ph, gw, gh = p[2] - p[0], p[3] - p[1], g[2] - g[0], g[3] - g[1]
    shared = max(0, min(p[2], g[2]) - max(p[0], g[0])) * max(0, min(p[3], g[3]) - max(p[1], g[1]))
    overlap = shared / (pw * ph + gw * gh - shared)
    dx = (g[0] + g[2] - p[0] - p[2]) / 2
    dy = (g[1] + g[3] - p[1] - p[3]) / 2
    sine = abs(dy) / math.hypot(dx, dy) if dx or dy else 0.0
    angle = 1 - 2 * math.sin(math.asin(sine) - math.pi / 4) ** 2
    cw, ch = max(p[2], g[2]) - min(p[0], g[0]), max(p[3], g[3]) - min(p[1], g[1])
    gamma = 2 - angle
    distance = sum(1 - math.exp(-gamma * rho) for rho in ((dx / cw) ** 2, (dy / ch) ** 2))
    shape = sum((1 - math.exp(-abs(a - b) / max(a, b))) ** 4 for a, b in ((pw, gw), (ph, gh)))
    return 1 - overlap + (distance + shape) / 2


BOXES = [
    ((0.2, 0.2, 0.6, 0.7), (0.25, 0.3, 0.7, 0.75)),
    ((0.0, 0.0, 0.2, 0.2), (0.5, 0.6, 0.9, 0.8)),
    ((0.1, 0.1, 0.5, 0.5), (0.1, 0.3, 0.5, 0.7)),
    ((-0.2, 0.1, 0.4, 0.3), (0.0, 0.0, 1.2, 1.0)),
]


@pytest.mark.parametrize(("predicted", "target"), BOXES)
def test_siou_equals_the_paper(predicted, target):
    loss = siou_loss(torch.tensor([predicted]), torch.tensor([target]))
    assert loss.item() == pytest.approx(reference_siou(predicted, target), abs=1e-5)


def test_siou_of_equal_boxes_is_zero():
    box = torch.tensor([[0.1, 0.2, 0.5, 0.9]])
    assert siou_loss(box, box).item() == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("predicted", "target"), BOXES)
def test_siou_gradient_equals_finite_differences(predicted, target):
    p = torch.tensor([predicted], dtype=torch.float64, requires_grad=True)
    g = torch.tensor([target], dtype=torch.float64)
    siou_loss(p, g).sum().backward()
    for i in range(4):
        step = torch.zeros(1, 4, dtype=torch.float64)
        step[0, i] = 1e-6
        slope = (siou_loss(p.detach() + step, g) - siou_loss(p.detach() - step, g)) / 2e-6
        # Where edges coincide the loss has a kink, and autograd gives one of its slopes.
        if not any(predicted[j] == target[j] for j in range(4)):
            assert p.grad[0, i].item() == pytest.approx(slope.item(), abs=1e-5)


@pytest.mark.parametrize(
    "predicted",
    [
        (0.5, 0.5, 0.5, 0.5),
        (0.7, 0.6, 0.2, 0.1),
        (0.4, 0.4, 0.6, 0.6),
        (9.0, 9.0, 9.5, 9.5),
        (0.3, 0.5, 0.9, 0.5),
    ],
)
@pytest.mark.parametrize("target", [(0.4, 0.4, 0.6, 0.6), (0.5, 0.5, 0.5, 0.5)])
def test_siou_of_degenerate_boxes_is_finite(predicted, target):
    p = torch.tensor([predicted], requires_grad=True)
    loss = siou_loss(p, torch.tensor([target]))
    loss.sum().backward()
    assert torch.isfinite(loss).all()
    assert torch.isfinite(p.grad).all()


def test_siou_pulls_a_distant_box_towards_the_target():
    p = torch.tensor([[0.0, 0.0, 0.1, 0.1]], requires_grad=True)
    siou_loss(p, torch.tensor([[0.6, 0.7, 0.8, 0.9]])).sum().backward()
    assert (p.grad < 0).any()
    assert p.grad.sum() < 0


def test_iou_of_known_boxes():
    first = torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    second = torch.tensor([[1.0, 1.0, 3.0, 3.0], [2.0, 2.0, 3.0, 3.0], [0.0, 0.0, 0.0, 0.0]])
    np.testing.assert_allclose(iou(first, second), [1 / 7, 0, 0], atol=1e-6)


def test_soft_targets_are_distributions_around_the_coordinate():
    target = soft_targets(torch.tensor([0.0, 0.5, -0.5, 1.5]), 605, 4.0)
    np.testing.assert_allclose(target.sum(-1), 1.0, atol=1e-6)
    bins = torch.arange(605.0)
    assert (target[1] * bins).sum().item() == pytest.approx(299.25, abs=1e-3)
    assert target[:, 600:].abs().max() == 0.0


def test_coordinate_loss_is_lowest_at_the_target():
    box = torch.tensor([[0.1, 0.2, 0.6, 0.9]])
    right = soft_targets(box, 605, 4.0).clamp_min(1e-9).log()
    wrong = soft_targets(box + 0.2, 605, 4.0).clamp_min(1e-9).log()
    entropy = -(soft_targets(box, 605, 4.0) * right).sum(-1).mean()
    assert coordinate_loss(right, box).item() == pytest.approx(entropy.item(), abs=1e-4)
    assert coordinate_loss(wrong, box) > coordinate_loss(right, box)


def test_expected_box_reads_the_paper_s_bins():
    logits = torch.full((1, 4, 605), -1e4)
    for i, index in enumerate((0, 150, 299, 599)):
        logits[0, i, index] = 0.0
    np.testing.assert_allclose(
        expected_box(logits)[0], [-0.5, 0.0, 299 / 300 - 0.5, 599 / 300 - 0.5], atol=1e-5
    )


def test_distillation_is_zero_for_equals_and_leaves_the_teacher_alone():
    student = torch.randn(2, 4, 605, requires_grad=True)
    teacher = torch.randn(2, 4, 605, requires_grad=True)
    assert distillation_loss(student, student).item() == pytest.approx(0.0, abs=1e-6)
    distillation_loss(student, teacher).backward()
    assert teacher.grad is None
    assert student.grad.abs().sum() > 0


def test_distillation_equals_the_divergence_of_known_distributions():
    student = torch.tensor([[0.5, 0.5]]).log()
    teacher = torch.tensor([[0.9, 0.1]]).log()
    expected = 0.9 * math.log(0.9 / 0.5) + 0.1 * math.log(0.1 / 0.5)
    assert distillation_loss(student, teacher).item() == pytest.approx(expected, abs=1e-6)


def test_inside_box_counts_token_centres_of_a_window():
    box = torch.tensor([[0.25, 0.5, 0.5, 0.75]])
    full = inside_box(box, torch.zeros(1, 2, dtype=torch.long), 8, 8).view(8, 8)
    assert full.sum() == 4
    window = inside_box(box, torch.tensor([[4, 2]]), 2, 8)
    assert window.tolist() == [[1.0, 1.0, 1.0, 1.0]]


def test_focus_loss_ignores_samples_without_a_visible_target():
    focus = torch.full((2, 4, 5), 0.2)
    inside = torch.tensor([[1.0, 0, 0, 0, 0], [0, 0, 0, 0, 0]])
    assert focus_loss(focus, inside).item() == pytest.approx(-math.log(0.2), abs=1e-5)


def test_token_box_loss_counts_inner_tokens_only():
    boxes = torch.zeros(1, 2, 4)
    boxes[0, 1] = 9.0
    target, inside = torch.full((1, 4), 0.5), torch.tensor([[1.0, 0.0]])
    assert token_box_loss(boxes, target, inside).item() == pytest.approx(0.5)


def test_cosine_rate_goes_from_one_to_the_floor():
    assert cosine_rate(0.0, 0.1) == pytest.approx(1.0)
    assert cosine_rate(0.5, 0.0) == pytest.approx(0.5)
    assert cosine_rate(2.0, 0.1) == pytest.approx(0.1)
