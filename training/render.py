"""A flat world seen through crops: one photo behind, objects with transparency before it.

World coordinates have the target's size (square root of its area, first frame) as unit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from .cutouts import Image
from .objects import Matrix, Sprite


@dataclass(frozen=True)
class Pose:
    """Shape of an object: log scale, rotation (radians), shear, log aspect (x over y)."""

    scale: float = 0.0
    rotation: float = 0.0
    shear: float = 0.0
    aspect: float = 0.0

    def matrix(self) -> Matrix:
        """Linear map [2, 2] from the object's own coordinates to world directions."""
        c, s = math.cos(self.rotation), math.sin(self.rotation)
        turn = np.array([[c, -s], [s, c]]) @ np.array([[1.0, self.shear], [0.0, 1.0]])
        stretch = np.diag([math.exp(self.aspect / 2), math.exp(-self.aspect / 2)])
        return np.asarray(turn @ stretch * math.exp(self.scale), np.float64)


@dataclass(frozen=True)
class Layer:
    """An object in the world: its picture, the centre it hangs at and its linear map."""

    sprite: Sprite
    centre: Matrix
    linear: Matrix


@dataclass(frozen=True)
class Crop:
    """A square window on the world: centre and side in units, output side in pixels."""

    x: float
    y: float
    side: float
    size: int

    def to_pixels(self, points: Matrix) -> Matrix:
        """World points [N, 2] to pixels of the crop."""
        k = self.size / self.side
        moved = (points - np.array([self.x, self.y])) * k + self.size / 2
        return np.asarray(moved, np.float64)

    def part(self, column: int, row: int, count: int, grid: int) -> Crop:
        """The sub-crop of ``count`` x ``count`` patches from patch (row, column) on."""
        patch = self.side / grid
        side = count * patch
        x = self.x - self.side / 2 + column * patch + side / 2
        y = self.y - self.side / 2 + row * patch + side / 2
        return Crop(x, y, side, self.size * count // grid)


def alpha_extent(image: Image, linear: Matrix) -> tuple[float, float, float, float] | None:
    """Bounds of an object's visible part around its centre under ``linear``: x0, y0, x1, y1."""
    rows, columns = np.nonzero(image[::2, ::2, 3] > 100)
    if len(rows) < 8:
        return None
    h, w = image.shape[:2]
    points = linear @ np.stack([columns * 2 + 0.5 - w / 2, rows * 2 + 0.5 - h / 2])
    low, high = points.min(axis=1), points.max(axis=1)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def photo_map(world_to_photo: Matrix, crop: Crop) -> Matrix:
    """Affine [2, 3] from a crop's pixels to those of the photo (pixel centres are whole).

    Args:
        world_to_photo: affine [2, 3] from units to photo pixels.
        crop: the window.
    """
    step = crop.side / crop.size
    corner = np.array([crop.x - crop.side / 2, crop.y - crop.side / 2]) + step / 2
    offset = world_to_photo[:, :2] @ corner + world_to_photo[:, 2] - 0.5
    return np.concatenate([world_to_photo[:, :2] * step, offset[:, None]], axis=1)


def draw_background(photo: Image, world_to_photo: Matrix, crop: Crop, border: int) -> Image:
    """The photo through the crop, uint8 [size, size, 3].

    Args:
        photo: uint8 [H, W, 3].
        world_to_photo: affine [2, 3] from units to photo pixels.
        crop: the window.
        border: OpenCV border mode for what lies outside the photo.
    """
    mapped = photo_map(world_to_photo, crop)
    linear, offset = mapped[:, :2], mapped[:, 2]
    shrink = math.sqrt(abs(np.linalg.det(linear)))
    if shrink > 1.6:
        photo, linear, offset = _presized(photo, linear, offset, shrink, crop.size)
    inverse = np.concatenate([linear, offset[:, None]], axis=1)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (crop.size, crop.size)
    return np.asarray(
        cv2.warpAffine(photo, inverse, size, flags=flags, borderMode=border), np.uint8
    )


def _presized(
    photo: Image, linear: Matrix, offset: Matrix, shrink: float, size: int
) -> tuple[Image, Matrix, Matrix]:
    """Cut the needed part and shrink it first, so that bilinear sampling does not alias."""
    ends = np.array([[0, 0, size, size], [0, size, 0, size]])
    seen = linear @ ends + offset[:, None]
    h, w = photo.shape[:2]
    x0, y0 = (int(v) for v in np.clip(np.floor(seen.min(axis=1)) - 4, 0, (w - 8, h - 8)))
    x1, y1 = (int(v) for v in np.clip(np.ceil(seen.max(axis=1)) + 4, (x0 + 8, y0 + 8), (w, h)))
    k = 1.25 / shrink
    target = max(4, round((x1 - x0) * k)), max(4, round((y1 - y0) * k))
    small = cv2.resize(photo[y0:y1, x0:x1], target, interpolation=cv2.INTER_AREA)
    ratio = np.array([target[0] / (x1 - x0), target[1] / (y1 - y0)])
    offset = (offset + 0.5 - np.array([x0, y0])) * ratio - 0.5
    return np.asarray(small, np.uint8), linear * ratio[:, None], offset


def draw_layer(canvas: Image, layer: Layer, crop: Crop) -> None:
    """Composite an object onto the crop in place; only its own rectangle is touched."""
    image = layer.sprite.image
    h, w = image.shape[:2]
    linear = layer.linear * (crop.size / crop.side)
    centre = crop.to_pixels(layer.centre[None])[0]
    reach = np.abs(linear) @ np.array([w / 2, h / 2]) + 1
    x0, y0 = (int(v) for v in np.clip(np.floor(centre - reach), 0, crop.size))
    x1, y1 = (int(v) for v in np.clip(np.ceil(centre + reach), 0, crop.size))
    if x1 - x0 < 1 or y1 - y0 < 1:
        return
    shrink = math.sqrt(abs(np.linalg.det(linear)))
    if shrink < 0.6:
        target = max(2, round(w * shrink * 1.25)), max(2, round(h * shrink * 1.25))
        image = np.asarray(cv2.resize(image, target, interpolation=cv2.INTER_AREA), np.uint8)
        linear = linear @ np.diag([w / target[0], h / target[1]])
        w, h = target
    offset = centre - np.array([x0, y0]) - 0.5 - linear @ np.array([w / 2 - 0.5, h / 2 - 0.5])
    affine = np.concatenate([linear, offset[:, None]], axis=1)
    drawn = cv2.warpAffine(image, affine, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
    alpha = drawn[..., 3:].astype(np.float32) / 255.0
    region = canvas[y0:y1, x0:x1]
    region[:] = (region + alpha * (drawn[..., :3].astype(np.float32) - region)).astype(np.uint8)
