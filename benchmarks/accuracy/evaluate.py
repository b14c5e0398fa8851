"""One-pass evaluation of trackers on a data set."""

from __future__ import annotations

from collections.abc import Sequence as Items
from pathlib import Path

from ...errors import ConfigError
from ...threads import resolve_threads, usable_cpus
from ..datasets import Dataset, Sequence, load_dataset
from ..env.conditions import here_and_now
from ..reporting.progress import Progress, silent
from ..trackers import TrackerSpec
from .executors import Workplace, run_all
from .kept import KeptRuns, take_over
from .report import AccuracyReport
from .run import Job, track_sequence
from .scoring import score_runs
from .sheets import contact_sheet
from .submission import write_submission

Pending = list[tuple[KeptRuns, Sequence, Job]]


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
        InputError: nothing to evaluate, or ``out`` cannot be written to.
        ConfigError: options that do not fit, or ``out`` holds something else.
    """
    require_names([t.name for t in trackers])
    place = Workplace(workers, cluster)
    data = load_dataset(dataset, layout=layout, convention=convention, only=only)
    report = AccuracyReport.begin(data, here_and_now(), place.summary)
    kept = [KeptRuns.of(tracker, data, Path(out), fresh) for tracker in trackers]
    pending = _pending(kept, trackers, data, workers)
    report.interrupted = _run(pending, len(kept) * len(data.sequences), place, progress)
    for tracker in kept:
        report.trackers.append(score_runs(tracker, data, report.problems))
        _write_extras(tracker, data, report, Path(out), worst)
    return report


def require_names(names: Items[str]) -> None:
    """Complain unless there are trackers, each with a name of its own.

    Raises:
        ConfigError: there are none, or two of one name.
    """
    if not names or len(set(names)) != len(names):
        raise ConfigError(f"expected trackers with different names; got {', '.join(names)}.")


def _pending(
    kept: list[KeptRuns], trackers: Items[TrackerSpec], data: Dataset, workers: int
) -> Pending:
    """What has not been run before."""
    share = min(resolve_threads(None), max(1, usable_cpus() // workers)) if workers > 1 else None
    found: Pending = []
    for runs, tracker in zip(kept, trackers, strict=True):
        # Processes on one machine share its CPUs, unless threads were asked for.
        spec = tracker.model_copy(update={"threads": tracker.threads or share})
        missing = [s for s in data.sequences if not take_over([runs], s)]
        found += [(runs, s, Job.of(spec, runs.store.slug, s)) for s in missing]
    return found


def _run(pending: Pending, total: int, place: Workplace, progress: Progress) -> bool:
    """Whether Ctrl-C came before the end."""
    done = total - len(pending)
    progress(done, total, "taken over" if done else "")
    try:
        for i, run in run_all(track_sequence, [job for *_, job in pending], place):
            kept, sequence, _ = pending[i]
            kept.keep(sequence, run)
            done += 1
            progress(done, total, sequence.name)
    except KeyboardInterrupt:
        return True
    return False


def _write_extras(
    kept: KeptRuns, data: Dataset, report: AccuracyReport, out: Path, worst: int
) -> None:
    finished = {name: run for name, run in kept.runs.items() if run.boxes}
    if finished:
        path = write_submission(data.layout, kept.store.slug, finished, out / "submission")
        report.files[f"submission of {kept.name}"] = str(path)
    known = {s.name: s for s in data.sequences}
    folder = out / "worst" / kept.store.slug
    shown = [s for s in report.trackers[-1].sequences if s.name in finished]
    for scores in sorted(shown, key=lambda s: s.ao)[:worst]:
        sheet = contact_sheet(known[scores.name], kept.runs[scores.name])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{scores.name.replace('/', '_')}.jpg").write_bytes(sheet)
        caption = f"{kept.name} on {scores.name}, AO {scores.ao:.3f}: true box green, found red"
        report.sheets[caption] = sheet
        report.files[f"worst of {kept.name}"] = str(folder)
