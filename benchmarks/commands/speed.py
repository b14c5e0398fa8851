"""``fartrack-bench speed``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ...cli.common import VERBOSE_HELP, ExitCode, parse_box, reported, stderr_console
from ...errors import ConfigError
from . import options as o

if TYPE_CHECKING:
    from ..speed.report import SpeedReport


def speed(
    *,
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
    model: o.Models = None,
    factory: o.Factories = None,
    variant: o.Variant = None,
    runtime: Annotated[
        str | None, typer.Option(help="One or several, with commas.", rich_help_panel=o.MODELS)
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="What must be active: fp32, fp16, bf16, int8; one or several.",
            rich_help_panel=o.MODELS,
        ),
    ] = None,
    device: o.Device = "auto",
    threads: Annotated[
        str | None,
        typer.Option(
            help="One or several, for example 1,2,4. Default: min(usable CPUs, 4).",
            rich_help_panel=o.MODELS,
        ),
    ] = None,
    targets: Annotated[
        str,
        typer.Option(
            help="Targets a frame, one or several, for example 1,4,8.", rich_help_panel=o.MODELS
        ),
    ] = "1",
    rounds: Annotated[
        int, typer.Option(min=1, help="Turns of every configuration.", rich_help_panel=o.RESULTS)
    ] = 5,
    frames: Annotated[
        int, typer.Option(min=1, help="Measured frames of a turn.", rich_help_panel=o.RESULTS)
    ] = 40,
    warmup: Annotated[
        int, typer.Option(min=1, help="Frames before measuring.", rich_help_panel=o.RESULTS)
    ] = 10,
    roofline: Annotated[
        bool, typer.Option(help="Measure the matrix product peak.", rich_help_panel=o.RESULTS)
    ] = True,
    fail_under_fps: Annotated[
        float | None,
        typer.Option(
            help="Exit with 5 when a configuration sustains less.", rich_help_panel=o.RESULTS
        ),
    ] = None,
    fail_over_p99: Annotated[
        float | None,
        typer.Option(
            help="Exit with 5 when a configuration's p99 is more milliseconds.",
            rich_help_panel=o.RESULTS,
        ),
    ] = None,
    json: o.Json = None,
    csv: o.Csv = None,
    md: o.Markdown = None,
    html: o.Html = None,
    plot: o.PlotFile = None,
    verbose: Annotated[bool, typer.Option("--verbose", help=VERBOSE_HELP)] = False,
) -> None:
    """What a user gets: real frames, all stages, every combination of the options in turn."""
    with reported(verbose):
        from ..reporting.progress import bar
        from ..speed.config import SpeedOptions, sweep
        from ..speed.measure import speed as measure

        files = o.outputs(json, csv, md, html, plot)
        specs = o.tracker_specs(
            models=model,
            factories=factory,
            variant=variant,
            runtime=None,
            device=device,
            threads=None,
        )
        cases = sweep(
            specs,
            threads=_numbers(threads, "--threads") or [None],
            targets=_numbers(targets, "--targets"),
            runtimes=_words(runtime) or [None],
            precisions=_words(precision) or [None],
        )
        settings = SpeedOptions(
            source=source,
            box=parse_box(box) if box else None,
            rounds=rounds,
            frames=frames,
            warmup=warmup,
        )
        with bar(stderr_console(), "speed") as progress:
            report = measure(cases, settings, roofline=roofline, progress=progress)
        o.hand_over(report, files)
        if report.interrupted:
            o.stop(ExitCode.INTERRUPTED, "Interrupted.")
        failed = _failures(report, fail_under_fps, fail_over_p99)
        if failed:
            o.stop(ExitCode.PERFORMANCE, "\n".join(failed))


def _failures(report: SpeedReport, fps: float | None, p99: float | None) -> list[str]:
    slow = [
        f"{r.name}: {r.sustained_fps:.1f} FPS sustained, expected at least {fps:g}"
        for r in report.rows
        if fps is not None and r.sustained_fps < fps
    ]
    late = [
        f"{r.name}: p99 {r.total.p99:.1f} ms, expected at most {p99:g}"
        for r in report.rows
        if p99 is not None and r.total.p99 > p99
    ]
    return slow + late


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def _numbers(text: str | None, option: str) -> list[int]:
    words = _words(text)
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise ConfigError(f"expected whole numbers above 0 with {option}; got {text!r}.")
    return [int(word) for word in words]
