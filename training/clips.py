"""Short synthetic videos with boxes, for training on sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .appearance import draw_look
from .bank import Bank
from .config import ClipConfig, DataConfig
from .objects import Matrix
from .render import Crop
from .synthesis import Motion, Scene
from .view import View, draw_view, view_of

VIEW = 6.0
"""Side of the camera's view in units of the target's size."""


class Clip(TypedDict):
    """One clip, or a batch of them along a first axis.

    ``frames`` uint8 [N + 1, S, S, 3] RGB; ``boxes`` float32 [N + 1, 4], x0, y0, x1, y1
    in pixels.
    """

    frames: Tensor
    boxes: Tensor


@dataclass(frozen=True)
class Film:
    """A clip before its frames are drawn; ``boxes`` as of `Clip`."""

    frames: tuple[View, ...]
    boxes: NDArray[np.float32]


class ClipDataset(torch.utils.data.Dataset[Clip]):
    """Clips by index, endless, drawn on the CPU.

    Args:
        bank: images.
        data: shares of real and pasted targets.
        clip: length and size.
        seed: seed of the whole stream.
    """

    def __init__(self, bank: Bank, data: DataConfig, clip: ClipConfig, seed: int) -> None:
        self._bank, self._data, self._clip, self._seed = bank, data, clip, seed

    def plan(self, index: int) -> Film:
        """Clip ``index`` before it is drawn, a function of the seed and the index alone."""
        cv2.setNumThreads(1)
        rng = np.random.default_rng([self._seed, index])
        return plan_clip(self._bank, self._data, self._clip, rng)

    def __getitem__(self, index: int) -> Clip:
        """Clip ``index``."""
        film = self.plan(index)
        frames = np.stack([draw_view(self._bank, view) for view in film.frames])
        return {"frames": torch.from_numpy(frames), "boxes": torch.from_numpy(film.boxes)}


def plan_clip(bank: Bank, data: DataConfig, config: ClipConfig, rng: np.random.Generator) -> Film:
    """Film a scene: target, camera and bystanders move smoothly between random key frames."""
    scene = Scene(bank, data, rng)
    keys = [scene.motion(0.5 * min(k, 1), 0.5 * min(k, 1)) for k in range(config.keys)]
    positions = np.cumsum(rng.normal(0, 0.5, (config.keys, 3)) * (1.0, 1.0, 0.15), axis=0)
    positions = np.clip(positions - positions[0], -1.2, 1.2)
    strength = float(rng.uniform(0.0, 0.6))
    views, boxes = [], []
    for t in range(config.frames + 1):
        at = t / config.frames * (config.keys - 1)
        motion, position = _between(keys, at), _blend(positions, at)
        frame = scene.frame(motion, rng.random() < config.occluded)
        side = VIEW * float(np.exp(position[2]))
        crop = Crop(float(position[0]), float(position[1]), side, config.size)
        views.append(view_of(scene, frame, crop, draw_look(rng, config.size, strength)))
        boxes.append(frame.box(crop) * config.size)
    return Film(tuple(views), np.stack(boxes).astype(np.float32))


def _between(keys: list[Motion], at: float) -> Motion:
    index = min(int(at), len(keys) - 2)
    return keys[index].towards(keys[index + 1], at - index)


def _blend(values: Matrix, at: float) -> Matrix:
    index = min(int(at), len(values) - 2)
    share = at - index
    return np.asarray((1 - share) * values[index] + share * values[index + 1])
