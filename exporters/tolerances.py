"""How far an exported model may be from PyTorch, by precision of its weights.

The first two levels judge single passes on equal feeds and are strict. With fp32 weights the
bundled model differs from PyTorch by 2e-6 of an output's range and by 3e-5 px a step; the
limits leave room for other CPUs and libraries. Rounding trained weights to fp16 changed
outputs by up to 5e-4 of their range and a step by up to 0.5 px.

A tracker feeds its boxes back, and a crop begins at a whole pixel: at the first tie even equal
graphs part by a pixel, and go on from there. Over 200 frames fp32 runs overlapped by 0.86
and more (0.985 on average), fp16 runs over three clips by 0.75 (0.954). So the third level
is what catches a model that tracks something else.
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
        trajectory_iou=0.70,
        trajectory_mean_iou=0.95,
    ),
    "fp16": Tolerances(
        tensor=5e-3,
        step_pixels=2.0,
        step_iou=0.97,
        trajectory_iou=0.50,
        trajectory_mean_iou=0.90,
    ),
}
