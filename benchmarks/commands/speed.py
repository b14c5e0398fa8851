"""``fartrack-bench speed``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ...cli.common import ExitCode, reported, stderr_console
from ...errors import ConfigError
from . import options as o
from .finish import hand_over, stop, stop_if_interrupted

if TYPE_CHECKING:
    from ..speed.config import SpeedCase
    from ..speed.report import SpeedReport


def speed(
    *,
    frames_of: o.SourceOptions,
    rounds: Annotated[int, o.option(o.MEASURED, min=1, text="Turns of a configuration.")] = 5,
    frames: Annotated[int, o.option(o.MEASURED, min=1, text="Measured frames of a turn.")] = 40,
    warmup: Annotated[int, o.option(o.MEASURED, min=1, text="Frames before measuring.")] = 10,
    roofline: Annotated[bool, o.option(o.MEASURED, text="Measure the matrix product peak.")] = True,
    fail_under_fps: Annotated[
        float | None,
        o.option(o.MEASURED, text="Exit with 5 when a configuration sustains less."),
    ] = None,
    fail_over_p99: Annotated[
        float | None,
        o.option(o.MEASURED, text="Exit with 5 when a configuration's p99 is more milliseconds."),
    ] = None,
    trackers: o.TrackerOptions,
    runtime: Annotated[
        str | None, o.option(o.TRACKERS, text="One or several, for example pytorch,openvino.")
    ] = None,
    precision: Annotated[
        str | None,
        o.option(o.TRACKERS, text="What must be active: fp32, fp16, bf16, int8; one or several."),
    ] = None,
    threads: Annotated[
        str | None,
        o.option(
            o.TRACKERS, text="One or several, for example 1,2,4. Default: min(usable CPUs, 4)."
        ),
    ] = None,
    targets: Annotated[
        str, o.option(o.TRACKERS, text="Targets a frame, one or several, for example 1,4,8.")
    ] = "1",
    files: o.ReportFiles,
    verbose: o.Verbose = False,
) -> None:
    """What a user gets: real frames, all stages, every combination of the options in turn."""
    with reported(verbose):
        from ..reporting.progress import bar
        from ..speed.config import SpeedOptions
        from ..speed.measure import measure_speed

        outputs = files.outputs()
        cases = _cases(trackers, runtime, precision, threads, targets)
        settings = SpeedOptions(
            source=frames_of.source,
            box=frames_of.first_box(),
            rounds=rounds,
            frames=frames,
            warmup=warmup,
        )
        with bar(stderr_console(), "speed") as progress:
            report = measure_speed(cases, settings, roofline=roofline, progress=progress)
        hand_over(report, outputs)
        stop_if_interrupted(report.interrupted)
        if failed := _failures(report, fail_under_fps, fail_over_p99):
            stop(ExitCode.PERFORMANCE, "\n".join(failed))


def _cases(
    trackers: o.TrackerOptions,
    runtime: str | None,
    precision: str | None,
    threads: str | None,
    targets: str,
) -> list[SpeedCase]:
    from ..speed.config import sweep

    return sweep(
        trackers.specs(),
        threads=_numbers(threads, "--threads") or [None],
        targets=_numbers(targets, "--targets"),
        runtimes=_words(runtime) or [None],
        precisions=_words(precision) or [None],
    )


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
