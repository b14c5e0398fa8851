"""One-pass evaluation of trackers on a data set."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Items
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import ConfigError
from ...threads import usable_cpus
from ..datasets import Dataset, Problem, Sequence, load_dataset
from ..metrics import SequenceScores, average, score_sequence
from ..reporting.progress import Progress, silent
from ..trackers import TrackerSpec
from .executors import run_all
from .report import AccuracyReport, TrackerResult, by_attribute, time_summary
from .run import Job, Run, track_sequence
from .sheets import contact_sheet
from .store import RunStore
from .submission import write_submission


@dataclass
class _Entry:
    """A tracker, where its runs are kept, and the runs."""

    spec: TrackerSpec
    store: RunStore
    runs: dict[str, Run] = field(default_factory=dict)
    resumed: int = 0


def evaluate(
    dataset: str | Path,
    trackers: Items[TrackerSpec] = (TrackerSpec(),),
    *,
    layout: str = "auto",
    convention: str | None = None,
    only: list[str] | None = None,
    out: str | Path = "bench-accuracy",
    fresh: bool = False,
    workers: int = 1,
    cluster: str | None = None,
    worst: int = 4,
    progress: Progress = silent,
) -> AccuracyReport:
    """Track every sequence once from its first box, and score it.

    Args:
        dataset: folder in one of the known layouts.
        trackers: what to evaluate.
        layout: a layout's name, or ``auto``.
        convention: a convention's name; by default the layout's.
        only: names of sequences; by default all.
        out: folder for runs, submissions and pictures. Runs that are there already are used.
        fresh: run everything again.
        workers: processes on this machine.
        cluster: address of a Dask scheduler instead.
        worst: contact sheets of this many sequences with the lowest overlap, per tracker.
        progress: told after every sequence.

    Returns:
        The report; ``interrupted`` is set when Ctrl-C ended it early. What was finished by
        then is scored, kept, and used by the next call.

    Raises:
        InputError: nothing to evaluate.
        ConfigError: options that do not fit, or ``out`` holds something else.
    """
    data = load_dataset(dataset, layout=layout, convention=convention, only=only)
    entries = [
        _Entry(spec, RunStore(Path(out) / spec.slug, spec, data))
        for spec in _with_threads(trackers, workers)
    ]
    if len({e.spec.name for e in entries}) != len(entries):
        raise ConfigError("expected trackers with different names; give each a label.")
    interrupted = _run(
        entries, data, fresh=fresh, workers=workers, cluster=cluster, progress=progress
    )
    report = AccuracyReport(
        dataset=str(data.root),
        layout=data.layout,
        convention=data.convention,
        interrupted=interrupted,
    )
    report.problems = list(data.problems)
    report.unscored = [s.name for s in data.sequences if not s.has_truth]
    for entry in entries:
        _score(entry, data, report)
        _write_extras(entry, data, report, Path(out), worst)
    return report


def _with_threads(trackers: Items[TrackerSpec], workers: int) -> list[TrackerSpec]:
    """Parallel processes share the CPUs, unless threads were asked for."""
    if workers == 1:
        return list(trackers)
    share = max(1, usable_cpus() // workers)
    return [t if t.threads else t.model_copy(update={"threads": share}) for t in trackers]


def _run(
    entries: list[_Entry],
    data: Dataset,
    *,
    fresh: bool,
    workers: int,
    cluster: str | None,
    progress: Progress,
) -> bool:
    pending: list[tuple[_Entry, Sequence]] = []
    for entry in entries:
        if fresh:
            entry.store.clear()
        pending += [(entry, s) for s in data.sequences if not _resume(entry, s)]
    jobs = [Job.of(entry.spec, sequence) for entry, sequence in pending]
    total = len(entries) * len(data.sequences)
    done = total - len(jobs)
    progress(done, total, "taken over" if done else "")
    try:
        for i, run in run_all(track_sequence, jobs, workers=workers, cluster=cluster):
            entry, sequence = pending[i]
            entry.runs[sequence.name] = run
            entry.store.save(sequence, run)
            done += 1
            progress(done, total, sequence.name)
    except KeyboardInterrupt:
        return True
    return False


def _resume(entry: _Entry, sequence: Sequence) -> bool:
    run = entry.store.load(sequence)
    if run is None:
        return False
    entry.runs[sequence.name] = run
    entry.resumed += 1
    return True


def _score(entry: _Entry, data: Dataset, report: AccuracyReport) -> None:
    for name in entry.store.discarded:
        message = f"the kept run of {entry.spec.name} was damaged or out of date; run again."
        report.problems.append(Problem(sequence=name, message=message))
    result = score_runs(entry.spec.name, entry.runs, data, report.problems)
    result.resumed = entry.resumed
    report.trackers.append(result)


def score_runs(
    name: str, runs: Mapping[str, Run], data: Dataset, problems: list[Problem]
) -> TrackerResult:
    """Scores of one tracker's finished runs.

    Args:
        name: of the tracker.
        runs: by sequence.
        data: with the true boxes.
        problems: takes what the runs met, once each.
    """
    result = TrackerResult(name=name)
    for sequence in data.sequences:
        run = runs.get(sequence.name)
        if run is None:
            continue
        problems += [p for p in run.problems if p not in problems]
        scored = _scored(sequence, run, data)
        if scored is not None:
            result.sequences.append(scored)
        result.active = result.active or run.active
    result.overall = average(result.sequences, data.convention)
    result.attributes = by_attribute(result.sequences, data.convention)
    times = [t for run in runs.values() for t in run.times_ms[1:]]
    result.mean_ms, result.p50_ms = time_summary(times)
    return result


def _scored(sequence: Sequence, run: Run, data: Dataset) -> SequenceScores | None:
    if not run.boxes or not sequence.has_truth:
        return None
    scores = score_sequence(
        run.boxes,
        sequence.truth,
        data.convention,
        absent=sequence.absent,
        annotated=sequence.annotated,
        size=run.size,
    )
    if scores is None:
        return None
    return SequenceScores(
        name=sequence.name, attributes=list(sequence.attributes), **scores.model_dump()
    )


def _write_extras(
    entry: _Entry, data: Dataset, report: AccuracyReport, out: Path, worst: int
) -> None:
    finished = {name: run for name, run in entry.runs.items() if run.boxes}
    name = entry.spec.name
    if finished:
        path = write_submission(data.layout, entry.spec.slug, finished, out / "submission")
        report.files[f"submission of {name}"] = str(path)
    known = {s.name: s for s in data.sequences}
    for scores in sorted(report.trackers[-1].sequences, key=lambda s: s.ao)[:worst]:
        sheet = contact_sheet(known[scores.name], entry.runs[scores.name])
        if sheet is not None:
            folder = out / "worst" / entry.spec.slug
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{scores.name.replace('/', '_')}.jpg").write_bytes(sheet)
            caption = f"{name} on {scores.name}, AO {scores.ao:.3f}: true box green, found red"
            report.sheets[caption] = sheet
            report.files[f"worst of {name}"] = str(folder)
