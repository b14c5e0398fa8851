"""Training samples: template crops, a search crop and the box in it.

Sample ``i`` of seed ``s`` is always the same, whoever makes it: that is what lets a run
be stopped and continued, and made by any number of processes.
"""

from __future__ import annotations

import math
from typing import TypedDict

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .appearance import degrade, relight, shade
from .bank import Bank
from .config import DataConfig
from .cutouts import Image
from .render import Crop
from .synthesis import REACH, Frame, Scene

SEARCH_FACTOR, TEMPLATE_FACTOR = 4.0, 2.0
PATCH, SLOTS = 16, 5
FIRST_ERROR = 0.015
"""Deviation of a user's box, units."""
MISS = 1.5
"""Deviation of a box that lost its target, units."""


class Sample(TypedDict):
    """One training sample, or a batch of them along a first axis.

    ``templates`` uint8 [K, T, T, 3] RGB; ``search`` uint8 [S, S, 3] RGB; ``box`` float32
    [4], x0, y0, x1, y1 in units of the full search crop; ``corner`` int64 [2], the row
    and column of the first rendered search patch; ``kept`` int64 [K, M], the tokens of
    each template that count, ascending; ``slots`` int64 [K], the slot of the template
    memory that each template sits in, 0 for the first frame to 4 for the newest.
    """

    templates: Tensor
    search: Tensor
    box: Tensor
    corner: Tensor
    kept: Tensor
    slots: Tensor


class PairDataset(torch.utils.data.Dataset[Sample]):
    """Pairs by index, endless.

    Args:
        bank: images.
        config: what pairs look like.
        seed: seed of the whole stream.
    """

    def __init__(self, bank: Bank, config: DataConfig, seed: int) -> None:
        self._bank, self._config, self._seed = bank, config, seed

    def __getitem__(self, index: int) -> Sample:
        """Sample ``index``, a function of the seed and the index alone."""
        cv2.setNumThreads(1)
        return make_pair(self._bank, self._config, np.random.default_rng([self._seed, index]))


def make_pair(bank: Bank, config: DataConfig, rng: np.random.Generator) -> Sample:
    """One sample from a fresh scene."""
    scene = Scene(bank, config, rng)
    look = _Look(rng, scene.real)
    far = rng.random() > config.near_share
    slots = choose_slots(config.num_templates, rng)
    templates = [_template(scene, config, rng, look, int(slot)) for slot in slots]
    search, box, corner = _search(scene, config, rng, look, far)
    stack = np.stack(templates)
    if rng.random() < 0.5:
        stack, search = stack[:, :, ::-1], search[:, ::-1]
        box = np.array([1 - box[2], box[1], 1 - box[0], box[3]])
        if config.window:
            corner[1] = config.search_size // PATCH - config.window - corner[1]
    return {
        "templates": torch.from_numpy(np.ascontiguousarray(stack[..., ::-1])),
        "search": torch.from_numpy(np.ascontiguousarray(search[..., ::-1])),
        "box": torch.from_numpy(box.astype(np.float32)),
        "corner": torch.from_numpy(corner),
        "kept": torch.from_numpy(_kept(config, rng)),
        "slots": torch.from_numpy(slots),
    }


class _Look:
    """How much light and lens change between the frames of a sample."""

    def __init__(self, rng: np.random.Generator, real: bool) -> None:
        self._rng = rng
        self.strength = float(rng.uniform(0.0, 1.4))
        self.elastic = real and rng.random() < 0.6
        self.grey = rng.random() < 0.12

    def apply(self, image: Image, share: float) -> Image:
        """The image as it looks ``share`` (0..1) of the way from the first frame."""
        rng = self._rng
        if self.elastic and share > 0:
            image = _elastic(image, rng, 0.025 * share)
        image = relight(image, rng, self.strength * max(share, 0.3))
        if rng.random() < 0.15 * share:
            image = shade(image, rng)
        image = degrade(image, rng)
        if self.grey:
            image = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
        return image


