"""The result of an evaluation: scores by tracker, sequence and attribute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from ..datasets import Dataset, Problem
from ..env.conditions import Conditions
from ..metrics import Convention, Scores
from ..reporting.outputs import Plot
from ..reporting.table import Cell, Table
from ..trackers import running_on
from .result import TrackerResult

if TYPE_CHECKING:
    from typing_extensions import Self

METRICS = ("ao", "sr50", "sr75", "auc", "precision", "norm_precision")
HEADINGS = ("AO", "SR50", "SR75", "AUC", "P20", "Pnorm")


class AccuracyReport(BaseModel):
    """What `evaluate` returns.

    Attributes:
        conditions: machine, day, load.
        dataset: folder.
        layout: how it was read.
        convention: how it was counted.
        spread: how the work was spread over processes, in words; empty for one.
        trackers: results, in the order asked for.
        problems: everything in the data that did not fit.
        unscored: sequences that were tracked but have no truth to score.
        interrupted: not all sequences were run.
        files: what was written, by kind.
    """

    model_config = ConfigDict(extra="forbid")

    conditions: Conditions
    dataset: str
    layout: str
    convention: Convention
    spread: str = ""
    trackers: list[TrackerResult] = []
    problems: list[Problem] = []
    unscored: list[str] = []
    interrupted: bool = False
    files: dict[str, str] = {}
    sheets: dict[str, bytes] = Field(default={}, exclude=True, repr=False)

    @classmethod
    def begin(cls, data: Dataset, conditions: Conditions, spread: str = "") -> Self:
        """A report without results, on a data set."""
        return cls(
            conditions=conditions,
            dataset=str(data.root),
            layout=data.layout,
            convention=data.convention,
            spread=spread,
            problems=list(data.problems),
            unscored=[s.name for s in data.sequences if not s.has_truth],
        )

    def heading(self) -> str:
        """One line that names the measurement."""
        return f"Accuracy on {self.dataset} ({self.layout} layout)"

    def tables(self) -> list[Table]:
        """Overall, per attribute, per sequence, problems."""
        found = [self._by_attribute(), *self._by_sequence(), self._problems()]
        return [self._overall(), *(table for table in found if table.rows)]

    def plots(self) -> Mapping[str, Plot]:
        """Success and precision curves, and overlap by sequence."""
        from .plots import curves, per_sequence

        if not any(t.overall for t in self.trackers):
            return {}
        count = max(len(t.sequences) for t in self.trackers)
        height = min(18.0, 1.6 + 0.16 * count * (len(self.trackers) + 0.8))
        return {
            "Success, precision and normalised precision": Plot(
                draw=lambda figure: curves(figure, self),
                size=(11.0, 3.7 + 0.2 * len(self.trackers)),
            ),
            "Average overlap by sequence": Plot(
                draw=lambda figure: per_sequence(figure, self), size=(8.0, height)
            ),
        }

    def pictures(self) -> Mapping[str, bytes]:
        """Contact sheets of the worst sequences."""
        return self.sheets

    def _overall(self) -> Table:
        table = Table(
            "Accuracy",
            ["tracker", *HEADINGS, "sequences", "frames", "p50 ms", "by"],
            decimals={"p50 ms": 1},
            note=self._foot(self.spread),
        )
        for t in self.trackers:
            frames = t.overall.frames if t.overall else 0
            tail: list[Cell] = [len(t.sequences), frames, t.p50_ms, running_on(t.active)]
            table.rows.append([t.name, *cells(t.overall), *tail])
        return table

    def _foot(self, how: str) -> str:
        """What a reader of the main table has to know."""
        resumed = sum(t.resumed for t in self.trackers)
        parts = [
            self.convention.summary,
            how,
            "Milliseconds of one update, file already read.",
            self.conditions.line + self.conditions.warning,
            f"{resumed} runs taken over from before." if resumed else "",
            f"Tracked but without truth to score: {len(self.unscored)}." if self.unscored else "",
            "Interrupted: not all sequences were run." if self.interrupted else "",
        ]
        return " ".join(part for part in parts if part)

    def _by_attribute(self) -> Table:
        table = Table("By attribute", ["attribute", "tracker", *HEADINGS, "frames"])
        names = sorted({a for t in self.trackers for a in t.attributes})
        for name in names:
            for t in self.trackers:
                if name in t.attributes:
                    s = t.attributes[name]
                    table.rows.append([name, t.name, *cells(s), s.frames])
        return table

    def _by_sequence(self) -> list[Table]:
        """Every score; of several trackers the overlaps beside each other first."""
        if len(self.trackers) == 1:
            return [_all_scores(self.trackers[0])]
        return [_side_by_side(self.trackers), *(_all_scores(t, True) for t in self.trackers)]

    def _problems(self) -> Table:
        table = Table("Problems in the data", ["sequence", "frame", "what"])
        for p in self.problems:
            table.rows.append([p.sequence, p.frame, p.message])
        return table


def _all_scores(tracker: TrackerResult, detail: bool = False) -> Table:
    columns = ["sequence", *HEADINGS, "frames"]
    table = Table(f"By sequence, worst first: {tracker.name}", columns, detail=detail)
    for s in sorted(tracker.sequences, key=lambda s: s.ao):
        table.rows.append([s.name, *cells(s), s.frames])
    return table


def _side_by_side(trackers: list[TrackerResult]) -> Table:
    table = Table("AO by sequence", ["sequence", *(t.name for t in trackers), "frames"])
    found = [{s.name: s for s in t.sequences} for t in trackers]
    for name in sorted({name for one in found for name in one}):
        rows = [one.get(name) for one in found]
        frames = next(row.frames for row in rows if row is not None)
        table.rows.append([name, *(row.ao if row else None for row in rows), frames])
    return table


def cells(scores: Scores | None) -> list[Cell]:
    """A score a heading."""
    return [None if scores is None else float(getattr(scores, m)) for m in METRICS]
