"""Accuracy and speed of several trackers in one table and one plot."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ConfigDict, Field

from ..accuracy.report import HEADINGS, AccuracyReport, cells
from ..accuracy.result import TrackerResult
from ..reporting.outputs import Plot
from ..reporting.stats import Percentiles
from ..reporting.table import Cell, Table
from ..trackers import running_on


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
    """

    model_config = ConfigDict(extra="forbid")

    trackers: list[Contestant] = Field(default=[])  # type: ignore[assignment]

    def heading(self) -> str:
        """One line that names the measurement."""
        return f"Comparison on {self.dataset} ({self.layout} layout)"

    def tables(self) -> list[Table]:
        """The comparison, then what an accuracy report has."""
        return [self._beside_each_other(), *super().tables()[1:]]

    def plots(self) -> Mapping[str, Plot]:
        """Accuracy versus latency first."""
        from .plots import accuracy_versus_latency

        if not any(t.overall and t.latency_ms for t in self.trackers):
            return {}
        return {
            "Accuracy versus latency": Plot(
                draw=lambda figure: accuracy_versus_latency(figure, self), size=(9.0, 4.5)
            ),
            **super().plots(),
        }

    def _beside_each_other(self) -> Table:
        columns = ["tracker", *HEADINGS, "frames", "p50 ms", "p90 ms", "p99 ms", "time ratio", "by"]
        decimals = {"p50 ms": 1, "p90 ms": 1, "p99 ms": 1, "time ratio": 2}
        note = self._foot(f"{self.spread} Frames in turn.")
        table = Table("Comparison", columns, decimals=decimals, note=note)
        base = next((t.latency_ms.p50 for t in self.trackers if t.latency_ms), None)
        for t in self.trackers:
            frames = t.overall.frames if t.overall else 0
            row = [t.name, *cells(t.overall), frames, *_times(t.latency_ms, base)]
            table.rows.append([*row, running_on(t.active)])
        return table


def _times(latency: Percentiles | None, base: float | None) -> list[Cell]:
    if latency is None or not base:
        return [None] * 4
    return [latency.p50, latency.p90, latency.p99, latency.p50 / base]
