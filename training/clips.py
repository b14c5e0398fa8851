"""Short synthetic videos with boxes, for training on sequences."""

from __future__ import annotations

from typing import TypedDict

import cv2
import numpy as np
import torch
from torch import Tensor

from .appearance import degrade, relight
from .bank import Bank
from .config import ClipConfig, DataConfig
from .render import Crop, Matrix
from .synthesis import Motion, Scene

VIEW = 6.0
"""Side of the camera's view in units of the target's size."""


class Clip(TypedDict):
    """One clip, or a batch of them along a first axis.

    ``frames`` uint8 [N + 1, S, S, 3] RGB; ``boxes`` float32 [N + 1, 4], x0, y0, x1, y1
    in pixels.
    """

    frames: Tensor
    boxes: Tensor


class ClipDataset(torch.utils.data.Dataset[Clip]):
    """Clips by index, endless; a clip is a function of the seed and its index.

    Args:
        bank: images.
        data: shares of real and pasted targets.
        clip: length and size.
        seed: seed of the whole stream.
    """

    def __init__(self, bank: Bank, data: DataConfig, clip: ClipConfig, seed: int) -> None:
        self._bank, self._data, self._clip, self._seed = bank, data, clip, seed

    def __getitem__(self, index: int) -> Clip:
        """Clip ``index``."""
        cv2.setNumThreads(1)
        rng = np.random.default_rng([self._seed, index])
        return make_clip(self._bank, self._data, self._clip, rng)


def make_clip(bank: Bank, data: DataConfig, config: ClipConfig, rng: np.random.Generator) -> Clip:
    """Film a scene: target, camera and bystanders move smoothly between random key frames."""
    scene = Scene(bank, data, rng)
    keys = [scene.motion(0.5 * min(k, 1), 0.5 * min(k, 1)) for k in range(config.keys)]
    views = np.cumsum(rng.normal(0, 0.5, (config.keys, 3)) * (1.0, 1.0, 0.15), axis=0)
    views = np.clip(views - views[0], -1.2, 1.2)
    strength = float(rng.uniform(0.0, 0.6))
    frames, boxes = [], []
    for t in range(config.frames + 1):
        at = t / config.frames * (config.keys - 1)
        motion, view = _between(keys, at), _blend(views, at)
        frame = scene.frame(motion, rng.random() < config.occluded)
        side = VIEW * float(np.exp(view[2]))
        crop = Crop(float(view[0]), float(view[1]), side, config.size)
        image = degrade(relight(scene.draw(frame, crop), rng, strength), rng)
        frames.append(image[..., ::-1])
        boxes.append(frame.box(crop) * config.size)
    return {
        "frames": torch.from_numpy(np.ascontiguousarray(np.stack(frames))),
        "boxes": torch.from_numpy(np.stack(boxes).astype(np.float32)),
    }


def _between(keys: list[Motion], at: float) -> Motion:
    index = min(int(at), len(keys) - 2)
    return keys[index].towards(keys[index + 1], at - index)


def _blend(values: Matrix, at: float) -> Matrix:
    index = min(int(at), len(values) - 2)
    share = at - index
    return np.asarray((1 - share) * values[index] + share * values[index + 1])
