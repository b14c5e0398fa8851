"""What a run amounts to: as a table for people, as an object for machines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from ..boxes import Box
from ..runtime import RuntimeInfo
from ..video.addresses import public_name
from ..video.frames import FrameSource
from ..video.history import STATES, History
from ..video.sources import local_path
from .common import command_line, emit_json, say, stdout_console
from .track_options import TrackOptions

_KEPT = (
    *("model", "variant", "preset", "runtime", "device", "threads"),
    *("templates", "retention", "sampling", "saliency"),
)
"""Options that make the next run one of the same model."""
_ROWS = ("crop", "infer", "decode", "template", "total", "overhead")


@dataclass
class Run:
    """Everything a report needs.

    Attributes:
        source_name: what was read.
        box: the target in the first frame.
        runtime: what computed.
        history: the tracked frames.
        elapsed_s: wall time of the loop: reading, tracking, drawing and writing.
        dropped: frames that arrived and were not used.
        interrupted: whether Ctrl-C ended it.
        notes: sentences about the source and the files.
        files: what was written.
    """

    source_name: str
    box: Box
    runtime: RuntimeInfo
    history: History = field(default_factory=History)
    elapsed_s: float = 0.0
    dropped: int = 0
    interrupted: bool = False
    notes: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def finish(self, source: FrameSource, elapsed_s: float) -> None:
        """Take the last numbers of the source."""
        self.elapsed_s, self.dropped = elapsed_s, source.dropped
        self.notes.extend(source.notes)

    @property
    def fps(self) -> float:
        """Tracked frames per second of wall time."""
        return self.history.frames / self.elapsed_s if self.elapsed_s > 0 else 0.0


def summary(run: Run) -> dict[str, Any]:
    """The run as a JSON object; milliseconds, pixels, seconds."""
    info = run.runtime
    latency = {
        stage: {key: round(value, 4) for key, value in spread.items()}
        for stage, spread in run.history.latency_ms().items()
    }
    return {
        "source": run.source_name,
        "box": [round(float(v), 3) for v in run.box],
        "runtime": {
            "name": info.name,
            "device": info.device,
            "provider": info.provider,
            "precision": info.precision,
            "threads": info.threads,
        },
        "tracked_frames": run.history.frames,
        "dropped_frames": run.dropped,
        "elapsed_s": round(run.elapsed_s, 4),
        "fps": round(run.fps, 2),
        "mean_score": round(run.history.mean_score(), 4),
        "states": {name: run.history.states[name] for name in STATES},
        "latency_ms": latency,
        "interrupted": run.interrupted,
        "notes": run.notes,
        "files": run.files,
    }


def report(run: Run, options: TrackOptions) -> None:
    """Print the run: a table on stdout, or with ``--json`` one object; notes on stderr."""
    if options.json:
        emit_json({"type": "summary", **summary(run)})
    else:
        _print_table(run)
    for note in run.notes:
        say(f"Note: {note}", style="yellow")
    say(f"Next: {next_command(run, options)}")


def _print_table(run: Run) -> None:
    info, states, console = run.runtime, run.history.states, stdout_console()
    table = Table(title="Milliseconds per frame", title_justify="left", title_style="bold")
    table.add_column("stage")
    for heading in ("mean", "p50", "p99"):
        table.add_column(heading, justify="right")
    latency = run.history.latency_ms()
    for stage in _ROWS:
        label = "overhead (all but infer)" if stage == "overhead" else stage
        cells = (f"{latency[stage][key]:.3f}" for key in ("mean", "p50", "p99"))
        table.add_row(label, *cells, end_section=stage in ("template", "total"))
    ended = "  (interrupted)" if run.interrupted else ""
    lines = [
        f"{run.source_name}: {run.history.frames} frames tracked in {run.elapsed_s:.1f} s, "
        f"{run.fps:.1f} fps with reading and writing{ended}",
        f"Runtime: {info.name} on {info.device}, {info.precision}, {info.threads} threads "
        f"({info.provider})",
        "States: "
        + ", ".join(f"{name} {states[name]}" for name in STATES)
        + f"; mean score {run.history.mean_score():.2f}; dropped frames {run.dropped}",
    ]
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
    console.print(table)
    if run.files:
        console.print("Wrote " + ", ".join(run.files), markup=False, soft_wrap=True)


def next_command(run: Run, options: TrackOptions) -> str:
    """The command that a user is likely to want after this one."""
    x, y, w, h = run.box
    # The password of a stream is not repeated: such lines end up in logs.
    streamed = "://" in options.source and local_path(options.source) is None
    source = public_name(options.source) if streamed else options.source
    words: list[str] = ["fartrack-track", source]
    if options.source != "demo" or options.box or options.select:
        words += ["--box", f"{x:g},{y:g},{w:g},{h:g}"]
    words += ["--start", str(options.start)] if options.start else []
    for name in _KEPT:
        value = getattr(options, name)
        words += [] if value in (None, "auto") else [f"--{name}", str(value)]
    if run.history.states["LOST"] and options.on_lost == "follow":
        return command_line([*words, "--on-lost", "hold", "--pause-updates", "lost"])
    for name, example in (("output", "tracked.mp4"), ("plot", "plot.png"), ("csv", "boxes.csv")):
        if getattr(options, name) is None:
            return command_line([*words, f"--{name}", example])
    return command_line(["fartrack-track", "0", "--select", "--show"])
