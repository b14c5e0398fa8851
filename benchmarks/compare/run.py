"""The same sequences on the same machine for ours and for what else one could pick."""

from __future__ import annotations

from collections.abc import Sequence as Items
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ...threads import resolve_threads
from ..accuracy.evaluate import require_names
from ..accuracy.kept import KeptRuns, take_over
from ..accuracy.scoring import score_runs
from ..datasets import Dataset, Sequence, load_dataset
from ..env.conditions import here_and_now
from ..identity import digest
from ..reporting.progress import Progress, silent
from ..reporting.stats import Percentiles
from ..trackers import TrackerSpec
from ..workers.child import Child
from .duel import track_interleaved
from .peers import Contender, start
from .report import CompareReport, Contestant


def compare_trackers(
    dataset: str | Path,
    contenders: Items[Contender],
    *,
    layout: str = "auto",
    convention: str | None = None,
    only: list[str] | None = None,
    threads: int | None = None,
    out: str | Path = "bench-compare",
    fresh: bool = False,
    progress: Progress = silent,
) -> CompareReport:
    """Accuracy and latency of several trackers, one process each, frames interleaved.

    Args:
        dataset: folder in one of the known layouts.
        contenders: trackers of this package (`TrackerSpec`) and OpenCV's (`OpenCVPeer`).
        layout: a layout's name, or ``auto``.
        convention: a convention's name; by default the layout's.
        only: names of sequences; by default all.
        threads: for every contender alike; by default the package's rule.
        out: folder for finished runs. A sequence that all contenders finished beside each
            other is not run again.
        fresh: run everything again.
        progress: told after every sequence.

    Returns:
        The report; ``interrupted`` is set when Ctrl-C ended it early. What was finished by
        then is kept, and used by the next call.

    Raises:
        ConfigError: fewer than one contender, or two of the same name.
        InputError: nothing to compare on, or ``out`` cannot be written to.
        FartrackError: a contender cannot be loaded.
    """
    require_names([c.name for c in contenders])
    data = load_dataset(dataset, layout=layout, convention=convention, only=only)
    count, conditions = resolve_threads(threads), here_and_now()
    equal = [c.model_copy(update={"threads": count}) for c in contenders]
    report = CompareReport.begin(data, conditions, f"{count} thread(s) and one process each.")
    with ExitStack() as stack:
        started = []
        for contender in equal:
            started.append(start(contender))
            stack.callback(started[-1][0].close)
        folder = Path(out) / _company(equal, [active for _, active in started])
        kept = [KeptRuns.of(contender, data, folder, fresh) for contender in equal]
        report.interrupted = _run([child for child, _ in started], kept, data, progress)
    for contender, (_, active), runs in zip(equal, started, kept, strict=True):
        report.trackers.append(_contestant(contender, active, runs, data, report))
    return report


def _company(contenders: Items[Contender], active: Items[dict[str, Any]]) -> str:
    """A folder name: turns taken beside others are no turns taken beside these."""
    pairs = zip(contenders, active, strict=True)
    return digest("\n".join(sorted(f"{c.fingerprint()} {facts}" for c, facts in pairs)))[:8]


def _run(children: list[Child], kept: list[KeptRuns], data: Dataset, progress: Progress) -> bool:
    """Whether Ctrl-C came before the end."""
    pending = [s for s in data.sequences if not take_over(kept, s)]
    done = len(data.sequences) - len(pending)
    progress(done, len(data.sequences), "taken over" if done else "")
    try:
        for sequence in pending:
            _track(children, kept, sequence)
            done += 1
            progress(done, len(data.sequences), sequence.name)
    except KeyboardInterrupt:
        return True
    return False


def _track(children: list[Child], kept: list[KeptRuns], sequence: Sequence) -> None:
    for runs, run in zip(kept, track_interleaved(children, sequence), strict=True):
        runs.keep(sequence, run)


def _contestant(
    contender: Contender,
    active: dict[str, Any],
    kept: KeptRuns,
    data: Dataset,
    report: CompareReport,
) -> Contestant:
    scored = score_runs(kept, data, report.problems)
    times = [t for run in kept.runs.values() for t in run.times_ms[1:] if t > 0.0]
    return Contestant(
        **scored.model_dump(exclude={"active"}),
        active={key: str(value) for key, value in active.items()},
        latency_ms=Percentiles.of(times),
        ours=isinstance(contender, TrackerSpec),
    )
