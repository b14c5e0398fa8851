"""Progress of a run on stderr."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ..video.session import Step
from .common import stderr_console

_STYLES = {"INIT": "cyan", "TRACKING": "green", "UNCERTAIN": "yellow", "LOST": "red"}
_INTERVAL_S = 0.1


class TrackProgress:
    """A bar with frames per second, state and score; silent where stderr is no terminal."""

    def __init__(self, total: int | None) -> None:
        """Prepare a bar.

        Args:
            total: frames to come, None where nobody knows.
        """
        console = stderr_console()
        self._bar = Progress(
            TextColumn("Tracking"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:5.1f} fps"),
            TextColumn("[{task.fields[style]}]{task.fields[state]:<9}[/] {task.fields[score]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
            redirect_stdout=False,
        )
        self._task = self._bar.add_task(
            "track", total=total, rate=0.0, state="INIT", score="", style="cyan"
        )
        self._frames = 0
        self._shown_frames, self._shown_s = 0, monotonic()
        self._bar.start()

    def write(self, step: Step) -> None:
        """Count one frame; the bar changes ten times a second at most."""
        self._frames += 1
        now = monotonic()
        elapsed = now - self._shown_s
        if elapsed < _INTERVAL_S:
            return
        score = "" if step.result is None else f"{step.result.score:.2f}"
        self._bar.update(
            self._task,
            completed=self._frames,
            rate=(self._frames - self._shown_frames) / elapsed,
            state=step.state,
            style=_STYLES[step.state],
            score=score,
        )
        self._shown_frames, self._shown_s = self._frames, now

    def close(self) -> None:
        """Take the bar away; may be called any number of times."""
        # The terminal may be closed: that interrupts a run, and its files are still finished.
        with suppress(OSError):
            self._bar.stop()
