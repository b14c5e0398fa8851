"""Where each tracked frame goes: files, stdout, a window."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from ..video.display import Window
from ..video.frames import FrameSource
from ..video.overlay import draw
from ..video.pacing import LONGEST_PAUSE_S, Pacer
from ..video.plot import check_plot_path
from ..video.records import CsvWriter, JsonLinesWriter, record
from ..video.session import Step
from ..video.writer import DEFAULT_FPS, VideoWriter
from .common import emit_json
from .track_options import TrackOptions


class Sink(Protocol):
    """Takes one step after the other."""

    def write(self, step: Step) -> None:
        """Take one step."""
        ...

    def close(self) -> None:
        """Finish; may be called any number of times."""
        ...


class VideoSink:
    """Draws and writes a video, in step with the clock where frames are spaced unevenly."""

    def __init__(
        self, path: Path, fps: float | None, pacer: Pacer | None, *, overwrite: bool
    ) -> None:
        self._writer = VideoWriter(path, fps, overwrite=overwrite)
        self._pacer = pacer

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know about the file, in sentences."""
        left_out_s = self._pacer.shortened_s if self._pacer else 0.0
        pauses = f"Long pauses of the source are {left_out_s:.1f} s shorter in the written video."
        return (*self._writer.notes, *([pauses] if left_out_s else []))

    def write(self, step: Step) -> None:
        """Draw one frame and write it as often as its time asks for."""
        image = draw(step)
        for _ in range(self._pacer.copies(step.frame.timestamp_s) if self._pacer else 1):
            self._writer.write(image)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


class JsonSink:
    """One JSON object per frame on stdout."""

    def write(self, step: Step) -> None:
        """Print one frame."""
        emit_json({"type": "frame", **record(step)})

    def close(self) -> None:
        """Nothing to finish."""


class WindowSink:
    """A live view; ``quit`` is True once the user has had enough."""

    def __init__(self) -> None:
        self._window = Window("fartrack-track")
        self.quit = False

    def write(self, step: Step) -> None:
        """Show one frame."""
        self.quit = not self._window.show(draw(step)) or self.quit

    def close(self) -> None:
        """Close the window."""
        self._window.close()


class Sinks:
    """All sinks of one run; closing finishes every one of them, whatever the others do."""

    def __init__(self, options: TrackOptions, source: FrameSource) -> None:
        """Claim all files and the window before the work starts.

        Raises:
            InputError: a file cannot be written there, or there is no display.
            MissingDependencyError: a plot without matplotlib.
        """
        self._stack = ExitStack()
        self._sinks: list[Sink] = []
        self._window: WindowSink | None = None
        self.video: VideoSink | None = None
        try:
            self._open(options, source)
        except BaseException:
            self.close()
            raise

    @property
    def quit(self) -> bool:
        """Whether the user closed the window."""
        return self._window is not None and self._window.quit

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know about what was written."""
        return self.video.notes if self.video else ()

    def write(self, step: Step) -> None:
        """Hand one step to every sink."""
        for sink in self._sinks:
            sink.write(step)

    def close(self) -> None:
        """Finish all; may be called any number of times."""
        self._stack.close()

    def _open(self, options: TrackOptions, source: FrameSource) -> None:
        overwrite = options.overwrite
        if options.plot:
            check_plot_path(options.plot, overwrite=overwrite)
        if options.csv:
            self._add(CsvWriter(options.csv, overwrite=overwrite))
        if options.jsonl:
            self._add(JsonLinesWriter(options.jsonl, overwrite=overwrite))
        if options.output:
            fps = options.fps or source.fps
            pacer = _pacer(options, source, fps or DEFAULT_FPS)
            self.video = VideoSink(options.output, fps, pacer, overwrite=overwrite)
            self._add(self.video)
        if options.show:
            self._window = WindowSink()
            self._add(self._window)
        if options.json:
            self._add(JsonSink())

    def _add(self, sink: Sink) -> None:
        self._sinks.append(sink)
        self._stack.callback(sink.close)


def _pacer(options: TrackOptions, source: FrameSource, fps: float) -> Pacer | None:
    """None where each frame is written once: images, and all of a file at the rate asked for."""
    if source.live:
        return Pacer(fps)
    if not source.timed or (options.fps and options.policy != "latest"):
        return None
    return Pacer(fps, LONGEST_PAUSE_S, lossless=options.policy != "latest")
