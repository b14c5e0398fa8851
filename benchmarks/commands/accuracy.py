"""``fartrack-bench accuracy``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...cli.common import ExitCode, reported, say, stderr_console
from . import options as o
from .finish import hand_over, stop, stop_if_interrupted

if TYPE_CHECKING:
    from ..accuracy.report import AccuracyReport

Folder = Annotated[Path, typer.Argument(help="Folder of sequences in a known layout.")]


def accuracy(
    *,
    dataset: Folder,
    trackers: o.TrackerOptions,
    runtime: o.Runtime = None,
    threads: o.Threads = None,
    data: o.DatasetOptions,
    fresh: Annotated[bool, o.option(o.MEASURED, "--fresh", text="Run everything again.")] = False,
    workers: Annotated[int, o.option(o.MEASURED, min=1, text="Processes on this machine.")] = 1,
    cluster: Annotated[
        str | None,
        o.option(
            o.MEASURED,
            text="Address of a Dask scheduler, for example tcp://host:8786. Its workers need this "
            "package and the same paths.",
        ),
    ] = None,
    fail_under_ao: Annotated[
        float | None,
        o.option(o.MEASURED, min=0.0, max=1.0, text="Exit with 4 when a tracker's AO is lower."),
    ] = None,
    strict: Annotated[
        bool, o.option(o.MEASURED, "--strict", text="Exit with 4 when the data have problems.")
    ] = False,
    out: Annotated[
        Path,
        o.option(
            o.FILES,
            text="Folder for runs, submissions and pictures. A run that was interrupted goes on "
            "from here.",
        ),
    ] = Path("bench-accuracy"),
    worst: Annotated[
        int, o.option(o.FILES, min=0, text="Contact sheets of this many worst sequences.")
    ] = 4,
    files: o.ReportFiles,
    verbose: o.Verbose = False,
) -> None:
    """Track every sequence once from its first box and score it as its benchmark does.

    Layouts: got10k, otb, lasot, lasotext, trackingnet, uav123, nfs, vasttrack, vot, plain.
    """
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
                out=out,
                fresh=fresh,
                workers=workers,
                cluster=cluster,
                worst=worst,
                progress=progress,
            )
        hand_over(report, outputs)
        stop_if_interrupted(report.interrupted, "The same command goes on from here.")
        for kind, path in report.files.items():
            say(f"{kind}: {path}")
        _judge(report, fail_under_ao, strict)


def _judge(report: AccuracyReport, least: float | None, strict: bool) -> None:
    scores = {t.name: t.overall.ao if t.overall else 0.0 for t in report.trackers}
    low = {name: ao for name, ao in scores.items() if least is not None and ao < least}
    if low:
        found = ", ".join(f"{name} {ao:.3f}" for name, ao in low.items())
        stop(ExitCode.GATE, f"AO is below {least}: {found}")
    if strict and report.problems:
        stop(ExitCode.GATE, f"{len(report.problems)} problems in the data, named above.")
    if not report.unscored and all(t.overall is None for t in report.trackers):
        stop(ExitCode.USAGE, "No sequence could be evaluated; the problems are named above.")
