"""A folder or a glob of images, in natural order of their names."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from ..errors import ConfigError, InputError, StateError
from .frames import Frame, FrameSource, Image, image_size, natural_key

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
)
BadImage = Literal["raise", "skip"]


class ImageSource(FrameSource):
    """Images as frames; gray and 16-bit images become 8-bit BGR."""

    def __init__(
        self,
        paths: Sequence[Path],
        name: str,
        *,
        on_bad_image: BadImage = "raise",
        fps: float | None = None,
    ) -> None:
        """Take image files in the given order.

        Args:
            paths: the files; the frame's index is the place in this list.
            name: what messages call the source.
            on_bad_image: ``raise`` at an unreadable image, or ``skip`` and count it.
            fps: rate of the images, for their timestamps.

        Raises:
            ConfigError: an unknown policy.
            InputError: no path, or no readable image where one is needed.
        """
        if on_bad_image not in ("raise", "skip"):
            raise ConfigError(f"expected on_bad_image 'raise' or 'skip'; got {on_bad_image!r}.")
        if not paths:
            raise InputError(f"expected images in '{name}'; found none.")
        self.name, self.fps, self.count, self.live = name, fps, len(paths), False
        self._paths = list(paths)
        self._skip_bad = on_bad_image == "skip"
        self._bad: list[str] = []
        self._next = 0
        self._closed = False
        self._peeked = self._advance()
        if self._peeked is None:
            raise InputError(f"none of the {len(paths)} images in '{name}' can be read.")
        self.size = image_size(self._peeked.image)

    @classmethod
    def from_folder(
        cls, folder: Path, *, on_bad_image: BadImage = "raise", fps: float | None = None
    ) -> ImageSource:
        """All images directly inside a folder; hidden files do not count.

        Raises:
            InputError: no images in it.
        """
        paths = [p for p in folder.iterdir() if _is_image(p)]
        if not paths:
            raise InputError(
                f"expected images ({', '.join(sorted(IMAGE_SUFFIXES))}) directly in the folder "
                f"'{folder}'; found none.{_nearby(folder)}"
            )
        return cls(_in_order(paths), str(folder), on_bad_image=on_bad_image, fps=fps)

    @classmethod
    def from_glob(
        cls, pattern: str, *, on_bad_image: BadImage = "raise", fps: float | None = None
    ) -> ImageSource:
        """All images that match a pattern such as ``shots/*.png`` or ``shots/**/*.png``.

        Raises:
            InputError: nothing matches, or what matches is no image.
        """
        paths = [Path(p) for p in glob.glob(pattern, recursive=True)]
        images = [p for p in paths if _is_image(p)]
        if not images:
            found = f"{len(paths)} files, none of them an image" if paths else "nothing"
            raise InputError(
                f"expected images to match '{pattern}'; found {found}. "
                "Quote the pattern so that the shell does not expand it."
            )
        return cls(_in_order(images), pattern, on_bad_image=on_bad_image, fps=fps)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files, in order."""
        return tuple(self._paths)

    @property
    def skipped(self) -> int:
        """Unreadable images passed over so far."""
        return len(self._bad)

    @property
    def notes(self) -> tuple[str, ...]:
        """Which images were skipped."""
        if not self._bad:
            return ()
        names = ", ".join(self._bad[:3]) + (", ..." if len(self._bad) > 3 else "")
        return (f"Skipped {len(self._bad)} unreadable images: {names}",)

    def read(self) -> Frame | None:
        """The next readable image, or None at the end.

        Raises:
            InputError: an unreadable image, unless those are skipped.
            StateError: the source was closed.
        """
        if self._closed:
            raise StateError(f"the image source '{self.name}' was closed.")
        frame, self._peeked = self._peeked, None
        return frame or self._advance()

    def skip(self, frames: int) -> None:
        """Pass over images without decoding them."""
        if frames <= 0:
            return
        first = self._peeked.index if self._peeked is not None else self._next
        self._peeked = None
        self._next = first + frames

    def close(self) -> None:
        """Hand out no more; may be called any number of times."""
        self._closed = True
        self._peeked = None

    def _advance(self) -> Frame | None:
        while self._next < len(self._paths):
            index, self._next = self._next, self._next + 1
            try:
                image = read_image(self._paths[index])
            except InputError:
                if not self._skip_bad:
                    raise
                self._bad.append(self._paths[index].name)
                continue
            return Frame(image, index, index / self.fps if self.fps else 0.0)
        return None


def read_image(path: Path) -> Image:
    """Decode one image file.

    Returns:
        uint8 [H, W, 3], BGR, upright as its EXIF data says.

    Raises:
        InputError: missing, empty or damaged; names the file.
    """
    try:
        data = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise InputError(f"the image '{path}' cannot be read: {error.strerror}.") from error
    if data.size == 0:
        raise InputError(f"the image '{path}' is empty (0 bytes).")
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error:
        # A header that states an absurd size; other damage gives None.
        image = None
    if image is None:
        raise InputError(
            f"the image '{path}' ({data.size} bytes) is damaged or not an image that OpenCV "
            "knows. Remove it, or skip such images: on_bad_image='skip' "
            "(--on-bad-image skip on the command line)."
        )
    return np.asarray(image, dtype=np.uint8)


def _is_image(path: Path) -> bool:
    visible = not path.name.startswith(".")
    return visible and path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()


def _in_order(paths: Sequence[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: natural_key(path.as_posix()))


def _nearby(folder: Path) -> str:
    for child in sorted(folder.iterdir()):
        if child.is_dir() and any(_is_image(p) for p in child.iterdir()):
            return f" There are images in '{child}'."
    return ""
