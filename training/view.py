"""One picture to be taken: everything that is known before a pixel is computed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .appearance import Look, apply_look
from .bank import Bank
from .cutouts import Image
from .objects import Matrix
from .render import Crop, Layer, draw_background, draw_layer
from .synthesis import Frame, Scene


@dataclass(frozen=True)
class View:
    """A moment of a scene through a crop.

    Attributes:
        photo: index of the background among the bank's photos.
        camera: affine [2, 3] from units to photo pixels.
        border: OpenCV border mode for what lies outside the photo.
        layers: objects, back to front.
        crop: the window.
        look: light, lens and sensor.
        mirrored: whether the finished picture is mirrored.
    """

    photo: int
    camera: Matrix
    border: int
    layers: tuple[Layer, ...]
    crop: Crop
    look: Look
    mirrored: bool = False


def view_of(scene: Scene, frame: Frame, crop: Crop, look: Look, mirrored: bool = False) -> View:
    """A frame of a scene as a view."""
    return View(scene.photo, frame.camera, scene.border, frame.layers, crop, look, mirrored)


def draw_view(bank: Bank, view: View) -> Image:
    """The picture on the CPU: uint8 RGB [size, size, 3]."""
    canvas = draw_background(bank.photos[view.photo], view.camera, view.crop, view.border)
    for layer in view.layers:
        draw_layer(canvas, layer, view.crop)
    image = apply_look(canvas, view.look)[..., ::-1]
    return np.ascontiguousarray(image[:, ::-1] if view.mirrored else image)
