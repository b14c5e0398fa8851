"""Objects that scenes are filled with: images of the bank, and pieces of its photos."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .bank import Bank
from .config import DataConfig
from .cutouts import Image

Matrix = NDArray[np.float64]
OUTLINE = 16
"""Most corners of a piece of a photo."""


@dataclass(frozen=True)
class Sprite:
    """The picture of an object, and where the bank has it.

    Attributes:
        image: uint8 [h, w, 4] BGR and alpha.
        index: the image of the bank (photos first, then objects) that it is part of.
        x: first column of the part.
        y: first row of the part.
        mirrored: whether ``image`` is the mirrored part.
        outline: [V, 2] corners (pixels of the part) of the polygon that is visible; None:
            the bank's image has transparency of its own.
    """

    image: Image
    index: int
    x: int = 0
    y: int = 0
    mirrored: bool = False
    outline: Matrix | None = None

    @property
    def log_size(self) -> float:
        """Logarithm of the square root of the picture's area, pixels."""
        return math.log(self.image.shape[0] * self.image.shape[1]) / 2


def draw_object(bank: Bank, config: DataConfig, rng: np.random.Generator) -> Sprite:
    """A random object: drawn, cut out of a photo, or a piece of texture."""
    if not bank.objects or rng.random() < 0.12:
        return _texture(bank, rng)
    low, high = 0, bank.cut
    if bank.cut < len(bank.objects) and (not bank.cut or rng.random() < config.cut_share):
        low, high = bank.cut, len(bank.objects)
    index = int(rng.integers(low, high))
    image, mirrored = bank.objects[index], bool(rng.random() < 0.5)
    shown = image[:, ::-1] if mirrored else image
    return Sprite(shown, len(bank.photos) + index, mirrored=mirrored)


def _texture(bank: Bank, rng: np.random.Generator) -> Sprite:
    """A rectangle, ellipse or polygon cut at random from a photo."""
    index = int(rng.integers(len(bank.photos)))
    photo = bank.photos[index]
    h, w = (max(24, int(rng.uniform(0.12, 0.4) * s)) for s in photo.shape[:2])
    y, x = int(rng.integers(photo.shape[0] - h)), int(rng.integers(photo.shape[1] - w))
    outline = np.rint(_outline(rng) * (w - 1, h - 1))
    alpha = np.zeros((h, w), np.uint8)
    cv2.fillPoly(alpha, [outline.astype(np.int32)], 255)
    image = np.dstack([photo[y : y + h, x : x + w], alpha])
    return Sprite(image, index, x, y, outline=outline)


def _outline(rng: np.random.Generator) -> Matrix:
    """Corners [V, 2] of a rectangle, an ellipse or a star-shaped polygon in the unit square."""
    kind = rng.random()
    if kind < 0.35:
        return np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    if kind < 0.6:
        turns, reach = np.arange(OUTLINE) * (2 * math.pi / OUTLINE), np.full(OUTLINE, 0.5)
    else:
        turns = np.sort(rng.uniform(0, 2 * math.pi, int(rng.integers(5, 10))))
        reach = rng.uniform(0.55, 1.0, len(turns)) / 2
    return np.stack([np.cos(turns) * reach + 0.5, np.sin(turns) * reach + 0.5], axis=1)
