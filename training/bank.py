"""The bank of images that training pairs are made from, packed into one mapped file.

A source is a zip or a folder of images. What a source holds says what it is good for:

- ``photos``: backgrounds; with a ``boxes.jsonl`` (one ``{"image", "box"}`` a line, box
  (x, y, w, h) in pixels) also real targets, and cut-outs of them;
- ``centred``: photos of one object each, from which the object is cut out;
- ``objects``: images with an alpha channel.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError

from .cutouts import Box, Image, centred_box, cut_out

SourceKind = Literal["photos", "centred", "objects"]
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
MIN_TARGET = 24.0
"""Boxes with a smaller geometric mean side (pixels) are no targets: nothing to see."""
MAX_SHARE = 0.4
"""A centred object that fills more of its photo has no surroundings to be told from."""


@dataclass(frozen=True)
class Bank:
    """Images in memory-mapped form, shared between processes.

    Attributes:
        photos: uint8 [H, W, 3] BGR.
        targets: (index into photos, box (x, y, w, h)) of real objects.
        objects: uint8 [H, W, 4] BGR and alpha.
        cut: objects from this index on were cut out of photos, those before are drawn.
    """

    photos: list[Image]
    targets: list[tuple[int, Box]]
    objects: list[Image]
    cut: int

    @classmethod
    def open(cls, pack: Path) -> Bank:
        """Open a pack written by `pack_bank`."""
        index_path = pack / "index.json"
        if not index_path.is_file():
            raise ConfigError(f"No packed bank at {pack}. Make one with: fartrack-train pack")
        index = json.loads(index_path.read_text())
        data = np.memmap(pack / "images.bin", np.uint8, mode="r")

        def view(entry: list[int]) -> Image:
            start, h, w, c = entry
            return np.asarray(data[start : start + h * w * c]).reshape(h, w, c)

        return cls(
            photos=[view(e) for e in index["photos"]],
            targets=[(int(i), (b[0], b[1], b[2], b[3])) for i, b in index["targets"]],
            objects=[view(e) for e in index["objects"]],
            cut=int(index["cut"]),
        )


def pack_bank(sources: dict[Path, SourceKind], pack: Path, photo_side: int = 400) -> None:
    """Decode every source, cut objects out of photos, and write one pack.

    Args:
        sources: zips or folders and what they hold.
        pack: folder to write.
        photo_side: photos are shrunk so that their shorter side is at most this.
    """
    pack.mkdir(parents=True, exist_ok=True)
    with (pack / "images.bin").open("wb") as out:
        writer = _Writer(out)
        for path, kind in sources.items():
            boxes = _read_boxes(path)
            for name, raw in _files(path):
                writer.add(kind, _decode(name, raw), boxes.get(name, []), photo_side)
        writer.finish()
    (pack / "index.json").write_text(json.dumps(writer.index))


class _Writer:
    """Appends images to the pack and keeps its index."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._at = 0
        self._cuts: list[Image] = []
        self.index: dict[str, Any] = {"photos": [], "targets": [], "objects": [], "cut": 0}

    def add(self, kind: SourceKind, image: Image, boxes: list[Box], side: int) -> None:
        if kind == "objects":
            self._write("objects", _with_alpha(image))
            return
        scale = min(1.0, side / min(image.shape[:2]))
        photo = _resized(np.ascontiguousarray(_colour(image)), scale)
        at = len(self.index["photos"])
        self._write("photos", photo)
        for x, y, w, h in boxes:
            self._real_target(at, photo, (x * scale, y * scale, w * scale, h * scale))
        if kind == "centred":
            found = cut_out(photo, centred_box(photo))
            if found is not None:
                self._cuts.append(found[0])
                if found[1][2] * found[1][3] < MAX_SHARE * photo.shape[0] * photo.shape[1]:
                    self.index["targets"].append([at, found[1]])

    def _real_target(self, at: int, photo: Image, box: Box) -> None:
        if box[2] * box[3] < MIN_TARGET**2 or not 0.2 < box[2] / box[3] < 5.0:
            return
        self.index["targets"].append([at, box])
        found = cut_out(photo, box)
        if found is not None:
            self._cuts.append(found[0])

    def finish(self) -> None:
        self.index["cut"] = len(self.index["objects"])
        for image in self._cuts:
            self._write("objects", image)

    def _write(self, key: str, image: Image) -> None:
        self.index[key].append([self._at, *image.shape])
        self._out.write(image.tobytes())
        self._at += image.size


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of a source's images, sorted, so that packs are reproducible."""
    if path.is_dir():
        for file in sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES):
            yield file.relative_to(path).as_posix(), file.read_bytes()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if Path(name).suffix.lower() in SUFFIXES:
                    yield name, archive.read(name)
    else:
        raise ConfigError(f"Source {path} is neither a folder nor a zip of images")


def _read_boxes(path: Path) -> dict[str, list[Box]]:
    if path.is_dir():
        file = path / "boxes.jsonl"
        text = file.read_text() if file.is_file() else ""
    else:
        with zipfile.ZipFile(path) as archive:
            text = ""
            if "boxes.jsonl" in archive.namelist():
                text = archive.read("boxes.jsonl").decode()
    boxes: dict[str, list[Box]] = {}
    for line in text.splitlines():
        row = json.loads(line)
        x, y, w, h = row["box"]
        boxes.setdefault(row["image"], []).append((x, y, w, h))
    return boxes


def _decode(name: str, raw: bytes) -> NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise ConfigError(f"Image {name} cannot be decoded")
    if image.dtype != np.uint8:
        image = (image / 257).astype(np.uint8)
    return np.asarray(image, np.uint8)


def _colour(image: Image) -> Image:
    if image.ndim == 2:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
    return image[..., :3]


def _with_alpha(image: Image) -> Image:
    if image.ndim == 3 and image.shape[2] == 4:
        return image
    colour = _colour(image)
    return np.dstack([colour, np.full(colour.shape[:2], 255, np.uint8)])


def _resized(image: Image, scale: float) -> Image:
    if scale >= 1.0:
        return image
    h, w = image.shape[:2]
    size = max(1, round(w * scale)), max(1, round(h * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
