"""Memory and latency over a soak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..reporting.drawing import color

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .report import SoakReport

MIB = 1024 * 1024


def over_time(figure: Figure, report: SoakReport) -> None:
    """Two panels over the number of frames; the settling part is shaded."""
    memory, latency = figure.subplots(2, 1, sharex=True)
    frames = [s.frame for s in report.samples]
    rss = [s.rss / MIB for s in report.samples]
    memory.plot(frames, rss, color=color(0), linewidth=2)
    middle = float(np.median(rss))
    memory.set_ylim(min(*rss, middle * 0.9), max(*rss, middle * 1.1))
    memory.set(title="Resident memory", ylabel="MiB")
    latency.plot(frames, [s.median_ms for s in report.samples], color=color(1), linewidth=1.5)
    latency.set(title="Median latency", ylabel="ms", xlabel="frames", ylim=(0.0, None))
    start = report.settled()[0].frame if report.settled() else frames[-1]
    for ax in (memory, latency):
        ax.axvspan(0, start, color="#e9ecef", zorder=0)
        ax.margins(x=0)
