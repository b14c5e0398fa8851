"""From finished runs to one tracker's result."""

from __future__ import annotations

from ..datasets import Dataset, Problem, Sequence
from ..metrics import Convention, SequenceScores, average, score_sequence
from .kept import KeptRuns
from .result import TrackerResult, by_attribute, time_summary
from .run import Run


def score_runs(kept: KeptRuns, data: Dataset, problems: list[Problem]) -> TrackerResult:
    """Scores of one tracker's finished runs.

    Args:
        kept: the runs.
        data: with the true boxes.
        problems: takes what the runs met, once each.
    """
    problems += kept.problems()
    result = TrackerResult(name=kept.name, resumed=kept.resumed)
    for sequence in data.sequences:
        run = kept.runs.get(sequence.name)
        if run is None:
            continue
        problems += [p for p in run.problems if p not in problems]
        scored = score_run(sequence, run, data.convention)
        if scored is not None:
            result.sequences.append(scored)
        result.active = result.active or run.active
    result.overall = average(result.sequences, data.convention)
    result.attributes = by_attribute(result.sequences, data.convention)
    times = [t for run in kept.runs.values() for t in run.times_ms[1:]]
    result.mean_ms, result.p50_ms = time_summary(times)
    return result


def score_run(sequence: Sequence, run: Run, convention: Convention) -> SequenceScores | None:
    """Scores of one run; None when the sequence has nothing to score."""
    if not (run.boxes or run.refused) or not sequence.has_truth:
        return None
    scores = score_sequence(
        None if run.refused else run.boxes,
        sequence.truth,
        convention,
        absent=sequence.absent,
        annotated=sequence.annotated,
        size=run.size,
    )
    if scores is None:
        return None
    return SequenceScores(
        name=sequence.name, attributes=list(sequence.attributes), **scores.model_dump()
    )
