"""One run of ``fartrack-track``: open, follow, finish, report."""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack, closing
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, cast

import cv2

from ..boxes import Box
from ..errors import InputError
from ..video.backoff import Backoff
from ..video.demo import demo_clip
from ..video.display import require_display, select_box
from ..video.frames import Frame, FrameSource
from ..video.groundtruth import find_groundtruth, groundtruth_box
from ..video.plot import save_plot
from ..video.session import steps
from ..video.sources import open_source
from .common import parse_box, say
from .interrupts import Interrupts
from .track_model import open_tracker
from .track_options import TrackOptions
from .track_paths import DEMO, check_outputs, source_name
from .track_progress import TrackProgress
from .track_report import Run, report
from .track_sinks import Sinks

if TYPE_CHECKING:
    from ..tracker import Tracker
    from ..video.images import BadImage
    from ..video.live import Policy


def run(options: TrackOptions, interrupts: Interrupts) -> Run:
    """Follow one target through one source and report it.

    Args:
        options: as typed.
        interrupts: entered by the caller, before what is imported here.

    Returns:
        The run; ``interrupted`` says whether Ctrl-C ended it. Files are finished then too,
        and also when an error is raised.

    Raises:
        FartrackError: anything foreseen; see ``cli.common`` for the exit codes.
    """
    _settle_logging(options.verbose)
    if options.select:
        require_display("--select", "Pass the box instead: --box x,y,w,h (first frame, pixels).")
    given = None if options.box is None else parse_box(options.box)
    with ExitStack() as stack:
        source = stack.enter_context(_open_source(options))
        check_outputs(options, source)
        sinks = stack.enter_context(closing(Sinks(options, source)))
        first = _first_frame(source, options.start)
        box = given or _starting_box(options, source, first)
        tracker = stack.enter_context(open_tracker(options))
        current = Run(source.name, box, tracker.runtime_info())
        _follow(
            current, options, source, sinks, tracker=tracker, first=first, interrupts=interrupts
        )
        with interrupts.deferred():
            _finish(current, options, sinks)
            report(current, options)
    return current


def _follow(
    current: Run,
    options: TrackOptions,
    source: FrameSource,
    sinks: Sinks,
    *,
    tracker: Tracker,
    first: Frame,
    interrupts: Interrupts,
) -> None:
    """The loop: an interrupt falls between frames, so that all files agree."""
    start = perf_counter()
    progress = TrackProgress(_expected(source, options, first))
    try:
        for step in steps(tracker, source, first, current.box, options.max_frames):
            with interrupts.deferred():
                current.history.add(step)
                sinks.write(step)
                progress.write(step)
            if sinks.quit:
                break
    except KeyboardInterrupt:
        current.interrupted = True
    finally:
        with interrupts.deferred(), closing(sinks):
            progress.close()
            current.finish(source, perf_counter() - start)


def _open_source(options: TrackOptions) -> FrameSource:
    if options.source == DEMO:
        clip = demo_clip()
        say(f"Demo clip: {clip.credit} ({clip.license}).")
    return open_source(
        source_name(options),
        policy=cast("Policy | None", options.policy),
        on_bad_image=cast("BadImage", options.on_bad_image),
        backoff=Backoff(attempts=options.reconnect),
        timeout_s=options.timeout,
        fps=options.fps,
    )


def _first_frame(source: FrameSource, start: int) -> Frame:
    source.skip(start)
    frame = source.read()
    if frame is None:
        raise InputError(f"'{source.name}' has no frame {start}: it ends before --start {start}.")
    return frame


def _starting_box(options: TrackOptions, source: FrameSource, first: Frame) -> Box:
    if options.select:
        return select_box(first.image)
    if options.source == DEMO:
        return demo_clip().box
    truth = find_groundtruth(source)
    if truth is None:
        raise InputError(
            "expected the target in the first frame. Pass --box x,y,w,h (pixels, top-left corner "
            "and size), or draw it with --select where there is a display."
        )
    box = groundtruth_box(truth, first.index)
    say(f"Box {box.x:g},{box.y:g},{box.w:g},{box.h:g} from row {first.index + 1} of '{truth}'.")
    return box


def _expected(source: FrameSource, options: TrackOptions, first: Frame) -> int | None:
    left = None if source.count is None else max(1, source.count - first.index)
    return min((n for n in (left, options.max_frames) if n is not None), default=None)


def _finish(current: Run, options: TrackOptions, sinks: Sinks) -> None:
    """Save the plot and collect what was written."""
    current.notes.extend(sinks.notes)
    if options.plot and current.history.frames:
        info = current.runtime
        title = f"{Path(current.source_name).name}  ({info.name}, {info.device}, {info.precision})"
        save_plot(current.history, options.plot, title, overwrite=options.overwrite)
    elif options.plot:
        current.notes.append("No frame was tracked after the first, so there is no plot.")
    paths = (options.output, options.csv, options.jsonl, options.plot)
    current.files.extend(str(path) for path in paths if path and path.exists())


def _settle_logging(verbose: bool) -> None:
    """The SDK's own messages, and OpenCV's only on request: its errors are reported here."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(message)s")
    if verbose:
        return
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
