"""``fartrack-bench accuracy``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...cli.common import VERBOSE_HELP, ExitCode, reported, say, stderr_console
from . import options as o


def accuracy(
    dataset: Annotated[Path, typer.Argument(help="Folder of sequences in a known layout.")],
    *,
    model: o.Models = None,
    factory: o.Factories = None,
    variant: o.Variant = None,
    runtime: o.Runtime = None,
    device: o.Device = "auto",
    threads: o.Threads = None,
    layout: o.LayoutName = "auto",
    convention: o.ConventionName = None,
    sequence: o.Only = None,
    out: Annotated[
        Path,
        typer.Option(
            help="Folder for runs, submissions and pictures. A run that was interrupted "
            "goes on from here.",
            rich_help_panel=o.FILES,
        ),
    ] = Path("bench-accuracy"),
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run everything again.", rich_help_panel=o.RESULTS)
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes on this machine.", rich_help_panel=o.RESULTS)
    ] = 1,
    cluster: Annotated[
        str | None,
        typer.Option(
            help="Address of a Dask scheduler, for example tcp://host:8786. Its workers "
            "need this package and the same paths.",
            rich_help_panel=o.RESULTS,
        ),
    ] = None,
    worst: Annotated[
        int,
        typer.Option(
            min=0, help="Contact sheets of this many worst sequences.", rich_help_panel=o.RESULTS
        ),
    ] = 4,
    fail_under_ao: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Exit with 4 when a tracker's AO is lower.",
            rich_help_panel=o.RESULTS,
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Exit with 4 when anything in the data is wrong.",
            rich_help_panel=o.RESULTS,
        ),
    ] = False,
    json: o.Json = None,
    csv: o.Csv = None,
    md: o.Markdown = None,
    html: o.Html = None,
    plot: o.PlotFile = None,
    verbose: Annotated[bool, typer.Option("--verbose", help=VERBOSE_HELP)] = False,
) -> None:
    """Track every sequence once from its first box and score it as its benchmark does.

    Layouts: got10k, otb, lasot, lasotext, trackingnet, uav123, nfs, vasttrack, vot, plain.
    """
    with reported(verbose):
        from ..accuracy.evaluate import evaluate
        from ..reporting.progress import bar

        files = o.outputs(json, csv, md, html, plot)
        specs = o.tracker_specs(
            models=model,
            factories=factory,
            variant=variant,
            runtime=runtime,
            device=device,
            threads=threads,
        )
        with bar(stderr_console(), "accuracy") as progress:
            report = evaluate(
                dataset,
                specs,
                layout=layout,
                convention=convention,
                only=sequence,
                out=out,
                fresh=fresh,
                workers=workers,
                cluster=cluster,
                worst=worst,
                progress=progress,
            )
        o.hand_over(report, files)
        if report.interrupted:
            o.stop(ExitCode.INTERRUPTED, "Interrupted. The same command goes on from here.")
        for kind, path in report.files.items():
            say(f"{kind}: {path}")
        low = [
            t
            for t in report.trackers
            if fail_under_ao is not None and (t.overall is None or t.overall.ao < fail_under_ao)
        ]
        if low:
            o.stop(
                ExitCode.GATE,
                f"AO is below {fail_under_ao}: "
                + ", ".join(f"{t.name} {t.overall.ao:.3f}" if t.overall else t.name for t in low),
            )
        if strict and report.problems:
            o.stop(ExitCode.GATE, f"{len(report.problems)} problems in the data, named above.")
        if all(t.overall is None for t in report.trackers) and not report.unscored:
            o.stop(ExitCode.USAGE, "No sequence could be evaluated; the problems are named above.")
