"""What light, lens and sensor do to a crop."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .cutouts import Image


def relight(image: Image, rng: np.random.Generator, strength: float) -> Image:
    """Gain, offset, gamma and colour cast: uint8 BGR in, the same out."""
    levels = np.arange(256, dtype=np.float32) / 255.0
    curve = levels ** math.exp(rng.normal(0.0, 0.15 * strength))
    gains = (1.0 + rng.normal(0.0, 0.12 * strength)) * (1.0 + rng.normal(0.0, 0.05 * strength, 3))
    offset = rng.normal(0.0, 0.04 * strength)
    table = np.clip((curve[:, None] * gains + offset) * 255.0, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(image, table[None]), np.uint8)


def shade(image: Image, rng: np.random.Generator) -> Image:
    """A smooth shadow over part of the crop."""
    h, w = image.shape[:2]
    corners = rng.uniform(0.45, 1.15, (2, 2)).astype(np.float32)
    field = cv2.resize(corners, (w, h), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(image * field[..., None], 0, 255), np.uint8)


def degrade(image: Image, rng: np.random.Generator) -> Image:
    """Blur of focus or motion, loss of resolution, compression, noise; each sometimes."""
    kind = rng.random()
    if kind < 0.12:
        image = _motion_blur(image, rng)
    elif kind < 0.22:
        sigma = image.shape[0] * rng.uniform(0.003, 0.01)
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
    elif kind < 0.4:
        image = _low_resolution(image, rng)
    if rng.random() < 0.2:
        noise = np.empty(image.shape, np.int16)
        cv2.setRNGSeed(int(rng.integers(1 << 30)))
        cv2.randn(noise, np.zeros(3), np.full(3, rng.uniform(2.0, 9.0)))
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.15:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 90))]
        coded = cv2.imencode(".jpg", image, quality)[1]
        image = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return image


def _motion_blur(image: Image, rng: np.random.Generator) -> Image:
    size = 2 * max(1, round(image.shape[0] * rng.uniform(0.008, 0.03))) + 1
    angle = rng.uniform(0.0, math.pi)
    kernel = np.zeros((size, size), np.float32)
    reach = np.array([math.cos(angle), math.sin(angle)]) * (size // 2)
    middle = np.array([size // 2, size // 2])
    start, end = np.rint(middle - reach).astype(int), np.rint(middle + reach).astype(int)
    cv2.line(kernel, start.tolist(), end.tolist(), 1.0)
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def _low_resolution(image: Image, rng: np.random.Generator) -> Image:
    h, w = image.shape[:2]
    k = rng.uniform(0.45, 0.95)
    small = cv2.resize(
        image, (max(4, int(w * k)), max(4, int(h * k))), interpolation=cv2.INTER_AREA
    )
    return np.asarray(cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR), np.uint8)
