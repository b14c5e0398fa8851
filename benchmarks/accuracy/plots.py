"""Success and precision plots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..reporting.drawing import color, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .report import AccuracyReport
    from .result import TrackerResult

PANELS = (
    ("success_curve", "auc", "Success", "overlap threshold", 1.0),
    ("precision_curve", "precision", "Precision", "distance of centres, px", 50.0),
    ("norm_precision_curve", "norm_precision", "Normalised precision", "distance / size", 0.5),
)


def curves(figure: Figure, report: AccuracyReport) -> None:
    """Three panels, one line a tracker, the scores below, best first."""
    axes = figure.subplots(1, len(PANELS), sharey=True)
    for ax, (field, score, title, label, end) in zip(axes, PANELS, strict=True):
        scored = [(i, t) for i, t in enumerate(report.trackers) if t.overall]
        for i, tracker in sorted(scored, key=lambda it: -getattr(it[1].overall, score)):
            values = getattr(tracker.overall, field)
            text = f"{getattr(tracker.overall, score):.3f}  {tracker.name}"
            ax.plot(np.linspace(0.0, end, len(values)), values, label=text, **line(i))
        ax.set(title=title, xlabel=label, xlim=(0.0, end), ylim=(0.0, 1.02))
        ax.legend(loc="upper left", bbox_to_anchor=(0.0, -0.16))
    axes[0].set_ylabel("share of frames")


def per_sequence(figure: Figure, report: AccuracyReport) -> None:
    """Average overlap, a bar a tracker and sequence, worst at the top."""
    ax = figure.subplots()
    names = _ordered_names(report.trackers)
    height = 0.8 / len(report.trackers)
    for i, tracker in enumerate(report.trackers):
        found = {s.name: s.ao for s in tracker.sequences}
        y = [j + (i + 0.5) * height - 0.4 for j in range(len(names))]
        ax.barh(
            y, [found.get(n, 0.0) for n in names], height * 0.92, color=color(i), label=tracker.name
        )
    ax.set_yticks(range(len(names)), names)
    _finish_bars(ax, len(report.trackers))


def _ordered_names(trackers: list[TrackerResult]) -> list[str]:
    scores: dict[str, list[float]] = {}
    for tracker in trackers:
        for s in tracker.sequences:
            scores.setdefault(s.name, []).append(s.ao)
    return sorted(scores, key=lambda name: float(np.mean(scores[name])))


def _finish_bars(ax: Axes, count: int) -> None:
    ax.margins(y=0.01)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.set(title="Average overlap by sequence", xlabel="AO", xlim=(0.0, 1.0))
    if count > 1:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
