"""Reading images and boxes from zips and folders."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from ..errors import ConfigError
from .cutouts import Box, Image

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
BOXES = "boxes.jsonl"


def image_names(path: Path) -> list[str]:
    """Names of a source's images, sorted, so that packs are reproducible.

    Raises:
        ConfigError: neither a folder nor a zip.
    """
    if path.is_dir():
        names = [file.relative_to(path).as_posix() for file in path.rglob("*")]
    else:
        _require_zip(path)
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    return sorted(name for name in names if Path(name).suffix.lower() in SUFFIXES)


def read_images(path: Path, names: Iterable[str]) -> Iterator[tuple[str, Image]]:
    """Decoded images of a source by name.

    Raises:
        ConfigError: a file is no image.
    """
    if path.is_dir():
        for name in names:
            yield name, decode_image(name, (path / name).read_bytes())
        return
    with zipfile.ZipFile(path) as archive:
        for name in names:
            yield name, decode_image(name, archive.read(name))


def read_boxes(path: Path) -> dict[str, list[Box]]:
    """Boxes (x, y, w, h) by image name from a source's ``boxes.jsonl``; empty without one.

    Raises:
        ConfigError: a line is no ``{"image": name, "box": [x, y, w, h]}``.
    """
    boxes: dict[str, list[Box]] = {}
    for number, line in enumerate(_boxes_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            x, y, w, h = (float(v) for v in row["box"])
            boxes.setdefault(str(row["image"]), []).append((x, y, w, h))
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f'{path}, line {number} of {BOXES}: expected {{"image": "a.jpg", "box": '
                f"[x, y, w, h]}}; got {line[:80]!r}."
            ) from error
    return boxes


def _boxes_text(path: Path) -> str:
    if path.is_dir():
        file = path / BOXES
        return file.read_text() if file.is_file() else ""
    _require_zip(path)
    with zipfile.ZipFile(path) as archive:
        return archive.read(BOXES).decode() if BOXES in archive.namelist() else ""


def _require_zip(path: Path) -> None:
    if not (path.is_file() and zipfile.is_zipfile(path)):
        raise ConfigError(f"expected a folder or a zip of images; {path} is neither.")


def decode_image(name: str, raw: bytes) -> Image:
    """Decode to uint8 with the channels that the file has.

    Raises:
        ConfigError: not an image.
    """
    image = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise ConfigError(f"expected an image; {name} cannot be decoded. Remove it.")
    if image.dtype != np.uint8:
        image = (image / 257).astype(np.uint8)
    return np.asarray(image, np.uint8)


def colour_of(image: Image) -> Image:
    """BGR [H, W, 3] of a grey, colour or transparent image."""
    if image.ndim == 2:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
    return image[..., :3]


def with_alpha(image: Image) -> Image:
    """BGR and alpha [H, W, 4]; opaque where the image has none."""
    if image.ndim == 3 and image.shape[2] == 4:
        return image
    colour = colour_of(image)
    return np.dstack([colour, np.full(colour.shape[:2], 255, np.uint8)])


def resized(image: Image, scale: float) -> Image:
    """The image shrunk by ``scale``; never enlarged."""
    if scale >= 1.0:
        return image
    h, w = image.shape[:2]
    size = max(1, round(w * scale)), max(1, round(h * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
