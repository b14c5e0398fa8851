"""No output in the place of another, or of what the run reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import InputError
from ..video.demo import demo_clip
from ..video.frames import FrameSource
from ..video.groundtruth import find_groundtruth
from ..video.images import ImageSource
from ..video.sources import local_path
from .track_options import TrackOptions

DEMO = "demo"


def source_name(options: TrackOptions) -> str | Path:
    """What to open: the source as typed, or the path of the bundled clip."""
    return demo_clip().path if options.source == DEMO else options.source


def check_outputs(options: TrackOptions, source: FrameSource) -> None:
    """Two outputs in one file, or an output in an input's place, lose data: refuse.

    Raises:
        InputError: names the flags.
    """
    outputs: list[tuple[str, Path]] = []
    for name in ("output", "csv", "jsonl", "plot"):
        path = getattr(options, name)
        if path is None:
            continue
        others = [*outputs, *(_inputs(options, source) if os.path.exists(path) else ())]
        for other, taken in others:
            if _same(path, taken):
                raise InputError(
                    f"--{name} and {other} are the same file '{path}'. Choose another."
                )
        outputs.append((f"--{name}", path))


def _inputs(options: TrackOptions, source: FrameSource) -> Iterator[tuple[str, Path]]:
    if (path := local_path(source_name(options))) is not None:
        yield "SOURCE", path
    if isinstance(source, ImageSource):
        yield from (("an image of SOURCE", image) for image in source.paths)
    if options.box is None and not options.select and (truth := find_groundtruth(source)):
        yield "the groundtruth.txt of SOURCE", truth
    if options.model is not None:
        yield "--model", options.model
        yield from (("a file of --model", part) for part in options.model.glob("*"))


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)
