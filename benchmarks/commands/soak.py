"""``fartrack-bench soak``."""

from __future__ import annotations

from typing import Annotated

from ...cli.common import ExitCode, reported, stderr_console
from ...errors import ConfigError
from ..trackers import TrackerSpec
from . import options as o
from .finish import hand_over, stop, stop_if_interrupted

DEFAULT_FRAMES = 10_000


def soak(
    *,
    frames: Annotated[
        int | None, o.option(o.MEASURED, min=1, text=f"Frames to track. Default: {DEFAULT_FRAMES}.")
    ] = None,
    minutes: Annotated[
        float | None, o.option(o.MEASURED, min=0.0, text="Minutes to track, instead.")
    ] = None,
    frames_of: o.SourceOptions,
    scripted: Annotated[
        bool,
        o.option(
            o.MEASURED, "--scripted", text="Everything real but the model: for very long runs."
        ),
    ] = False,
    max_rss_slope: Annotated[
        float,
        o.option(o.MEASURED, min=0.0, text="MiB that memory may grow per 10,000 frames."),
    ] = 2.0,
    max_latency_drift: Annotated[
        float, o.option(o.MEASURED, min=0.0, text="Share that the median latency may rise.")
    ] = 0.25,
    max_descriptors: Annotated[
        int, o.option(o.MEASURED, min=0, text="File descriptors that may be added.")
    ] = 2,
    trackers: o.TrackerOptions,
    runtime: o.Runtime = None,
    threads: o.Threads = None,
    files: o.ReportFiles,
    verbose: o.Verbose = False,
) -> None:
    """Track for a long time; memory, latency and file descriptors must stay where they are.

    Exits with 5 when a limit is passed.
    """
    with reported(verbose):
        from ..reporting.progress import bar
        from ..soak.report import Limits
        from ..soak.run import run_soak

        outputs = files.outputs()
        limits = Limits(
            rss_mib_per_10k=max_rss_slope,
            latency_drift=max_latency_drift,
            descriptors=max_descriptors,
        )
        with bar(stderr_console(), "soak") as progress:
            report = run_soak(
                _single(trackers.specs(runtime, threads)),
                frames=DEFAULT_FRAMES if frames is None and minutes is None else frames,
                minutes=minutes,
                source=frames_of.source,
                box=frames_of.first_box(),
                scripted=scripted,
                limits=limits,
                progress=progress,
            )
        hand_over(report, outputs)
        stop_if_interrupted(report.interrupted)
        if failed := report.failures():
            stop(ExitCode.PERFORMANCE, "\n".join(failed))


def _single(specs: list[TrackerSpec]) -> TrackerSpec:
    if len(specs) != 1:
        raise ConfigError(f"expected one tracker to soak; got {len(specs)}. Name one.")
    return specs[0]
