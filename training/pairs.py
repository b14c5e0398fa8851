"""Training samples: template crops, a search crop and the box in it.

Sample ``i`` of seed ``s`` is always the same, whoever makes it: that is what lets a run
be stopped and continued, and made by any number of processes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypedDict

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .appearance import Look, draw_look
from .bank import Bank
from .config import DataConfig
from .render import Crop
from .synthesis import REACH, Frame, Scene
from .view import View, draw_view, view_of

SEARCH_FACTOR, TEMPLATE_FACTOR = 4.0, 2.0
PATCH, SLOTS = 16, 5
FIRST_ERROR = 0.015
"""Deviation of a user's box, units."""
MISS = 1.5
"""Deviation of a box that lost its target, units."""
BEND = 0.025
"""Deviation of the bending of real targets, sides of the crop."""


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


@dataclass(frozen=True)
class Pair:
    """A sample before its pictures are drawn; fields as of `Sample`."""

    templates: tuple[View, ...]
    search: View
    box: NDArray[np.float32]
    corner: NDArray[np.int64]
    kept: NDArray[np.int64]
    slots: NDArray[np.int64]

    def facts(self) -> dict[str, Tensor]:
        """What a sample says besides its pictures."""
        names = ("box", "corner", "kept", "slots")
        return {name: torch.from_numpy(getattr(self, name)) for name in names}


class PairDataset(torch.utils.data.Dataset[Sample]):
    """Pairs by index, endless, drawn on the CPU.

    Args:
        bank: images.
        config: what pairs look like.
        seed: seed of the whole stream.
    """

    def __init__(self, bank: Bank, config: DataConfig, seed: int) -> None:
        self._bank, self._config, self._seed = bank, config, seed

    def plan(self, index: int) -> Pair:
        """Sample ``index`` before it is drawn, a function of the seed and the index alone."""
        cv2.setNumThreads(1)
        return plan_pair(self._bank, self._config, np.random.default_rng([self._seed, index]))

    def __getitem__(self, index: int) -> Sample:
        """Sample ``index``."""
        pair = self.plan(index)
        templates = np.stack([draw_view(self._bank, view) for view in pair.templates])
        search = draw_view(self._bank, pair.search)
        facts = pair.facts()
        return {
            "templates": torch.from_numpy(templates),
            "search": torch.from_numpy(search),
            "box": facts["box"],
            "corner": facts["corner"],
            "kept": facts["kept"],
            "slots": facts["slots"],
        }


def plan_pair(bank: Bank, config: DataConfig, rng: np.random.Generator) -> Pair:
    """One sample from a fresh scene."""
    shot = _Shot(Scene(bank, config, rng), config, rng)
    slots = choose_slots(config.num_templates, rng)
    templates = tuple(shot.template(int(slot)) for slot in slots)
    search, box, corner = shot.search()
    if shot.mirrored:
        box = np.array([1 - box[2], box[1], 1 - box[0], box[3]])
        if config.window:
            corner[1] = config.search_size // PATCH - config.window - corner[1]
    return Pair(templates, search, box.astype(np.float32), corner, _kept(config, rng), slots)


class _Shot:
    """The views of one sample: how far things move, how much light and lens change."""

    def __init__(self, scene: Scene, config: DataConfig, rng: np.random.Generator) -> None:
        self._scene, self._config, self._rng = scene, config, rng
        self.mirrored = bool(rng.random() < 0.5)
        self._far = rng.random() > config.near_share
        self._strength = float(rng.uniform(0.0, 1.4))
        self._elastic = scene.real and rng.random() < 0.6
        self._grey = bool(rng.random() < 0.12)

    def template(self, slot: int) -> View:
        """Slot 0 is the user's box; later ones are centred on boxes that a tracker gave."""
        rng, config, first = self._rng, self._config, slot == 0
        late = 0.0 if first else slot / 4
        motion = self._scene.motion(0.8 * late, 0.4 * late)
        frame = self._scene.frame(motion, not first and rng.random() < 0.12)
        error = FIRST_ERROR if first else float(rng.exponential(config.template_error))
        missed = not first and rng.random() < config.wrong_share
        errors = (MISS if missed else error, error)
        return self._view(
            frame, _around(frame, TEMPLATE_FACTOR, config.template_size, rng, errors), late
        )

    def search(self) -> tuple[View, NDArray[np.float64], NDArray[np.int64]]:
        """The search region, the box in it, and the corner of the part that is drawn."""
        rng, config = self._rng, self._config
        motion = config.far_motion if self._far else config.near_motion
        frame = self._scene.frame(self._scene.motion(1.0, 0.5), rng.random() < 0.25)
        crop = _around(frame, SEARCH_FACTOR, config.search_size, rng, (motion, config.scale_jitter))
        box = frame.box(crop)
        corner = np.zeros(2, np.int64)
        if config.window:
            corner = _window(box, config, rng)
            grid = config.search_size // PATCH
            crop = crop.part(int(corner[1]), int(corner[0]), config.window, grid)
        return self._view(frame, crop, 1.0), box, corner

    def _view(self, frame: Frame, crop: Crop, share: float) -> View:
        """The view, looking as it does ``share`` (0..1) of the way from the first frame."""
        return view_of(self._scene, frame, crop, self._look(crop.size, share), self.mirrored)

    def _look(self, size: int, share: float) -> Look:
        return draw_look(
            self._rng,
            size,
            self._strength * max(share, 0.3),
            bend=BEND * share if self._elastic else 0.0,
            shaded=0.15 * share,
            grey=self._grey,
        )


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
