"""``fartrack-bench accuracy``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cli.common import ExitCode, reported, say, stderr_console
from . import options as o
from .finish import hand_over, stop, stop_if_interrupted, stop_if_unscored

if TYPE_CHECKING:
    from ..accuracy.report import AccuracyReport
    from ..accuracy.result import TrackerResult


@dataclass(frozen=True)
class PlaceOptions:
    """Where the work is done."""

    workers: Annotated[int, o.option(o.MEASURED, min=1, text="Processes on this machine.")] = 1
    cluster: Annotated[
        str | None,
        o.option(
            o.MEASURED,
            text="Address of a Dask scheduler, for example tcp://host:8786. Its workers need this "
            "package and the same paths.",
        ),
    ] = None


@dataclass(frozen=True)
class GateOptions:
    """When the command fails."""

    fail_under_ao: Annotated[
        float | None,
        o.option(o.MEASURED, min=0.0, max=1.0, text="Exit with 4 when a tracker's AO is lower."),
    ] = None
    strict: Annotated[
        bool, o.option(o.MEASURED, "--strict", text="Exit with 4 when the data have problems.")
    ] = False


@dataclass(frozen=True)
class OutOptions:
    """What is kept."""

    out: Annotated[
        Path,
        o.option(
            o.FILES,
            text="Folder for runs, submissions and pictures. A run that was interrupted goes on "
            "from here.",
        ),
    ] = Path("bench-accuracy")
    worst: Annotated[
        int, o.option(o.FILES, min=0, text="Contact sheets of this many worst sequences.")
    ] = 4


def accuracy(
    *,
    dataset: o.Folder,
    trackers: o.TrackerOptions,
    runtime: o.Runtime = None,
    threads: o.Threads = None,
    data: o.DatasetOptions,
    fresh: o.Fresh = False,
    place: PlaceOptions,
    gates: GateOptions,
    kept: OutOptions,
    files: o.ReportFiles,
    verbose: o.Verbose = False,
) -> None:
    """Track every sequence once from its first box and score it as its benchmark does."""
    with reported(verbose):
        from ..accuracy.evaluate import evaluate
        from ..reporting.progress import bar

        outputs, specs = files.outputs(), trackers.specs(runtime, threads)
        with bar(stderr_console(), "accuracy") as progress:
            report = evaluate(
                dataset,
                specs,
                layout=data.layout,
                convention=data.convention,
                only=data.sequence,
                fresh=fresh,
                progress=progress,
                **vars(place),
                **vars(kept),
            )
        hand_over(report, outputs)
        stop_if_interrupted(report.interrupted, "The same command goes on from here.")
        for kind, path in report.files.items():
            say(f"{kind}: {path}")
        _judge(report, gates)


def _judge(report: AccuracyReport, gates: GateOptions) -> None:
    stop_if_unscored(report)
    least = gates.fail_under_ao
    low = [] if least is None else [t for t in report.trackers if _ao(t) < least]
    if low:
        found = ", ".join(f"{t.name} {_ao(t):.3f}" for t in low)
        stop(ExitCode.GATE, f"AO is below {least}: {found}")
    if gates.strict and report.problems:
        stop(ExitCode.GATE, f"{len(report.problems)} problems in the data, named above.")


def _ao(tracker: TrackerResult) -> float:
    """What was not scored reaches nothing."""
    return tracker.overall.ao if tracker.overall else 0.0
