"""The same sequences on the same machine for ours and for what else one could pick."""

from __future__ import annotations

from collections.abc import Sequence as Items
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ...errors import ConfigError
from ...threads import resolve_threads
from ..accuracy.evaluate import score_runs
from ..accuracy.run import Run
from ..datasets import Dataset, load_dataset
from ..env.collect import machine_line
from ..env.load import load_average
from ..reporting.progress import Progress, silent
from ..reporting.stats import Percentiles
from ..trackers import TrackerSpec
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
        progress: told after every sequence.

    Returns:
        The report; ``interrupted`` is set when Ctrl-C ended it early.

    Raises:
        ConfigError: fewer than one contender, or two of the same name.
        FartrackError: a contender cannot be loaded.
    """
    names = [c.name for c in contenders]
    if not names or len(set(names)) != len(names):
        raise ConfigError(f"expected trackers with different names; got {names}.")
    data = load_dataset(dataset, layout=layout, convention=convention, only=only)
    count, load = resolve_threads(threads), load_average()
    equal = [c.model_copy(update={"threads": count}) for c in contenders]
    runs: list[dict[str, Run]] = [{} for _ in equal]
    with ExitStack() as stack:
        started = []
        for contender in equal:
            started.append(start(contender))
            stack.callback(started[-1][0].close)
        interrupted = _run([child for child, _ in started], data, runs, progress)
    report = CompareReport(
        dataset=str(data.root),
        layout=data.layout,
        convention=data.convention,
        threads=count,
        machine=machine_line(),
        load=load,
        interrupted=interrupted,
    )
    report.problems = list(data.problems)
    for contender, (_, active), found in zip(equal, started, runs, strict=True):
        _add(report, contender, active, found, data)
    return report


def _run(
    children: list[Any], data: Dataset, runs: list[dict[str, Run]], progress: Progress
) -> bool:
    progress(0, len(data.sequences), "")
    try:
        for done, sequence in enumerate(data.sequences, 1):
            for found, run in zip(runs, track_interleaved(children, sequence), strict=True):
                found[sequence.name] = run
            progress(done, len(data.sequences), sequence.name)
    except KeyboardInterrupt:
        return True
    return False


def _add(
    report: CompareReport,
    contender: Contender,
    active: dict[str, Any],
    runs: dict[str, Run],
    data: Dataset,
) -> None:
    scored = score_runs(contender.name, runs, data, report.problems)
    times = [t for run in runs.values() for t in run.times_ms[1:] if t > 0.0]
    report.trackers.append(
        Contestant(
            **scored.model_dump(exclude={"active"}),
            active={key: str(value) for key, value in active.items()},
            latency_ms=Percentiles.of(times),
            ours=isinstance(contender, TrackerSpec),
        )
    )
