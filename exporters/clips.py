"""The clip that an exported model is compared on."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, InputError
from ..video import open_source
from ..video.demo import demo_clip
from .job import ExportOptions


@dataclass(frozen=True)
class Clip:
    """Frames with a target.

    Attributes:
        name: for the report.
        frames: uint8 [H, W, 3] BGR each.
        box: the target in the first frame, (x, y, w, h) in pixels.
    """

    name: str
    frames: list[npt.NDArray[np.uint8]]
    box: tuple[float, ...]


def load_clip(options: ExportOptions) -> Clip:
    """The user's clip, or the one that ships with the package.

    Raises:
        ConfigError: a clip without a box, or a box without a clip.
        InputError: the clip cannot be read.
    """
    if options.verify_frames < 1:
        raise ConfigError(f"expected at least 1 frame to compare; got {options.verify_frames}.")
    if (options.verify_video is None) != (options.verify_box is None):
        raise ConfigError("expected --verify-video and --box together; got one of them.")
    if options.verify_video is None or options.verify_box is None:
        demo = demo_clip()
        frames = _frames(demo.path, options.verify_frames)
        return Clip("bundled clip", _to_and_fro(frames, options.verify_frames), tuple(demo.box))
    path = Path(options.verify_video)
    return Clip(path.name, _frames(path, options.verify_frames), options.verify_box)


def _frames(path: Path, count: int) -> list[npt.NDArray[np.uint8]]:
    """The first frame and up to ``count`` more."""
    with open_source(path, policy="every") as source:
        frames = [frame.image for frame, _ in zip(source, range(count + 1), strict=False)]
    if len(frames) < 2:
        raise InputError(f"{path}: expected a clip of at least 2 frames to compare on.")
    return frames


def _to_and_fro(frames: list[npt.NDArray[np.uint8]], count: int) -> list[npt.NDArray[np.uint8]]:
    """The first frame and ``count`` more, played back and forth where the clip is shorter."""
    return list(itertools.islice(itertools.cycle([*frames, *frames[-2:0:-1]]), count + 1))
