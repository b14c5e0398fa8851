"""What one tracker reached on a data set."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from ..metrics import Convention, Scores, SequenceScores, average


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
