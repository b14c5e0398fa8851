"""``fartrack-bench compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...cli.common import VERBOSE_HELP, ExitCode, reported, stderr_console
from . import options as o


def compare(
    dataset: Annotated[Path, typer.Argument(help="Folder of sequences in a known layout.")],
    *,
    peer: Annotated[
        list[str] | None,
        typer.Option(
            help="csrt, kcf, mil, nano:backbone=FILE,neckhead=FILE, vit:net=FILE, "
            "dasiamrpn:model=FILE,kernel_cls1=FILE,kernel_r1=FILE or none. Repeatable. "
            "Default: csrt, kcf and mil.",
            rich_help_panel=o.MODELS,
        ),
    ] = None,
    opencv_python: Annotated[
        str | None,
        typer.Option(
            help="A Python with opencv-contrib-python, which cannot be installed beside "
            "opencv-python. Default: this one.",
            rich_help_panel=o.MODELS,
        ),
    ] = None,
    model: o.Models = None,
    factory: o.Factories = None,
    variant: o.Variant = None,
    runtime: o.Runtime = None,
    device: o.Device = "auto",
    threads: o.Threads = None,
    layout: o.LayoutName = "auto",
    convention: o.ConventionName = None,
    sequence: o.Only = None,
    json: o.Json = None,
    csv: o.Csv = None,
    md: o.Markdown = None,
    html: o.Html = None,
    plot: o.PlotFile = None,
    verbose: Annotated[bool, typer.Option("--verbose", help=VERBOSE_HELP)] = False,
) -> None:
    """Accuracy and latency beside OpenCV's trackers: one process each, frames in turn."""
    with reported(verbose):
        from ..compare.peers import CLASSIC, Contender, parse_peer
        from ..compare.run import compare as run_compare
        from ..reporting.progress import bar

        files = o.outputs(json, csv, md, html, plot)
        contenders: list[Contender] = [
            *o.tracker_specs(
                models=model,
                factories=factory,
                variant=variant,
                runtime=runtime,
                device=device,
                threads=threads,
            )
        ]
        asked = [] if peer == ["none"] else peer or list(CLASSIC)
        contenders += [parse_peer(text, opencv_python, threads) for text in asked]
        with bar(stderr_console(), "compare") as progress:
            report = run_compare(
                dataset,
                contenders,
                layout=layout,
                convention=convention,
                only=sequence,
                threads=threads,
                progress=progress,
            )
        o.hand_over(report, files)
        if report.interrupted:
            o.stop(ExitCode.INTERRUPTED, "Interrupted.")
