"""Scenes: where target, camera, background and bystanders are in every frame of a sample."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np

from .bank import Bank
from .config import DataConfig
from .cutouts import Box
from .objects import Matrix, Sprite, draw_object
from .render import Crop, Layer, Pose, alpha_extent

Extent = tuple[float, float, float, float]
MAX_ASPECT = 4.0
SHAPE_CHANGE = (0.12, 0.18, 0.07, 0.12)
"""Standard deviations of log scale, rotation, shear and log aspect after long."""
CAMERA_CHANGE = (0.08, 0.05, 0.5, 0.5)
"""Standard deviations of the background's log zoom, turn and shift after long."""
ROOMY = 0.35
"""Share of a photo's side (geometric mean) up to which a target leaves room around it."""
CONTRAST = 22.0
"""Standard deviation of the values of a piece of photo that can be told apart."""
REGION_ASPECT = 0.15
"""Standard deviation of the log aspect of a piece of a photo."""
REAL_CHANGE = 0.7
"""Share of the rotation that real targets, whose alpha is not known, are turned by."""
BYSTANDERS = 3
LAYERS = BYSTANDERS + 2
"""Most layers of a frame: bystanders, the target, an occluder."""
REACH = 1.65
"""Targets stay within this many units of the search crop's centre (its half side is 2)."""


@dataclass(frozen=True)
class Motion:
    """Differences from the first moment of a scene.

    Attributes:
        centre: the target's place [2], units.
        shape: its log scale, rotation, shear and log aspect [4].
        camera: log zoom, turn and shift [4] of the background.
        bystanders: shifts [N, 2], units.
        turns: of the bystanders [N], radians.
    """

    centre: Matrix
    shape: Matrix
    camera: Matrix
    bystanders: Matrix
    turns: Matrix

    def towards(self, other: Motion, share: float) -> Motion:
        """The motion ``share`` of the way to another."""
        return Motion(
            *(
                (1 - share) * getattr(self, f.name) + share * getattr(other, f.name)
                for f in fields(self)
            )
        )


@dataclass(frozen=True)
class Frame:
    """One moment: where things are, in units.

    Attributes:
        centre: the target's centre [2].
        extent: the target's bounds around that centre, x0, y0, x1, y1.
        layers: what is drawn, back to front.
        camera: affine [2, 3] from units to photo pixels.
    """

    centre: Matrix
    extent: Extent
    layers: tuple[Layer, ...]
    camera: Matrix

    def box(self, crop: Crop) -> Matrix:
        """Target box x0, y0, x1, y1 in units of the crop (0..1 inside)."""
        e = np.array(self.extent).reshape(2, 2)
        return (crop.to_pixels(self.centre + e) / crop.size).reshape(4)

    @property
    def size(self) -> float:
        """Square root of the target's area."""
        x0, y0, x1, y1 = self.extent
        return math.sqrt((x1 - x0) * (y1 - y0))


