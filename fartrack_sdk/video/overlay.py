"""Draw a result over its frame."""

from __future__ import annotations

import cv2
import numpy as np

from .frames import Image
from .session import Step

COLORS = {
    "INIT": (255, 200, 60),
    "TRACKING": (90, 210, 60),
    "UNCERTAIN": (0, 180, 255),
    "LOST": (60, 60, 235),
}
"""BGR by state."""

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_REFERENCE_SIDE = 720.0
"""Shorter side, pixels, at which lines are 3 px wide and letters have scale 0.7."""


def draw(step: Step, fps: float | None = None) -> Image:
    """The frame with box, state and score; line widths follow the resolution.

    Args:
        step: a frame and where the target is in it.
        fps: frames per second to show, or None.

    Returns:
        A new image, uint8 [H, W, 3], BGR; the frame is not touched.
    """
    image: Image = np.array(step.frame.image, dtype=np.uint8, order="C")
    scale = min(image.shape[:2]) / _REFERENCE_SIDE
    line = max(1, round(3 * scale))
    color = COLORS[step.state]
    x, y, w, h = step.box.as_int()
    cv2.rectangle(image, (x, y), (x + w, y + h), (0, 0, 0), line + 2, cv2.LINE_AA)
    cv2.rectangle(image, (x, y), (x + w, y + h), color, line, cv2.LINE_AA)
    label = step.state if step.result is None else f"{step.state} {step.result.score:.2f}"
    _text(image, label, (x, y), color, scale, above=True)
    corner = f"frame {step.frame.index}" + ("" if fps is None else f"  {fps:.0f} fps")
    _text(image, corner, (0, 0), (255, 255, 255), scale, above=False)
    return image


def _text(
    image: Image,
    text: str,
    at: tuple[int, int],
    color: tuple[int, int, int],
    scale: float,
    *,
    above: bool,
) -> None:
    """Dark letters on a filled plate, kept inside the image."""
    size, thick = max(0.35, 0.7 * scale), max(1, round(1.6 * scale))
    (width, height), baseline = cv2.getTextSize(text, _FONT, size, thick)
    pad = max(2, round(6 * scale))
    plate_w, plate_h = width + 2 * pad, height + baseline + pad
    left = max(0, min(at[0], image.shape[1] - plate_w))
    top = max(0, min(at[1] - plate_h if above else at[1], image.shape[0] - plate_h))
    cv2.rectangle(image, (left, top), (left + plate_w, top + plate_h), color, cv2.FILLED)
    origin = (left + pad, top + height + pad // 2)
    cv2.putText(image, text, origin, _FONT, size, (20, 20, 20), thick, cv2.LINE_AA)
