"""A small bank of generated images: training runs anywhere, without any data."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from .bank import BankWriter
from .cutouts import Image

SIDE = 192


def write_generated_bank(pack: Path, seed: int = 0, photos: int = 24, objects: int = 48) -> None:
    """Write a pack of textures and shapes.

    Args:
        pack: folder to write.
        seed: of the images.
        photos: textures that serve as photos.
        objects: shapes with transparency.
    """
    rng = np.random.default_rng(seed)
    with BankWriter(pack) as writer:
        for _ in range(photos):
            writer.add("photos", texture(rng, SIDE))
        for _ in range(objects):
            writer.add("objects", shape(rng))


def texture(rng: np.random.Generator, side: int) -> Image:
    """Smooth colour noise of several scales with some blobs: uint8 [side, side, 3]."""
    image = np.zeros((side, side, 3), np.float32)
    for cells, weight in ((3, 70.0), (9, 35.0), (30, 18.0)):
        coarse = rng.normal(0.0, weight, (cells, cells, 3)).astype(np.float32)
        image += cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    canvas = np.clip(image + rng.uniform(70, 180, 3), 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(2, 9))):
        at = [int(v) for v in rng.integers(0, side, 2)]
        colour = [int(v) for v in rng.integers(0, 256, 3)]
        cv2.circle(canvas, at, int(rng.integers(4, side // 6)), colour, -1, cv2.LINE_AA)
    return canvas


def shape(rng: np.random.Generator) -> Image:
    """A textured polygon or ellipse: uint8 [h, w, 4]."""
    h, w = (int(v) for v in rng.integers(56, 112, 2))
    alpha = np.zeros((h, w), np.uint8)
    if rng.random() < 0.5:
        cv2.ellipse(alpha, (w // 2, h // 2), (w // 2 - 1, h // 2 - 1), 0, 0, 360, 255, -1)
    else:
        turns = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(4, 9))))
        corners = np.stack([np.cos(turns), np.sin(turns)], axis=1) * 0.48 + 0.5
        cv2.fillPoly(alpha, [(corners * (w, h)).astype(np.int32)], 255)
    colour = cv2.resize(texture(rng, 96), (w, h), interpolation=cv2.INTER_AREA)
    return np.dstack([colour, alpha])
