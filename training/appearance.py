"""What light, lens and sensor do to a view: drawn at random first, applied afterwards."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .cutouts import Image

Floats = NDArray[np.float32]
RESOLUTIONS = (0.45, 0.55, 0.65, 0.75, 0.85, 0.95)
"""Shares of the pixels per side that a bad lens leaves."""
BLUR_REACH = 0.03
"""Longest half blur, in sides of the view."""
BEND_CELLS = 4


@dataclass(frozen=True)
class Look:
    """The appearance of one view.

    Attributes:
        bend: float32 [4, 4, 2], a coarse field of shifts (x, y) in sides; None: none.
        gamma: exponent of the values 0..1.
        gains: factors of blue, green and red.
        offset: what is added to the values 0..1.
        shadow: float32 [2, 2], brightness at the corners; None: none.
        blur: float32 [K, K] kernel of focus or motion blur, K from `blur_side`; None: none.
        resolution: share of the pixels per side that is left, one of `RESOLUTIONS` or 1.
        noise: standard deviation in grey levels.
        seed: of the noise.
        quality: of JPEG compression; 0: none.
        grey: whether colour is lost.
    """

    gamma: float
    gains: Floats
    offset: float
    bend: Floats | None = None
    shadow: Floats | None = None
    blur: Floats | None = None
    resolution: float = 1.0
    noise: float = 0.0
    seed: int = 0
    quality: int = 0
    grey: bool = False


def blur_side(size: int) -> int:
    """Side of the blur kernel of a view of ``size`` pixels."""
    return 2 * max(1, round(size * BLUR_REACH)) + 1


def draw_look(
    rng: np.random.Generator,
    size: int,
    strength: float,
    *,
    bend: float = 0.0,
    shaded: float = 0.0,
    grey: bool = False,
) -> Look:
    """A random look.

    Args:
        rng: source of randomness.
        size: side of the view in pixels.
        strength: how far light and colour may change.
        bend: standard deviation of the bending, in sides.
        shaded: probability of a shadow.
        grey: whether colour is lost.
    """
    cells = (BEND_CELLS, BEND_CELLS, 2)
    field = rng.normal(0.0, bend, cells).astype(np.float32) if bend else None
    gains = (1.0 + rng.normal(0.0, 0.12 * strength)) * (1.0 + rng.normal(0.0, 0.05 * strength, 3))
    gamma = math.exp(rng.normal(0.0, 0.15 * strength))
    offset = float(rng.normal(0.0, 0.04 * strength))
    shadow = rng.uniform(0.45, 1.15, (2, 2)).astype(np.float32) if rng.random() < shaded else None
    blur, resolution, kind = None, 1.0, rng.random()
    if kind < 0.12:
        blur = _motion_kernel(size, rng)
    elif kind < 0.22:
        blur = _focus_kernel(size, rng)
    elif kind < 0.4:
        resolution = RESOLUTIONS[int(rng.integers(len(RESOLUTIONS)))]
    return Look(
        gamma=gamma,
        gains=gains.astype(np.float32),
        offset=offset,
        bend=field,
        shadow=shadow,
        blur=blur,
        resolution=resolution,
        noise=float(rng.uniform(2.0, 9.0)) if rng.random() < 0.2 else 0.0,
        seed=int(rng.integers(1 << 30)),
        quality=int(rng.integers(35, 90)) if rng.random() < 0.15 else 0,
        grey=grey,
    )


def _motion_kernel(size: int, rng: np.random.Generator) -> Floats:
    side = blur_side(size)
    kernel = np.zeros((side, side), np.float32)
    angle, length = rng.uniform(0.0, math.pi), max(1, round(size * rng.uniform(0.008, BLUR_REACH)))
    reach = np.array([math.cos(angle), math.sin(angle)]) * length
    middle = np.array([side // 2, side // 2])
    start, end = np.rint(middle - reach).astype(int), np.rint(middle + reach).astype(int)
    cv2.line(kernel, start.tolist(), end.tolist(), 1.0)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _focus_kernel(size: int, rng: np.random.Generator) -> Floats:
    line = cv2.getGaussianKernel(blur_side(size), size * rng.uniform(0.003, 0.01))
    return np.asarray(line @ line.T, np.float32)


def apply_look(image: Image, look: Look) -> Image:
    """An image as it looks: uint8 BGR [S, S, 3] in, the same out."""
    if look.bend is not None:
        image = _bent(image, look.bend)
    image = _relit(image, look)
    if look.shadow is not None:
        image = _shaded(image, look.shadow)
    if look.blur is not None:
        image = np.asarray(cv2.filter2D(image, -1, look.blur), np.uint8)
    if look.resolution < 1.0:
        image = _coarse(image, look.resolution)
    if look.noise:
        image = _noisy(image, look)
    if look.quality:
        coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, look.quality])[1]
        image = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    if look.grey:
        image = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    return image


def _bent(image: Image, bend: Floats) -> Image:
    h, w = image.shape[:2]
    field = cv2.resize(bend, (w, h), interpolation=cv2.INTER_CUBIC) * np.float32(w)
    columns, rows = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    bent = cv2.remap(
        image,
        columns + field[..., 0],
        rows + field[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(bent, np.uint8)


def _relit(image: Image, look: Look) -> Image:
    curve = (np.arange(256, dtype=np.float32) / 255.0) ** look.gamma
    table = np.clip((curve[:, None] * look.gains + look.offset) * 255.0, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(image, table[None]), np.uint8)


def _shaded(image: Image, corners: Floats) -> Image:
    h, w = image.shape[:2]
    field = cv2.resize(corners, (w, h), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(image * field[..., None], 0, 255), np.uint8)


def _coarse(image: Image, resolution: float) -> Image:
    h, w = image.shape[:2]
    size = max(4, int(w * resolution)), max(4, int(h * resolution))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR), np.uint8)


def _noisy(image: Image, look: Look) -> Image:
    noise = np.empty(image.shape, np.int16)
    cv2.setRNGSeed(look.seed)
    cv2.randn(noise, np.zeros(3), np.full(3, look.noise))
    return np.asarray(np.clip(image + noise, 0, 255), np.uint8)
