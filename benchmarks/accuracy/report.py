"""The result of an evaluation: scores by tracker, sequence and attribute."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ..datasets import Problem
from ..metrics import Convention, Scores, SequenceScores, average
from ..reporting.outputs import Plot
from ..reporting.table import Cell, Table

METRICS = ("ao", "sr50", "sr75", "auc", "precision", "norm_precision")
HEADINGS = ("AO", "SR50", "SR75", "AUC", "P20", "Pnorm")


class TrackerResult(BaseModel):
    """One tracker on the set.

    Attributes:
        name: of the tracker.
        overall: over all sequences with truth; None when there are none.
        sequences: one by one.
        attributes: averages over the sequences with an attribute.
        mean_ms: mean milliseconds of one ``track``, files already read.
        p50_ms: median of the same.
        active: runtime, device, provider, precision, threads.
        resumed: sequences taken over from an earlier run.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    overall: Scores | None = None
    sequences: list[SequenceScores] = []
    attributes: dict[str, Scores] = {}
    mean_ms: float | None = None
    p50_ms: float | None = None
    active: dict[str, str] = {}
    resumed: int = 0


class AccuracyReport(BaseModel):
    """What `evaluate` returns.

    Attributes:
        dataset: folder.
        layout: how it was read.
        convention: how it was counted.
        trackers: results, in the order asked for.
        problems: everything in the data that did not fit.
        unscored: sequences that were tracked but have no truth to score.
        interrupted: not all sequences were run.
        files: what was written, by kind.
    """

    model_config = ConfigDict(extra="forbid")

    dataset: str
    layout: str
    convention: Convention
    trackers: list[TrackerResult] = []
    problems: list[Problem] = []
    unscored: list[str] = []
    interrupted: bool = False
    files: dict[str, str] = {}
    sheets: dict[str, bytes] = Field(default={}, exclude=True, repr=False)

    def heading(self) -> str:
        """One line that names the measurement."""
        return f"Accuracy on {self.dataset} ({self.layout} layout)"

    def tables(self) -> list[Table]:
        """Overall, per attribute, per sequence, problems."""
        found = [
            self._overall(),
            self._by_attribute(),
            *map(_by_sequence, self.trackers),
            self._problems(),
        ]
        return [table for table in found if table.rows]

    def plots(self) -> Mapping[str, Plot]:
        """Success and precision curves, and overlap by sequence."""
        from .plots import curves, per_sequence

        if not any(t.overall for t in self.trackers):
            return {}
        count = max(len(t.sequences) for t in self.trackers)
        height = min(18.0, 1.6 + 0.16 * count * (len(self.trackers) + 0.8))
        return {
            "Success, precision and normalised precision": Plot(
                draw=lambda figure: curves(figure, self), size=(11.0, 3.8)
            ),
            "Average overlap by sequence": Plot(
                draw=lambda figure: per_sequence(figure, self), size=(8.0, height)
            ),
        }

    def pictures(self) -> Mapping[str, bytes]:
        """Contact sheets of the worst sequences."""
        return self.sheets

    def _overall(self) -> Table:
        missing = " Interrupted: not all sequences were run." if self.interrupted else ""
        table = Table(
            "Accuracy",
            ["tracker", *HEADINGS, "sequences", "frames", "ms"],
            decimals={"ms": 1},
            note=self.convention.summary + missing,
        )
        for t in self.trackers:
            frames = t.overall.frames if t.overall else 0
            table.rows.append([t.name, *_cells(t.overall), len(t.sequences), frames, t.p50_ms])
        return table

    def _by_attribute(self) -> Table:
        table = Table("By attribute", ["attribute", "tracker", *HEADINGS, "frames"])
        names = sorted({a for t in self.trackers for a in t.attributes})
        for name in names:
            for t in self.trackers:
                if name in t.attributes:
                    s = t.attributes[name]
                    table.rows.append([name, t.name, *_cells(s), s.frames])
        return table

    def _problems(self) -> Table:
        table = Table("Problems in the data", ["sequence", "frame", "what"])
        for p in self.problems:
            table.rows.append([p.sequence, p.frame, p.message])
        return table


def _by_sequence(tracker: TrackerResult) -> Table:
    table = Table(f"By sequence: {tracker.name}", ["sequence", *HEADINGS, "frames"])
    for s in sorted(tracker.sequences, key=lambda s: s.ao):
        table.rows.append([s.name, *_cells(s), s.frames])
    return table


def _cells(scores: Scores | None) -> list[Cell]:
    return [None if scores is None else float(getattr(scores, m)) for m in METRICS]


def by_attribute(sequences: list[SequenceScores], convention: Convention) -> dict[str, Scores]:
    """Averages over the sequences that have an attribute."""
    groups: dict[str, list[Scores]] = {}
    for s in sequences:
        for attribute in s.attributes:
            groups.setdefault(attribute, []).append(s)
    averaged = {name: average(group, convention) for name, group in sorted(groups.items())}
    return {name: scores for name, scores in averaged.items() if scores is not None}


def time_summary(times: list[float]) -> tuple[float | None, float | None]:
    """Mean and median of the milliseconds that were measured (0 stands for no measurement)."""
    values = [t for t in times if t > 0.0]
    if not values:
        return None, None
    return float(np.mean(values)), float(np.median(values))
