"""The options of ``fartrack-track``: what each flag is called and what it says in --help."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from .common import PRESET_HELP, VERBOSE_HELP

_MODEL, _FILES, _LOOP, _SOURCE = "Model", "Files", "Tracking", "Source"


class OnLost(str, Enum):
    """Where to search while the target is LOST."""

    follow = "follow"
    hold = "hold"


class PauseUpdates(str, Enum):
    """When no new template is taken."""

    never = "never"
    lost = "lost"
    uncertain = "uncertain"


class PolicyName(str, Enum):
    """Which frames of a source are handed out."""

    latest = "latest"
    every = "every"


class BadImageName(str, Enum):
    """What happens at an unreadable image."""

    stop = "raise"
    skip = "skip"


def _option(panel: str, *names: str, text: str, **extra: Any) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, show_default=False, **extra)


Source = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="Video file, image folder, glob in quotes, camera number, rtsp:// or http:// "
        "address, or the word **demo** for the clip that ships with the package.",
    ),
]
BoxText = Annotated[
    str | None,
    _option(_LOOP, "--box", "-b", text="Target in the first frame: x,y,w,h in pixels."),
]
Select = Annotated[
    bool, _option(_LOOP, "--select", text="Draw the target by hand (needs a display).")
]
OnLostOption = Annotated[
    OnLost,
    _option(_LOOP, "--on-lost", text="While LOST: follow the latest box [default], or hold."),
]
PauseOption = Annotated[
    PauseUpdates,
    _option(
        _LOOP,
        "--pause-updates",
        text="Take no new templates: never [default], while lost, or while uncertain and lost.",
    ),
]
ModelPath = Annotated[
    Path | None,
    _option(
        _MODEL,
        "--model",
        "-m",
        text="Checkpoint file (.pth.tar, .safetensors) or exported "
        "folder. Default: the bundled model.",
    ),
]
Variant = Annotated[
    str | None, _option(_MODEL, "--variant", text="Of a checkpoint: tiny, nano or pico.")
]
Preset = Annotated[str | None, _option(_MODEL, "--preset", text=PRESET_HELP)]
RuntimeName = Annotated[
    str | None,
    _option(
        _MODEL,
        "--runtime",
        text="pytorch, onnxruntime, openvino, ascend. Default: the "
        "best that is installed for the model.",
    ),
]
Device = Annotated[
    str, _option(_MODEL, "--device", "-d", text="cpu, cuda, cuda:0, npu:0 or auto [default].")
]
Threads = Annotated[
    int | None,
    _option(_MODEL, "--threads", text="CPU threads. Default: usable CPUs, at most 4.", min=1),
]
Templates = Annotated[
    int | None,
    _option(_MODEL, "--templates", text="Templates in use, 1 to 9 (checkpoints).", min=1, max=9),
]
Retention = Annotated[
    float | None,
    _option(_MODEL, "--retention", text="Share of template tokens kept, above 0, up to 1."),
]
Sampling = Annotated[
    str | None,
    _option(
        _MODEL,
        "--sampling",
        text="Choice of templates over time: exponential, linear, "
        "logarithmic or equal-interval (checkpoints).",
    ),
]
Saliency = Annotated[
    str | None,
    _option(_MODEL, "--saliency", text="What ranks tokens: released or paper (checkpoints)."),
]
Output = Annotated[
    Path | None, _option(_FILES, "--output", "-o", text="Video with the box drawn: .mp4, .avi.")
]
CsvPath = Annotated[Path | None, _option(_FILES, "--csv", text="One row per frame as CSV.")]
JsonLinesPath = Annotated[
    Path | None, _option(_FILES, "--jsonl", text="One JSON object per frame, one a line.")
]
PlotPath = Annotated[
    Path | None,
    _option(_FILES, "--plot", text="Score, state, box size and latency: .png, .svg, .pdf."),
]
Overwrite = Annotated[bool, _option(_FILES, "--overwrite", text="Replace existing files.")]
JsonOut = Annotated[
    bool,
    _option(
        _FILES,
        "--json",
        text="On stdout, one JSON object per frame "
        '("type": "frame") and a last one ("type": "summary").',
    ),
]
Show = Annotated[
    bool, _option(_FILES, "--show", text="Show a window; q or Escape ends (needs a display).")
]
Start = Annotated[
    int,
    _option(_SOURCE, "--start", text="Frames to pass over; the box belongs to the next.", min=0),
]
MaxFrames = Annotated[
    int | None, _option(_SOURCE, "--max-frames", "-n", text="Stop after so many frames.", min=1)
]
PolicyOption = Annotated[
    PolicyName | None,
    _option(
        _SOURCE,
        "--policy",
        text="latest drops frames rather than fall behind (default of "
        "cameras and streams), every uses all (default of files).",
    ),
]
Reconnect = Annotated[
    int,
    _option(
        _SOURCE,
        "--reconnect",
        text="Attempts to restore a lost stream, 8 by default; 0: its end is the end.",
        min=0,
    ),
]
Timeout = Annotated[
    float,
    _option(
        _SOURCE, "--timeout", text="Longest wait for a stream in seconds, 10 by default.", min=0.1
    ),
]
BadImageOption = Annotated[
    BadImageName,
    _option(_SOURCE, "--on-bad-image", text="At an unreadable image: raise [default] or skip."),
]
Fps = Annotated[
    float | None,
    _option(_SOURCE, "--fps", text="Rate of an image folder, and of the written video.", min=0.1),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help=VERBOSE_HELP, show_default=False)]


@dataclass(frozen=True)
class TrackOptions:
    """One call of the command, as typed; ``None`` means that the flag was not given."""

    source: str
    box: str | None = None
    select: bool = False
    on_lost: str = "follow"
    pause_updates: str = "never"
    model: Path | None = None
    variant: str | None = None
    preset: str | None = None
    runtime: str | None = None
    device: str = "auto"
    threads: int | None = None
    templates: int | None = None
    retention: float | None = None
    sampling: str | None = None
    saliency: str | None = None
    output: Path | None = None
    csv: Path | None = None
    jsonl: Path | None = None
    plot: Path | None = None
    overwrite: bool = False
    json: bool = False
    show: bool = False
    start: int = 0
    max_frames: int | None = None
    policy: str | None = None
    reconnect: int = 8
    timeout: float = 10.0
    on_bad_image: str = "raise"
    fps: float | None = None
    verbose: bool = False
