"""The bank's images on a device, with smaller copies, read many at once."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .bank import Bank
from .cutouts import Image

LEVELS = 5
SMALLEST = 8
"""Shortest side of a smaller copy, pixels."""


class DeviceBank:
    """All images of a bank as RGBA, each at up to five sizes that halve.

    Args:
        bank: the images; photos come first, then objects.
        device: where they go. They take 16/9 of a pack of photos.
    """

    def __init__(self, bank: Bank, device: torch.device) -> None:
        images = [*bank.photos, *bank.objects]
        tables = np.zeros((3, len(images), LEVELS), np.int64)
        at = 0
        for i, image in enumerate(images):
            for level, (height, width) in enumerate(_sizes(image)):
                tables[:, i, level] = at, width, height
                at += height * width
        texels = torch.empty((at, 4), dtype=torch.uint8)
        for i, image in enumerate(images):
            start = int(tables[0, i, 0])
            values = np.concatenate([c.reshape(-1, 4) for c in _copies(image)])
            texels[start : start + len(values)] = torch.from_numpy(values)
        self._texels = texels.view(torch.int32)[:, 0].to(device)
        self._start, self._width, self._height = torch.from_numpy(tables).to(device).unbind(0)
        self._levels = torch.tensor([len(_sizes(i)) for i in images], device=device)

    def levels(self, index: Tensor, shrink: Tensor) -> Tensor:
        """The copies that suit views which shrink images ``index`` [N] by ``shrink`` [N]."""
        wanted = shrink.clamp_min(1.0).log2().round().long()
        return wanted.minimum(self._levels[index] - 1)

    def sizes(self, index: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
        """Widths and heights [N] of copies."""
        return self._width[index, level], self._height[index, level]

    def read(self, index: Tensor, level: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Texels at whole places inside a copy.

        Args:
            index: [N] images.
            level: [N] copies of them.
            x: int64 [N, H, W] columns.
            y: int64 [N, H, W] rows.

        Returns:
            float32 [N, H, W, 4] RGBA, 0..255.
        """
        start, width = (t[index, level].view(-1, 1, 1) for t in (self._start, self._width))
        found = self._texels[start + y * width + x]
        return found.view(torch.uint8).view(*x.shape, 4).float()


def _sizes(image: Image) -> list[tuple[int, int]]:
    """Heights and widths of an image's copies."""
    height, width = image.shape[:2]
    sizes = [(height, width)]
    while len(sizes) < LEVELS and min(height, width) >= 2 * SMALLEST:
        height, width = height // 2, width // 2
        sizes.append((height, width))
    return sizes


def _copies(image: Image) -> Iterator[NDArray[np.uint8]]:
    """An image and its smaller copies, uint8 [h, w, 4] RGBA."""
    code = cv2.COLOR_BGR2RGBA if image.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
    current = np.asarray(cv2.cvtColor(image, code), np.uint8)
    for height, width in _sizes(image):
        if current.shape[:2] != (height, width):
            smaller = cv2.resize(current, (width, height), interpolation=cv2.INTER_AREA)
            current = np.asarray(smaller, np.uint8)
        yield current