def _template(
    scene: Scene, config: DataConfig, rng: np.random.Generator, look: _Look, slot: int
) -> Image:
    """Slot 0 is the user's box; later ones are centred on boxes that a tracker gave."""
    first = slot == 0
    late = 0.0 if first else slot / 4
    frame = scene.frame(scene.motion(0.8 * late, 0.4 * late), not first and rng.random() < 0.12)
    error = FIRST_ERROR if first else float(rng.exponential(config.template_error))
    missed = not first and rng.random() < config.wrong_share
    crop = _around(
        frame, TEMPLATE_FACTOR, config.template_size, rng, (MISS if missed else error, error)
    )
    return look.apply(scene.draw(frame, crop), late)


def _search(
    scene: Scene, config: DataConfig, rng: np.random.Generator, look: _Look, far: bool
) -> tuple[Image, NDArray[np.float64], NDArray[np.int64]]:
    motion = config.far_motion if far else config.near_motion
    frame = scene.frame(scene.motion(1.0, 0.5), rng.random() < 0.25)
    crop = _around(frame, SEARCH_FACTOR, config.search_size, rng, (motion, config.scale_jitter))
    box = frame.box(crop)
    corner = np.zeros(2, np.int64)
    if config.window:
        corner = _window(box, config, rng)
        grid = config.search_size // PATCH
        crop = crop.part(int(corner[1]), int(corner[0]), config.window, grid)
    return look.apply(scene.draw(frame, crop), 1.0), box, corner


def _around(
    frame: Frame, factor: float, size: int, rng: np.random.Generator, errors: tuple[float, float]
) -> Crop:
    """A crop around the target; ``errors`` are deviations of place (units) and log scale."""
    motion, zoom = errors
    unit = frame.size * math.exp(float(np.clip(rng.normal(0.0, zoom), -0.6, 0.6)))
    x0, y0, x1, y1 = frame.extent
    middle = frame.centre + np.array([x0 + x1, y0 + y1]) / 2
    offset = np.clip(rng.normal(0.0, motion, 2), -REACH, REACH) * unit
    return Crop(float(middle[0] + offset[0]), float(middle[1] + offset[1]), factor * unit, size)


def _window(
    box: NDArray[np.float64], config: DataConfig, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Row and column of a window of patches that holds the target's centre."""
    grid, count = config.search_size // PATCH, config.window
    middle = np.array([box[1] + box[3], box[0] + box[2]]) / 2 * grid
    low = np.clip(middle - count + 1.5, 0, grid - count)
    high = np.clip(middle - 1.5, low, grid - count)
    return np.rint(rng.uniform(low, high)).astype(np.int64)


def choose_slots(count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Ascending slots of ``count`` templates: the first, the newest, others at random."""
    if count == 1:
        return np.zeros(1, np.int64)
    between = rng.choice(np.arange(1, SLOTS - 1), size=count - 2, replace=False)
    return np.sort(np.concatenate([[0, SLOTS - 1], between])).astype(np.int64)


def _kept(config: DataConfig, rng: np.random.Generator) -> NDArray[np.int64]:
    """Tokens that survive pruning, [K, M]: the target's middle first, others at random."""
    side = config.template_size // PATCH
    count = config.template_keep or side * side
    rank = rng.random((config.num_templates, side, side))
    low, high = side // 2 - 1, side - side // 2 + 1
    rank[:, low:high, low:high] += 1.0
    order = np.argsort(-rank.reshape(config.num_templates, -1), axis=1)
    return np.sort(order[:, :count], axis=1)


def _elastic(image: Image, rng: np.random.Generator, amount: float) -> Image:
    """A smooth random bending by about ``amount`` of the crop's side."""
    h, w = image.shape[:2]
    coarse = rng.normal(0.0, amount, (4, 4, 2)).astype(np.float32)
    field = cv2.resize(coarse, (w, h), interpolation=cv2.INTER_CUBIC) * np.float32(w)
    columns, rows = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    bent = cv2.remap(
        image,
        columns + field[..., 0],
        rows + field[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(bent, np.uint8)
