"""How far an exported model may be from PyTorch, by precision of its weights.

With fp32 weights the bundled model differs from PyTorch by 2e-6 of an output's range,
by 3e-5 px a step, and its boxes overlap by 0.99999 in every frame of the bundled clip;
the limits leave room for other CPUs and libraries. Rounding trained fp32 weights
to fp16 changed outputs by up to 5e-4 of their range and a step by up to 0.5 px; the tracker
feeds its boxes back, so over three clips trajectories parted to overlaps of 0.75 to 0.88
in their worst frames and 0.954 to 0.965 on average. So the first two levels are what
catches a wrong graph in fp16, and the third only a broken one.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Tolerances(BaseModel):
    """Limits of the three levels.

    Attributes:
        tensor: largest difference of an output, over the largest value of that output.
        step_pixels: largest difference of a box's edge after one pass on equal feeds.
        step_iou: smallest overlap of the boxes after one pass.
        trajectory_iou: smallest overlap in any frame of a replayed clip.
        trajectory_mean_iou: smallest mean overlap over the clip.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tensor: float
    step_pixels: float
    step_iou: float
    trajectory_iou: float
    trajectory_mean_iou: float


TOLERANCES = {
    "fp32": Tolerances(
        tensor=1e-4,
        step_pixels=0.02,
        step_iou=0.999,
        trajectory_iou=0.99,
        trajectory_mean_iou=0.999,
    ),
    "fp16": Tolerances(
        tensor=5e-3,
        step_pixels=2.0,
        step_iou=0.97,
        trajectory_iou=0.50,
        trajectory_mean_iou=0.90,
    ),
}
