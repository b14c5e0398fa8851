"""Track on and on, and look at the process from time to time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...errors import InputError
from ..clip import clip_of
from ..env.conditions import here_and_now
from ..reporting.progress import Progress, silent
from ..trackers import TrackerSpec, describe
from .plan import Plan
from .process import open_descriptors, resident
from .report import Limits, Sample, SoakReport

MOST_HELD = 240
"""Frames of the source that are held in memory."""


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
        progress: told at every look; the unit is frames or seconds.

    Returns:
        The report; `SoakReport.failures` says which limits were passed.

    Raises:
        ConfigError: neither or both of frames and minutes, or a source without a box.
        InputError: a source without frames.
    """
    plan, (name, first) = Plan(frames, minutes), clip_of(source, box)
    images = _images(name)
    opened, label = _open(tracker or TrackerSpec(), scripted)
    report = SoakReport(
        conditions=here_and_now(),
        tracker=label,
        active=describe(opened),
        limits=limits or Limits(),
    )
    start = time.perf_counter()
    try:
        opened.init(images[0], first)
        _track(opened, images, plan, report, progress)
    finally:
        opened.close()
    report.seconds = time.perf_counter() - start
    return report


def _open(tracker: TrackerSpec, scripted: bool) -> tuple[Any, str]:
    if not scripted:
        return tracker.open(), tracker.name
    from .scripted import scripted_tracker

    return scripted_tracker(), "scripted pico"


def _images(name: str) -> list[Any]:
    from ...video.sources import open_source

    with open_source(name) as opened:
        images = [frame.image for _, frame in zip(range(MOST_HELD), opened, strict=False)]
    if not images:
        raise InputError(f"expected frames in {name}; it has none.")
    return images


def _track(
    tracker: Any, images: list[Any], plan: Plan, report: SoakReport, progress: Progress
) -> None:
    """Until the plan is over or Ctrl-C; the last look is at the end."""
    times: list[float] = []
    try:
        for image in _ping_pong(images):
            times.append(_milliseconds(tracker, image))
            report.frames += 1
            if plan.is_due(report.frames):
                _look(report, times)
                done = plan.position(report.frames)
                progress(int(done), int(plan.total), f"{report.samples[-1].rss >> 20} MiB")
            if plan.is_over(report.frames):
                break
    except KeyboardInterrupt:
        report.interrupted = True
    if times:
        _look(report, times)


def _milliseconds(tracker: Any, image: Any) -> float:
    start = time.perf_counter()
    tracker.track(image)
    return (time.perf_counter() - start) * 1e3


def _look(report: SoakReport, times: list[float]) -> None:
    """A sample of the frames since the last one."""
    sample = Sample(
        frame=report.frames,
        rss=resident(),
        descriptors=open_descriptors(),
        median_ms=float(np.median(times)),
    )
    report.samples.append(sample)
    times.clear()


def _ping_pong(images: list[Any]) -> Iterator[Any]:
    """Forwards from the second, then backwards, for ever."""
    order = [*range(1, len(images)), *range(len(images) - 2, -1, -1)] or [0]
    while True:
        for i in order:
            yield images[i]
