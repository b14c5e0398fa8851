"""Track on and on, and look at the process from time to time."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConfigError, MissingDependencyError
from ..env.collect import machine_line
from ..reporting.progress import Progress, silent
from ..trackers import TrackerSpec, describe
from .report import Limits, Sample, SoakReport

MOST_HELD = 240
SAMPLES = 200


def run_soak(
    tracker: TrackerSpec | None = None,
    *,
    frames: int | None = None,
    minutes: float | None = None,
    source: str | None = None,
    box: tuple[float, float, float, float] | None = None,
    scripted: bool = False,
    limits: Limits | None = None,
    progress: Progress = silent,
) -> SoakReport:
    """Track for a long time without a new ``init``, so that whatever grows shows.

    The first frames of the source are held in memory and played forwards and backwards.

    Args:
        tracker: what tracks; by default the model that ships.
        frames: to track.
        minutes: to track for, instead.
        source: anything `open_source` takes; by default the clip that ships.
        box: first box in pixels, needed with a source.
        scripted: everything real but the model, whose outputs are scripted.
        limits: what is still fine.
        progress: told at every sample.

    Returns:
        The report; `SoakReport.failures` says which limits were passed.

    Raises:
        ConfigError: neither or both of frames and minutes.
    """
    if (frames is None) == (minutes is None):
        raise ConfigError("expected either a number of frames or of minutes.")
    images, first = _clip(source, box)
    opened, name = _open(tracker or TrackerSpec(), scripted)
    report = SoakReport(
        tracker=name, machine=machine_line(), active=describe(opened), limits=limits or Limits()
    )
    start = time.perf_counter()
    try:
        opened.init(images[0], first)
        for sample in _samples(opened, images, _plan(frames, minutes, start)):
            report.samples.append(sample)
            report.frames = sample.frame
            progress(sample.frame, frames or sample.frame, f"{sample.rss >> 20} MiB")
    except KeyboardInterrupt:
        report.interrupted = True
    finally:
        opened.close()
    report.seconds = time.perf_counter() - start
    return report


def _open(tracker: TrackerSpec, scripted: bool) -> tuple[Any, str]:
    if not scripted:
        return tracker.open(), tracker.name
    from .scripted import scripted_tracker

    return scripted_tracker(), "scripted pico"


def _plan(
    frames: int | None, minutes: float | None, start: float
) -> tuple[int, Callable[[int], bool]]:
    """Frames between two samples, and whether a number of frames is enough."""
    if frames is not None:
        return max(1, frames // SAMPLES), lambda done: done >= frames
    end = start + (minutes or 0.0) * 60.0
    return 50, lambda _: time.perf_counter() >= end


def _samples(
    tracker: Any, images: list[Any], plan: tuple[int, Callable[[int], bool]]
) -> Iterator[Sample]:
    every, enough = plan
    times: list[float] = []
    for done, image in enumerate(_ping_pong(images), 1):
        start = time.perf_counter()
        tracker.track(image)
        times.append((time.perf_counter() - start) * 1e3)
        last = enough(done)
        if last or done % every == 0:
            yield Sample(
                frame=done,
                rss=resident(),
                descriptors=open_descriptors(),
                median_ms=float(np.median(times)),
            )
            times.clear()
        if last:
            return


def _ping_pong(images: list[Any]) -> Iterator[Any]:
    """Forwards from the second, then backwards, for ever."""
    order = [*range(1, len(images)), *range(len(images) - 2, -1, -1)] or [0]
    while True:
        for i in order:
            yield images[i]


def _clip(
    source: str | None, box: tuple[float, float, float, float] | None
) -> tuple[list[Any], tuple[float, ...]]:
    from ...video.sources import open_source

    name: str | Path
    if source is None:
        from ...video.demo import demo_clip

        clip = demo_clip()
        name, first = clip.path, tuple(box or clip.box)
    elif box is None:
        raise ConfigError("expected --box x,y,w,h with --source: where is the target at first?")
    else:
        name, first = source, box
    with open_source(name) as opened:
        images = [frame.image for _, frame in zip(range(MOST_HELD), opened, strict=False)]
    return images, first


def resident() -> int:
    """Resident memory of this process in bytes."""
    statm = Path("/proc/self/statm")
    if statm.is_file():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return int(_psutil().Process().memory_info().rss)


def open_descriptors() -> int | None:
    """Open file descriptors of this process; None where the system does not tell."""
    folder = Path("/proc/self/fd")
    return len(os.listdir(folder)) if folder.is_dir() else None


def _psutil() -> Any:
    try:
        return importlib.import_module("psutil")
    except ImportError as error:
        raise MissingDependencyError("psutil", "bench", "to read memory") from error
