"""Write frames to a video file that is complete or not there."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from ..atomic import PendingFile
from ..closing import Closing
from ..errors import ConfigError, InputError, StateError
from .addresses import opencv_name
from .frames import Image, image_size

DEFAULT_FPS = 25.0
"""For sources that state no rate, such as image folders."""

LEAST_WRITTEN = 0.98
"""Containers derive their number of frames from durations and may be off by a few."""

CODECS = {".mp4": "mp4v", ".m4v": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".avi": "MJPG"}
"""Codec by suffix; those that every opencv-python can write."""


class VideoWriter(Closing):
    """Writes BGR frames; the file takes its name when the writer closes.

    The first frame fixes the size. A later frame of another size is scaled to fit, with
    black bars, and counted. Without a single frame no file is left, and a file that came
    out incomplete, for example on a full disk, is removed.
    """

    def __init__(
        self, path: str | os.PathLike[str], fps: float | None = None, *, overwrite: bool = False
    ) -> None:
        """Claim the file's name; encoding starts with the first frame.

        Args:
            path: ends in .mp4, .m4v, .mov, .mkv or .avi.
            fps: frames per second of the file; None means 25.
            overwrite: replace an existing file.

        Raises:
            ConfigError: the rate is not a positive number.
            InputError: the suffix is unknown, the name is not UTF-8, or the file cannot be
                written there.
        """
        self._fps = DEFAULT_FPS if fps is None else float(fps)
        if not 0.0 < self._fps <= 1000.0:
            raise ConfigError(f"expected fps between 0 and 1000; got {fps}.")
        suffix = os.path.splitext(os.fspath(path))[1].lower()
        if suffix not in CODECS:
            raise InputError(
                f"expected a video to write with one of {', '.join(CODECS)}; got '{path}'."
            )
        opencv_name(Path(path))
        self._file = PendingFile(path, overwrite=overwrite)
        self._codec = CODECS[suffix]
        self._encoder: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._closed = False
        self.frames = 0
        self.refitted = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know about the file, in sentences."""
        if not self.refitted:
            return ()
        width, height = self._size
        return (f"{self.refitted} frames of another size were scaled to {width}x{height}.",)

    def write(self, image: Image) -> None:
        """Append one frame.

        Args:
            image: uint8 [H, W, 3], BGR. A first frame of odd width or height loses its
                last column or row, as the codecs want even sizes.

        Raises:
            InputError: the encoder cannot be opened.
            StateError: the writer is closed.
        """
        if self._closed:
            raise StateError(f"the writer of '{self._file.path}' was closed.")
        if self._encoder is None:
            self._encoder = self._open(image)
        width, height = self._size
        if image.shape[0] - height not in (0, 1) or image.shape[1] - width not in (0, 1):
            image = _fitted(image, width, height)
            self.refitted += 1
        self._encoder.write(np.ascontiguousarray(image[:height, :width]))
        self.frames += 1

    def close(self) -> None:
        """Finish the file; may be called any number of times.

        Raises:
            InputError: the file came out incomplete; none is left.
        """
        if self._closed:
            return
        self._closed = True
        if self._encoder is None:
            self._file.discard()
            return
        self._encoder.release()
        if self._written() < max(1.0, LEAST_WRITTEN * self.frames - 1):
            self._file.discard()
            raise InputError(
                f"'{self._file.path}' came out incomplete and was removed. Check the free space."
            )
        self._file.commit()

    def _written(self) -> float:
        """Frames that the file states; OpenCV's encoder itself reports no failure."""
        written = cv2.VideoCapture(str(self._file.part))
        count = float(written.get(cv2.CAP_PROP_FRAME_COUNT)) if written.isOpened() else 0.0
        written.release()
        return count

    def _open(self, image: Image) -> cv2.VideoWriter:
        width, height = image_size(image)
        self._size = (width - width % 2, height - height % 2)
        code = cv2.VideoWriter.fourcc(*self._codec)
        encoder = cv2.VideoWriter(str(self._file.part), code, self._fps, self._size)
        if not encoder.isOpened():
            encoder.release()
            self._file.discard()
            raise InputError(
                f"this OpenCV cannot write '{self._file.path.name}' with codec {self._codec} at "
                f"{width}x{height}, {self._fps:g} fps. Check the free space, or try .avi."
            )
        return encoder


def _fitted(image: Image, width: int, height: int) -> Image:
    scale = min(width / image.shape[1], height / image.shape[0])
    inner = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    scaled = cv2.resize(image, inner, interpolation=cv2.INTER_AREA)
    canvas = np.zeros((height, width, 3), np.uint8)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    canvas[top : top + inner[1], left : left + inner[0]] = scaled
    return canvas
