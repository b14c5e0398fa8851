"""The stages of a frame as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..reporting.drawing import color
from .worker import STAGES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .report import SpeedReport


def stage_bars(figure: Figure, report: SpeedReport) -> None:
    """Median of every stage, stacked; a whisker to p90 of the whole frame."""
    ax = figure.subplots()
    for i, row in enumerate(report.rows):
        left = 0.0
        for k, stage in enumerate(STAGES):
            width = row.stages[stage].p50
            ax.barh(i, width, 0.62, left=left, color=color(k), label=stage if i == 0 else None)
            left += width
        tail = max(0.0, row.total.p90 + row.stages["read"].p50 - left)
        ax.errorbar(left, i, xerr=[[0.0], [tail]], color="#6c757d", capsize=3, linewidth=1)
        ax.annotate(
            f"{row.sustained_fps:.1f} FPS",
            (left + tail, i),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
        )
    ax.set_yticks(range(len(report.rows)), [row.name for row in report.rows])
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.margins(x=0.14)
    ax.set(title="Stages of a frame, median", xlabel="milliseconds (whisker: p90 of the frame)")
    figure.legend(ncols=len(STAGES), loc="outside lower center")
