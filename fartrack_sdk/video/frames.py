"""A frame, and what every source of frames offers."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..closing import Closing

Image = npt.NDArray[np.uint8]
"""uint8 [H, W, 3], BGR."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One image of a source.

    Attributes:
        image: uint8 [H, W, 3], BGR; the reader keeps no reference to it.
        index: place in the source, from 0; dropped and skipped frames leave gaps.
        timestamp_s: seconds since the source's first frame: presentation time for files,
            time of arrival for live sources, ``index / fps`` for images with a known rate.
        age_s: seconds between arrival in this process and being handed out.
    """

    image: Image
    index: int
    timestamp_s: float
    age_s: float = 0.0


class FrameSource(Closing, ABC):
    """Frames one after the other; iterating again goes on where it stopped.

    Attributes:
        name: what the user called it, without passwords.
        fps: frames per second, or None where the source does not say.
        size: (width, height) of the first frame, pixels.
        count: number of frames if known in advance; videos state it, and may be off.
        live: whether frames arrive by themselves and are lost if nobody takes them.
        timed: whether each frame's timestamp is its own, so that frames may be spaced
            unevenly; False where it is made from the index, or there is none.
    """

    name: str
    fps: float | None
    size: tuple[int, int]
    count: int | None
    live: bool
    timed: bool = False

    @abstractmethod
    def read(self) -> Frame | None:
        """The next frame, or None at the end.

        Raises:
            InputError: the source broke off.
            StateError: the source was closed.
        """

    @abstractmethod
    def skip(self, frames: int) -> None:
        """Pass over frames without handing them out; stops silently at the end."""

    @abstractmethod
    def close(self) -> None:
        """Give everything back; may be called any number of times."""

    @property
    def dropped(self) -> int:
        """Frames that arrived and were never handed out."""
        return 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know about the reading so far, in sentences."""
        return ()

    def __iter__(self) -> Iterator[Frame]:
        while (frame := self.read()) is not None:
            yield frame


def image_size(image: Image) -> tuple[int, int]:
    """(width, height) of an image in pixels."""
    return (int(image.shape[1]), int(image.shape[0]))


def natural_key(name: str) -> list[str | int]:
    """Sorting key that puts ``frame2`` before ``frame10``."""
    parts = re.split(r"(\d+)", name.casefold())
    return [int(part) if part.isdecimal() else part for part in parts]
