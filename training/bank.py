"""The bank of images that training pairs are made from, packed into one mapped file.

A source is a zip or a folder of images. What a source holds says what it is good for:

- ``photos``: backgrounds; with a ``boxes.jsonl`` (one ``{"image", "box"}`` a line, box
  (x, y, w, h) in pixels) also real targets, and cut-outs of them;
- ``centred``: photos of one object each, from which the object is cut out;
- ``objects``: images with an alpha channel.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..atomic import PendingFile, write_atomically
from ..benchmarks.reporting.progress import Progress, silent
from ..errors import ConfigError
from .config import SourceConfig, SourceKind
from .cutouts import Box, Image, centred_box, cut_out
from .sources import colour_of, image_names, read_boxes, read_images, resized, with_alpha

IMAGES, INDEX = "images.bin", "index.json"
MIN_TARGET = 24.0
"""Boxes with a smaller geometric mean side (pixels) are no targets: nothing to see."""
MAX_RATIO = 5.0
"""Boxes that are longer than this times their width are no targets either."""
MAX_SHARE = 0.4
"""A centred object that fills more of its photo has no surroundings to be told from."""


@dataclass(frozen=True)
class Bank:
    """Images in memory-mapped form, shared between processes.

    Attributes:
        pack: folder that holds them.
        photos: uint8 [H, W, 3] BGR.
        targets: (index into photos, box (x, y, w, h)) of real objects.
        objects: uint8 [H, W, 4] BGR and alpha.
        cut: objects from this index on were cut out of photos, those before are drawn.
    """

    pack: Path
    photos: list[Image]
    targets: list[tuple[int, Box]]
    objects: list[Image]
    cut: int

    @classmethod
    def open(cls, pack: Path) -> Bank:
        """Open a pack written by `pack_bank`.

        Raises:
            ConfigError: there is none, or its two files do not belong together.
        """
        index_path, images = pack / INDEX, pack / IMAGES
        if not (index_path.is_file() and images.is_file()):
            raise ConfigError(f"No packed bank at {pack}. Make one with: fartrack-train pack")
        index = json.loads(index_path.read_text())
        size = images.stat().st_size
        if size != index.get("bytes", size):
            raise ConfigError(
                f"{images}: expected {index['bytes']} bytes of images; got {size}. "
                "Make the bank again with: fartrack-train pack"
            )
        data = np.memmap(images, np.uint8, mode="r")
        return cls(
            pack=pack,
            photos=[_view(data, e) for e in index["photos"]],
            targets=[(int(i), (b[0], b[1], b[2], b[3])) for i, b in index["targets"]],
            objects=[_view(data, e) for e in index["objects"]],
            cut=int(index["cut"]),
        )

    def __reduce__(self) -> tuple[Callable[[Path], Bank], tuple[Path]]:
        """Other processes map the file again instead of copying its images."""
        return Bank.open, (self.pack,)


def _view(data: NDArray[np.uint8], entry: list[int]) -> Image:
    """The image that an index entry (start, height, width, channels) names."""
    start, h, w, c = entry
    return np.asarray(data[start : start + h * w * c]).reshape(h, w, c)


def pack_bank(
    sources: Sequence[SourceConfig],
    pack: Path,
    photo_side: int = 400,
    progress: Progress = silent,
) -> None:
    """Decode every source, cut objects out of photos, and write one pack.

    Args:
        sources: zips or folders and what they hold.
        pack: folder to write; a pack that is there stays until the new one is complete.
        photo_side: photos are shrunk so that their shorter side is at most this.
        progress: told after every image.

    Raises:
        ConfigError: there are no sources, or one cannot be read.
    """
    if not sources:
        raise ConfigError("expected `sources` in the run file, to pack a bank from; it has none.")
    listed = [_Listed.read(source) for source in sources]
    total, done = sum(len(source.names) for source in listed), 0
    with BankWriter(pack, photo_side) as writer:
        for source in listed:
            for name, image in read_images(source.path, source.names):
                writer.add(source.kind, image, source.boxes.get(name, ()))
                done += 1
                progress(done, total, name)


@dataclass(frozen=True)
class _Listed:
    """What a source holds, before anything is decoded."""

    path: Path
    kind: SourceKind
    names: list[str]
    boxes: dict[str, list[Box]]

    @classmethod
    def read(cls, source: SourceConfig) -> _Listed:
        """List a source.

        Raises:
            ConfigError: it has no images, or boxes of images that are not there.
        """
        names, boxes = image_names(source.path), read_boxes(source.path)
        if not names:
            raise ConfigError(f"expected images in {source.path}; there are none.")
        unknown = sorted(set(boxes) - set(names))
        if unknown:
            raise ConfigError(
                f"{source.path}: expected boxes of images that are there; {len(unknown)} names "
                f"are not, for example '{unknown[0]}'. Names are relative to the source."
            )
        return cls(source.path, source.kind, names, boxes)


class BankWriter:
    """Appends images to a pack; leaving the context completes it.

    Args:
        pack: folder to write; files that are there are replaced at the end.
        photo_side: photos are shrunk so that their shorter side is at most this.
    """

    def __init__(self, pack: Path, photo_side: int = 400) -> None:
        self._pack, self._side = pack, photo_side
        self._cuts: list[Image] = []
        self._at = 0
        self._index: dict[str, Any] = {"photos": [], "targets": [], "objects": [], "cut": 0}

    def __enter__(self) -> BankWriter:
        self._pack.mkdir(parents=True, exist_ok=True)
        self._images = PendingFile(self._pack / IMAGES, overwrite=True)
        self._out = self._images.part.open("wb")
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        try:
            if failed is None:
                self._complete()
        finally:
            self._out.close()
            self._images.discard()

    def add(self, kind: SourceKind, image: Image, boxes: Iterable[Box] = ()) -> None:
        """Add an image, its boxes as targets, and what can be cut out of it.

        Args:
            kind: what the image is.
            image: uint8 [H, W], [H, W, 3] BGR or [H, W, 4] BGR and alpha.
            boxes: (x, y, w, h) of real objects in it, pixels.
        """
        if kind == "objects":
            self._write("objects", with_alpha(image))
            return
        scale = min(1.0, self._side / min(image.shape[:2]))
        photo = resized(np.ascontiguousarray(colour_of(image)), scale)
        self._write("photos", photo)
        for x, y, w, h in boxes:
            self._boxed(photo, (x * scale, y * scale, w * scale, h * scale))
        if kind == "centred":
            self._centred(photo)

    def _complete(self) -> None:
        self._index["cut"] = len(self._index["objects"])
        for image in self._cuts:
            self._write("objects", image)
        self._out.close()
        # Between the two renames the index names another size than the images have.
        self._images.commit()
        write_atomically(self._pack / INDEX, json.dumps({**self._index, "bytes": self._at}))

    def _boxed(self, photo: Image, box: Box) -> None:
        if box[2] * box[3] < MIN_TARGET**2 or not 1 / MAX_RATIO < box[2] / box[3] < MAX_RATIO:
            return
        self._target(box)
        found = cut_out(photo, box)
        if found is not None:
            self._cuts.append(found[0])

    def _centred(self, photo: Image) -> None:
        found = cut_out(photo, centred_box(photo))
        if found is None:
            return
        cut, box = found
        self._cuts.append(cut)
        if box[2] * box[3] < MAX_SHARE * photo.shape[0] * photo.shape[1]:
            self._target(box)

    def _target(self, box: Box) -> None:
        self._index["targets"].append([len(self._index["photos"]) - 1, box])

    def _write(self, key: str, image: Image) -> None:
        self._index[key].append([self._at, *image.shape])
        self._out.write(image.tobytes())
        self._at += image.size
