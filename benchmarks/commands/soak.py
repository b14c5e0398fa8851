"""``fartrack-bench soak``."""

from __future__ import annotations

from typing import Annotated

import typer

from ...cli.common import VERBOSE_HELP, ExitCode, parse_box, reported, stderr_console
from . import options as o


def soak(
    *,
    frames: Annotated[
        int | None,
        typer.Option(min=1, help="Frames to track. Default: 10000.", rich_help_panel=o.RESULTS),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.0, help="Minutes to track, instead.", rich_help_panel=o.RESULTS),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            help="Video, image folder or glob. Default: the clip that ships.",
            rich_help_panel=o.RESULTS,
        ),
    ] = None,
    box: Annotated[
        str | None,
        typer.Option(help="First box x,y,w,h in pixels, with --source.", rich_help_panel=o.RESULTS),
    ] = None,
    scripted: Annotated[
        bool,
        typer.Option(
            "--scripted",
            help="Everything real but the model: for very long runs.",
            rich_help_panel=o.RESULTS,
        ),
    ] = False,
    max_rss_slope: Annotated[
        float,
        typer.Option(
            min=0.0, help="MiB that memory may grow per 10,000 frames.", rich_help_panel=o.RESULTS
        ),
    ] = 2.0,
    max_latency_drift: Annotated[
        float,
        typer.Option(
            min=0.0, help="Share that the median latency may rise.", rich_help_panel=o.RESULTS
        ),
    ] = 0.25,
    max_descriptors: Annotated[
        int,
        typer.Option(min=0, help="File descriptors that may be added.", rich_help_panel=o.RESULTS),
    ] = 2,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            help="Checkpoint or exported folder. Default: the model that ships.",
            rich_help_panel=o.MODELS,
        ),
    ] = None,
    variant: o.Variant = None,
    runtime: o.Runtime = None,
    device: o.Device = "auto",
    threads: o.Threads = None,
    json: o.Json = None,
    csv: o.Csv = None,
    md: o.Markdown = None,
    html: o.Html = None,
    plot: o.PlotFile = None,
    verbose: Annotated[bool, typer.Option("--verbose", help=VERBOSE_HELP)] = False,
) -> None:
    """Track for a long time; memory, latency and file descriptors must stay where they are.

    Exits with 5 when a limit is passed.
    """
    with reported(verbose):
        from ..reporting.progress import bar
        from ..soak.report import Limits
        from ..soak.run import soak as run_soak

        files = o.outputs(json, csv, md, html, plot)
        (spec,) = o.tracker_specs(
            models=[model] if model else None,
            factories=None,
            variant=variant,
            runtime=runtime,
            device=device,
            threads=threads,
        )
        limits = Limits(
            rss_mib_per_10k=max_rss_slope,
            latency_drift=max_latency_drift,
            descriptors=max_descriptors,
        )
        if frames is None and minutes is None:
            frames = 10_000
        with bar(stderr_console(), "soak") as progress:
            report = run_soak(
                spec,
                frames=frames,
                minutes=minutes,
                source=source,
                box=parse_box(box) if box else None,
                scripted=scripted,
                limits=limits,
                progress=progress,
            )
        o.hand_over(report, files)
        if report.interrupted:
            o.stop(ExitCode.INTERRUPTED, "Interrupted.")
        if failed := report.failures():
            o.stop(ExitCode.PERFORMANCE, "\n".join(failed))