class Scene:
    """A photo, a target and bystanders, from which frames are taken.

    Args:
        bank: images.
        config: shares and motions.
        rng: source of all randomness.
    """

    def __init__(self, bank: Bank, config: DataConfig, rng: np.random.Generator) -> None:
        self._bank, self._config, self._rng = bank, config, rng
        self.real = bool(bank.targets) and rng.random() < config.real_share
        self.border = self._border()
        if self.real:
            self._real()
        else:
            self._pasted()
        self._bystanders = [self._bystander() for _ in range(int(rng.integers(0, BYSTANDERS + 1)))]

    def _stretch(self) -> float:
        """What is added to the log aspect of the target, in all frames alike."""
        return float(self._rng.normal(0.0, self._config.stretch))

    def _border(self) -> int:
        """What lies outside the photo; a mirrored real target would be there twice."""
        filled = cv2.BORDER_REPLICATE if self.real else cv2.BORDER_REFLECT_101
        share = 0.5 if self.real else 0.7
        return filled if self._rng.random() < share else cv2.BORDER_CONSTANT

    def _real(self) -> None:
        rng = self._rng
        region = rng.random() < self._config.region_share
        self.photo, (x, y, w, h) = self._region() if region else self._boxed()
        unit, limit = math.sqrt(w * h), math.log(MAX_ASPECT)
        aspect = math.log(w / h)
        wanted = aspect if region else aspect + self._stretch()
        wanted = float(np.clip(wanted, min(-limit, aspect), max(limit, aspect)))
        stretch = Pose(aspect=wanted - aspect).matrix()
        self._camera = np.column_stack([unit * np.linalg.inv(stretch), (x + w / 2, y + h / 2)])
        self._object: Sprite | None = None
        self._half = stretch @ np.array([w, h]) / (2 * unit)

    def _boxed(self) -> tuple[int, Box]:
        """A photo (index) and an object in it; seldom one with no room around it."""
        bank, rng = self._bank, self._rng
        while True:
            index, box = bank.targets[int(rng.integers(len(bank.targets)))]
            height, width = bank.photos[index].shape[:2]
            if box[2] * box[3] < ROOMY**2 * height * width or rng.random() < 0.3:
                return index, box

    def _region(self) -> tuple[int, Box]:
        """A photo (index) and a piece of it with some contrast: it must be found again.

        Nearly a square: no edges tell how long it is.
        """
        bank, rng = self._bank, self._rng
        while True:
            index = int(rng.integers(len(bank.photos)))
            photo = bank.photos[index]
            height, width = photo.shape[:2]
            unit = math.sqrt(height * width) * rng.uniform(0.07, 0.22)
            stretch = math.exp(float(np.clip(rng.normal(0.0, REGION_ASPECT), -0.5, 0.5)) / 2)
            w, h = unit * stretch, unit / stretch
            if w > width or h > height:
                continue
            x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
            piece = photo[int(y) : int(y + h) + 1 : 2, int(x) : int(x + w) + 1 : 2]
            if piece.std() > CONTRAST or rng.random() < 0.02:
                return index, (x, y, w, h)

    def _pasted(self) -> None:
        bank, rng = self._bank, self._rng
        self.photo = int(rng.integers(len(bank.photos)))
        while True:
            self._object = draw_object(bank, self._config, rng)
            self._pose = Pose(0.0, rng.normal(0, 0.2), rng.normal(0, 0.08), self._stretch())
            extent = alpha_extent(self._object.image, self._pose.matrix())
            if extent is None:
                continue
            w, h = extent[2] - extent[0], extent[3] - extent[1]
            if 1 / MAX_ASPECT < w / h < MAX_ASPECT:
                break
        unit = math.sqrt(w * h)
        self._pose = replace(self._pose, scale=-math.log(unit))
        self._extent: Extent = _scaled(extent, 1.0 / unit)
        height, width = bank.photos[self.photo].shape[:2]
        unit = min(height, width) * rng.uniform(0.06, 0.25)
        at = rng.uniform(0.15, 0.85, 2) * (width, height)
        self._camera = np.array([[unit, 0.0, at[0]], [0.0, unit, at[1]]])

    def _bystander(self) -> tuple[Sprite, Pose, Matrix]:
        bank, rng = self._bank, self._rng
        like_target = self._object is not None and rng.random() < 0.25
        sprite = (
            self._object
            if like_target and self._object is not None
            else draw_object(bank, self._config, rng)
        )
        scale = math.log(rng.uniform(0.4, 1.4)) - sprite.log_size
        pose = Pose(scale, rng.uniform(-3, 3) * rng.integers(0, 2))
        angle, distance = rng.uniform(0, 2 * math.pi), rng.uniform(0.9, 2.6)
        return sprite, pose, np.array([math.cos(angle), math.sin(angle)]) * distance

    def motion(self, change: float, drift: float) -> Motion:
        """Random differences from the first moment.

        Args:
            change: how far shape and camera may be from the first frame (0: equal).
            drift: how far the target may have moved over the background, units.
        """
        rng, many = self._rng, len(self._bystanders)
        return Motion(
            centre=rng.normal(0, drift, 2) if not self.real else np.zeros(2),
            shape=rng.normal(0, SHAPE_CHANGE) * change,
            camera=rng.normal(0, CAMERA_CHANGE) * change,
            bystanders=rng.normal(0, 0.5 * drift + 0.3 * change, (many, 2)),
            turns=rng.normal(0, 0.2, many) * change,
        )

    def frame(self, motion: Motion, occluded: bool) -> Frame:
        """The moment that ``motion`` leads to, with something over the target if ``occluded``."""
        centre = motion.centre
        own, extent = self._target(motion)
        layers = [self._placed(i, motion) for i in range(len(self._bystanders))]
        if own is not None:
            layers.append(own)
        else:
            layers = [b for b in layers if np.abs(b.centre).max() > 0.9]
        if occluded:
            layers.append(self._occluder(centre, extent))
        return Frame(centre, extent, tuple(layers), self._moved_camera(motion))

    def _target(self, motion: Motion) -> tuple[Layer | None, Extent]:
        if self._object is None:
            w, h = _turned_half(self._half, _bent(motion).matrix())
            return None, (-w, -h, w, h)
        scale, rotation, shear, aspect = motion.shape
        pose = Pose(
            self._pose.scale + scale,
            self._pose.rotation + rotation,
            self._pose.shear + shear,
            self._pose.aspect + aspect,
        )
        extent = alpha_extent(self._object.image, pose.matrix())
        if extent is None:
            pose, extent = self._pose, self._extent
        return Layer(self._object, motion.centre, pose.matrix()), extent

    def _placed(self, index: int, motion: Motion) -> Layer:
        sprite, pose, centre = self._bystanders[index]
        turned = replace(pose, rotation=pose.rotation + float(motion.turns[index]))
        return Layer(sprite, centre + motion.bystanders[index], turned.matrix())

    def _occluder(self, centre: Matrix, extent: Extent) -> Layer:
        bank, rng = self._bank, self._rng
        sprite = draw_object(bank, self._config, rng)
        scale = math.log(rng.uniform(0.25, 0.7)) - sprite.log_size
        reach = np.array([extent[2] - extent[0], extent[3] - extent[1]])
        at = centre + rng.normal(0, 0.4, 2) * reach
        return Layer(sprite, at, Pose(scale, rng.uniform(-3, 3)).matrix())

    def _moved_camera(self, motion: Motion) -> Matrix:
        """The first camera, moved; of a real target the photo itself is turned and stretched."""
        if self.real:
            linear = self._camera[:, :2] @ np.linalg.inv(_bent(motion).matrix())
            return np.concatenate([linear, self._camera[:, 2:]], axis=1)
        zoom, turn, *shift = motion.camera
        linear = self._camera[:, :2] @ Pose(zoom, turn).matrix()
        moved = self._camera[:, :2] @ np.array(shift) + self._camera[:, 2]
        return np.concatenate([linear, moved[:, None]], axis=1)


def _bent(motion: Motion) -> Pose:
    """What happens to a real target's shape; its scale is the crop's affair."""
    _, rotation, shear, aspect = motion.shape
    return Pose(0.0, REAL_CHANGE * rotation, shear, aspect)


def _turned_half(half: Matrix, linear: Matrix) -> Matrix:
    """Half sides of the box around a box's inscribed ellipse under a linear map.

    Real objects do not fill the corners of their boxes, so the ellipse tells more of
    their extent after a turn than the corners do.
    """
    return np.asarray(np.sqrt(((linear * half) ** 2).sum(axis=1)))


def _scaled(extent: Extent, factor: float) -> Extent:
    x0, y0, x1, y1 = extent
    return (x0 * factor, y0 * factor, x1 * factor, y1 * factor)
