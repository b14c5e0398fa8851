"""Accuracy versus latency, a point a tracker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..reporting.drawing import color

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .report import CompareReport, Contestant


MOST_WITH_HALVES = 1000.0


def accuracy_versus_latency(figure: Figure, report: CompareReport) -> None:
    """Median latency to the right, average overlap upwards; the names beside, best first."""
    ax = figure.subplots()
    shown = [(i, t) for i, t in enumerate(report.trackers) if t.overall and t.latency_ms]
    for i, t in sorted(shown, key=lambda it: -(it[1].overall.ao if it[1].overall else 0.0)):
        _point(ax, t, color(i))
    _finish(ax, [t for _, t in shown])
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), title="AO, p50", alignment="left")


def _point(ax: Axes, tracker: Contestant, colour: str) -> None:
    if tracker.overall is None or tracker.latency_ms is None:
        return
    low, mid, high = tracker.latency_ms.p10, tracker.latency_ms.p50, tracker.latency_ms.p90
    ax.errorbar(
        mid,
        tracker.overall.ao,
        xerr=[[mid - low], [high - mid]],
        color=colour,
        capsize=3,
        marker="*" if tracker.ours else "o",
        markersize=15 if tracker.ours else 9,
        label=f"{tracker.overall.ao:.3f}, {mid:.1f} ms  {tracker.name}",
    )


def _finish(ax: Axes, shown: list[Contestant]) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xticks(_ticks(shown))
    ax.margins(x=0.1)
    ax.minorticks_off()
    ax.set(
        title="Accuracy versus latency",
        ylim=(0.0, 1.0),
        ylabel="average overlap (AO)",
        xlabel="milliseconds per frame, median (bars: p10 to p90)",
    )


def _ticks(trackers: list[Contestant]) -> list[float]:
    """1, 2, 5, 10... around what was measured; 1, 10... where that would be many."""
    low = min(t.latency_ms.p10 for t in trackers if t.latency_ms) / 2
    high = max(t.latency_ms.p90 for t in trackers if t.latency_ms) * 2
    steps = (1, 2, 5) if high / low < MOST_WITH_HALVES else (1,)
    return [m * 10.0**e for e in range(-2, 7) for m in steps if low <= m * 10.0**e <= high]
