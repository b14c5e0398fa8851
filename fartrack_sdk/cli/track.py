"""``fartrack-track``: follow one target through a video, a folder, a camera or a stream."""

from __future__ import annotations

from enum import Enum
from typing import Any

from . import track_options as o
from .common import EXIT_CODES_HELP, ExitCode, make_app, reported
from .interrupts import Interrupts

EPILOG = f"""
**Examples**

The bundled clip, without any other file:

    fartrack-track demo --output tracked.mp4 --csv boxes.csv --plot plot.png

A video, with the target's box in the first frame (left, top, width, height):

    fartrack-track match.mp4 --box 412,236,64,128 --output tracked.mp4

Images; a groundtruth.txt beside them gives the box:

    fartrack-track sequence/img --csv boxes.csv

A camera, drawing the target by hand, and a stream that never falls behind:

    fartrack-track 0 --select --show

    fartrack-track rtsp://camera/stream --box 300,200,80,80 --json

{EXIT_CODES_HELP}
Results go to stdout, progress and messages to stderr.
"""

app = make_app("Follow one target through a video, image folder, camera or stream.")


@app.command(epilog=EPILOG)
def track(
    source: o.Source,
    *,
    box: o.BoxText = None,
    select: o.Select = False,
    on_lost: o.OnLostOption = o.OnLost.follow,
    pause_updates: o.PauseOption = o.PauseUpdates.never,
    model: o.ModelPath = None,
    variant: o.Variant = None,
    preset: o.Preset = None,
    runtime: o.RuntimeName = None,
    device: o.Device = "auto",
    threads: o.Threads = None,
    templates: o.Templates = None,
    retention: o.Retention = None,
    sampling: o.Sampling = None,
    saliency: o.Saliency = None,
    output: o.Output = None,
    csv: o.CsvPath = None,
    jsonl: o.JsonLinesPath = None,
    plot: o.PlotPath = None,
    overwrite: o.Overwrite = False,
    json: o.JsonOut = False,
    show: o.Show = False,
    start: o.Start = 0,
    max_frames: o.MaxFrames = None,
    policy: o.PolicyOption = None,
    reconnect: o.Reconnect = 8,
    timeout: o.Timeout = 10.0,
    on_bad_image: o.BadImageOption = o.BadImageName.stop,
    fps: o.Fps = None,
    verbose: o.Verbose = False,
) -> None:
    """Follow one target through a video, image folder, camera or stream.

    Name the target by its box in the first frame (--box), draw it (--select), or
    let a groundtruth.txt beside the images name it.
    """
    given = dict(locals())
    options = o.TrackOptions(**{name: _plain(value) for name, value in given.items()})
    with reported(verbose), Interrupts() as interrupts:
        from .track_run import run

        finished = run(options, interrupts)
    if finished.interrupted:
        raise SystemExit(ExitCode.INTERRUPTED)


def _plain(value: object) -> Any:
    return value.value if isinstance(value, Enum) else value


def main() -> None:
    """Entry point of the command."""
    app()
