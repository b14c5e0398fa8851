"""Views as arrays of fixed shapes, for drawing many of them at once on a device."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .appearance import BEND_CELLS, Look, blur_side
from .objects import OUTLINE, Matrix
from .render import Crop, Layer, photo_map
from .synthesis import LAYERS
from .view import View

Arrays = dict[str, NDArray[np.generic]]
BORDERS = (cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT_101, cv2.BORDER_CONSTANT)
NO_IMAGE = -1


def encode(views: tuple[View, ...]) -> dict[str, Tensor]:
    """Views [V] of one size as tensors.

    Returns:
        ``photo`` int64 [V]; ``photo_map`` float32 [V, 2, 3], from the view's pixels to the
        photo's; ``border`` int64 [V], an index into `BORDERS`. Of the layers, back to
        front: ``sprite`` int64 [V, L] image of the bank or -1; ``sprite_map`` float32
        [V, L, 2, 3], from the view's pixels to the part's; ``part`` float32 [V, L, 4],
        x, y, w, h of the part in its image; ``outline`` float32 [V, L, 16, 2] and
        ``outlined`` bool [V, L]. Of the look: ``bend`` [V, 4, 4, 2], ``tone`` [V, 5]
        (gamma, gains of blue, green, red, offset), ``shadow`` [V, 2, 2], ``blur``
        [V, K, K], ``resolution``, ``noise``, ``seed``, ``quality``, ``grey``,
        ``mirrored`` [V].
    """
    rows = [{**_background(v), **_layers(v), **_look(v.look, v.crop.size)} for v in views]
    stacked = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    stacked["mirrored"] = np.array([v.mirrored for v in views])
    return {name: torch.from_numpy(value) for name, value in stacked.items()}


def _background(view: View) -> Arrays:
    return {
        "photo": np.array(view.photo, np.int64),
        "photo_map": photo_map(view.camera, view.crop).astype(np.float32),
        "border": np.array(BORDERS.index(view.border), np.int64),
    }


def _layers(view: View) -> Arrays:
    arrays: Arrays = {
        "sprite": np.full(LAYERS, NO_IMAGE, np.int64),
        "sprite_map": np.zeros((LAYERS, 2, 3), np.float32),
        "part": np.zeros((LAYERS, 4), np.float32),
        "outline": np.zeros((LAYERS, OUTLINE, 2), np.float32),
        "outlined": np.zeros(LAYERS, bool),
    }
    for i, layer in enumerate(view.layers):
        sprite = layer.sprite
        height, width = sprite.image.shape[:2]
        arrays["sprite"][i] = sprite.index
        arrays["sprite_map"][i] = _sprite_map(layer, view.crop)
        arrays["part"][i] = sprite.x, sprite.y, width, height
        if sprite.outline is not None:
            arrays["outline"][i] = _padded(sprite.outline)
            arrays["outlined"][i] = True
    return arrays


def _sprite_map(layer: Layer, crop: Crop) -> Matrix:
    """Affine [2, 3] from the crop's pixels to those of the sprite's part."""
    height, width = layer.sprite.image.shape[:2]
    back = np.linalg.inv(layer.linear * (crop.size / crop.side))
    centre = crop.to_pixels(layer.centre[None])[0]
    offset = back @ (0.5 - centre) + np.array([width - 1, height - 1]) / 2
    found = np.concatenate([back, offset[:, None]], axis=1)
    if layer.sprite.mirrored:
        found[0] = np.array([0.0, 0.0, width - 1]) - found[0]
    return found


def _padded(outline: Matrix) -> Matrix:
    """The outline with its last corner repeated: edges without length cross nothing."""
    last = np.repeat(outline[-1:], OUTLINE - len(outline), axis=0)
    return np.concatenate([outline, last])


def _look(look: Look, size: int) -> Arrays:
    side = blur_side(size)
    none = np.zeros((side, side), np.float32)
    still = np.zeros((BEND_CELLS, BEND_CELLS, 2), np.float32)
    return {
        "bend": still if look.bend is None else look.bend,
        "tone": np.array([look.gamma, *look.gains, look.offset], np.float32),
        "shadow": np.ones((2, 2), np.float32) if look.shadow is None else look.shadow,
        "blur": none if look.blur is None else look.blur,
        "resolution": np.array(look.resolution, np.float32),
        "noise": np.array(look.noise, np.float32),
        "seed": np.array(look.seed, np.int64),
        "quality": np.array(look.quality, np.int64),
        "grey": np.array(look.grey),
    }
