"""Accuracy and speed of several trackers in one table and one plot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import ConfigDict, Field

from ..accuracy.report import HEADINGS, METRICS, AccuracyReport, TrackerResult
from ..env.load import busy_note
from ..reporting.drawing import color
from ..reporting.outputs import Plot
from ..reporting.stats import Percentiles
from ..reporting.table import Cell, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Contestant(TrackerResult):
    """One tracker's accuracy and latency.

    Attributes:
        latency_ms: of one update, files already read; None when nothing was tracked.
        ours: a tracker of this package.
    """

    latency_ms: Percentiles | None = None
    ours: bool = False


class CompareReport(AccuracyReport):
    """What `compare_trackers` returns.

    Attributes:
        trackers: results, in the order asked for.
        threads: given to every tracker.
        machine: CPU and cores in one line.
        load: mean number of busy tasks in the minute before, None where unknown.
    """

    model_config = ConfigDict(extra="forbid")

    trackers: list[Contestant] = Field(default=[])  # type: ignore[assignment]
    threads: int = 1
    machine: str = ""
    load: float | None = None

    def heading(self) -> str:
        """One line that names the measurement."""
        return f"Comparison on {self.dataset} ({self.layout} layout)"

    def tables(self) -> list[Table]:
        """The comparison, then what an accuracy report has."""
        return [self._side_by_side(), *super().tables()[1:]]

    def plots(self) -> Mapping[str, Plot]:
        """Accuracy versus latency first."""
        if not any(t.overall and t.latency_ms for t in self.trackers):
            return {}
        return {
            "Accuracy versus latency": Plot(
                draw=lambda figure: accuracy_versus_latency(figure, self), size=(7.5, 4.8)
            ),
            **super().plots(),
        }

    def _side_by_side(self) -> Table:
        columns = ["tracker", *HEADINGS, "p50 ms", "p90 ms", "p99 ms", "time ratio", "by"]
        note = (
            f"{self.convention.summary} {self.threads} thread(s) each, one process each, "
            "frames in turn. Milliseconds of one update, file already read."
        )
        note += f" {self.machine}.{busy_note(self.load)}"
        if self.interrupted:
            note += " Interrupted: not all sequences were run."
        decimals = {"p50 ms": 1, "p90 ms": 1, "p99 ms": 1, "time ratio": 2}
        table = Table("Comparison", columns, decimals=decimals, note=note)
        base = next((t.latency_ms.p50 for t in self.trackers if t.latency_ms), None)
        for t in self.trackers:
            table.rows.append([t.name, *_scores(t), *_times(t.latency_ms, base), _by(t)])
        return table


def _scores(t: TrackerResult) -> list[Cell]:
    return [float(getattr(t.overall, m)) if t.overall else None for m in METRICS]


def _times(latency: Percentiles | None, base: float | None) -> list[Cell]:
    if latency is None or not base:
        return [None] * 4
    return [latency.p50, latency.p90, latency.p99, latency.p50 / base]


def _by(t: TrackerResult) -> str:
    if "opencv" in t.active:
        return f"OpenCV {t.active['opencv']}"
    return " ".join(t.active[k] for k in ("runtime", "precision") if k in t.active)


def accuracy_versus_latency(figure: Figure, report: CompareReport) -> None:
    """One point a tracker: median latency to the right, average overlap upwards."""
    ax = figure.subplots()
    shown = [(i, t) for i, t in enumerate(report.trackers) if t.overall and t.latency_ms]
    for i, t in shown:
        if t.overall is None or t.latency_ms is None:
            continue
        low, mid, high = t.latency_ms.p50 - t.latency_ms.p10, t.latency_ms.p50, t.latency_ms.p90
        ax.errorbar(
            mid,
            t.overall.ao,
            xerr=[[low], [high - mid]],
            color=color(i),
            capsize=3,
            marker="*" if t.ours else "o",
            markersize=15 if t.ours else 9,
        )
        ax.annotate(
            t.name,
            (mid, t.overall.ao),
            textcoords="offset points",
            ha="center",
            xytext=(0, -20 if _has_one_above(t, report.trackers) else 11),
            color=color(i),
            fontweight="bold" if t.ours else "normal",
        )
    ax.set_xscale("log")
    from matplotlib.ticker import FuncFormatter, NullFormatter

    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xticks(_ticks([t for _, t in shown]))
    ax.margins(x=0.2)
    ax.minorticks_off()
    ax.set(
        title="Accuracy versus latency",
        ylim=(0.0, 1.0),
        ylabel="average overlap (AO)",
        xlabel="milliseconds per frame, median (bars: p10 to p90)",
    )


def _has_one_above(t: Contestant, others: list[Contestant]) -> bool:
    """Whether a label above the point would run into another point."""
    if t.overall is None or t.latency_ms is None:
        return False
    for o in others:
        if o is t or o.overall is None or o.latency_ms is None:
            continue
        beside = 1 / 3 < o.latency_ms.p50 / t.latency_ms.p50 < 3
        if beside and 0.0 <= o.overall.ao - t.overall.ao < 0.07:
            return True
    return False


def _ticks(trackers: list[Contestant]) -> list[float]:
    """1, 2, 5, 10... around what was measured."""
    steps = [m * 10.0**e for e in range(-2, 5) for m in (1, 2, 5)]
    low = min(t.latency_ms.p10 for t in trackers if t.latency_ms)
    high = max(t.latency_ms.p90 for t in trackers if t.latency_ms)
    return [s for s in steps if low / 2 <= s <= high * 2]
