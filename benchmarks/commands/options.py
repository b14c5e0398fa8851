"""Options that several sub-commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ...cli.common import PRESET_HELP, VERBOSE_HELP, parse_box
from ...errors import ConfigError
from ..reporting.outputs import Outputs
from ..trackers import TrackerSpec

MEASURED, TRACKERS, FILES = "What is measured", "Trackers", "Files to write"


def option(panel: str, *names: str, text: str, **extra: Any) -> Any:
    """An option in a panel of the help page."""
    return typer.Option(*names, help=text, rich_help_panel=panel, **extra)


Device = Annotated[str, option(TRACKERS, text="cpu, cuda, cuda:0, npu:0 or auto.")]
Threads = Annotated[
    int | None,
    option(TRACKERS, min=1, text="Threads of a model. Default: min(usable CPUs, 4)."),
]
Runtime = Annotated[str | None, option(TRACKERS, text="pytorch, onnxruntime, openvino or ascend.")]
Folder = Annotated[Path, typer.Argument(help="Folder of sequences in a known layout.")]
Fresh = Annotated[bool, option(MEASURED, "--fresh", text="Run everything again.")]
Verbose = Annotated[bool, typer.Option("--verbose", help=VERBOSE_HELP)]


@dataclass(frozen=True)
class TrackerOptions:
    """Which trackers."""

    model: Annotated[
        list[str] | None,
        option(
            TRACKERS,
            "--model",
            "-m",
            text="Checkpoint or exported folder, or LABEL=PATH. Repeat it to put several side by "
            "side. Default: the model that ships.",
        ),
    ] = None
    factory: Annotated[
        list[str] | None,
        option(
            TRACKERS,
            text="A tracker of your own: module:callable or file.py:callable, or LABEL=that. "
            "Repeatable.",
        ),
    ] = None
    variant: Annotated[
        str | None,
        option(TRACKERS, text="tiny, nano or pico, for a checkpoint that holds more layers."),
    ] = None
    preset: Annotated[str | None, option(TRACKERS, text=PRESET_HELP)] = None
    device: Device = "auto"

    def specs(self, runtime: str | None = None, threads: int | None = None) -> list[TrackerSpec]:
        """The trackers; the model that ships when none is named.

        Raises:
            ConfigError: two of them would have the same name.
        """
        options: dict[str, str | float] = {"preset": self.preset} if self.preset else {}
        found = []
        for text in self.model or ([] if self.factory else [""]):
            label, path = _labelled(text)
            found.append(
                TrackerSpec(
                    model=path or None,
                    variant=self.variant,
                    runtime=runtime,
                    device=self.device,
                    threads=threads,
                    options=options,
                    label=label,
                )
            )
        for text in self.factory or []:
            label, place = _labelled(text)
            found.append(TrackerSpec(factory=place, threads=threads, label=label))
        names = [spec.name for spec in found]
        if len(set(names)) != len(names):
            raise ConfigError(
                f"expected trackers with different names; got {', '.join(names)}. "
                "Name them: --model LABEL=PATH."
            )
        return found


def _labelled(text: str) -> tuple[str | None, str]:
    label, found, rest = text.partition("=")
    return (label, rest) if found and "/" not in label else (None, text)


@dataclass(frozen=True)
class DatasetOptions:
    """Which sequences, and how they count."""

    layout: Annotated[
        str,
        option(
            MEASURED,
            text="Layout of the folders: got10k, otb, lasot, lasotext, trackingnet, uav123, nfs, "
            "vasttrack, vot, plain; auto finds it.",
        ),
    ] = "auto"
    convention: Annotated[
        str | None,
        option(
            MEASURED,
            text="How to count: plain, got10k, otb, lasot, trackingnet. Default: as the layout's "
            "own toolkit.",
        ),
    ] = None
    sequence: Annotated[
        list[str] | None, option(MEASURED, text="Take only this sequence. Repeatable.")
    ] = None


@dataclass(frozen=True)
class SourceOptions:
    """Which frames."""

    source: Annotated[
        str | None,
        option(MEASURED, text="Video, image folder or glob. Default: the clip that ships."),
    ] = None
    box: Annotated[
        str | None, option(MEASURED, text="First box x,y,w,h in pixels, with --source.")
    ] = None

    def first_box(self) -> tuple[float, float, float, float] | None:
        """The box as numbers."""
        return parse_box(self.box) if self.box else None


@dataclass(frozen=True)
class TableFiles:
    """Where the report goes besides the screen."""

    json: Annotated[
        Path | None, option(FILES, text="Write the whole report as JSON; - for stdout.")
    ] = None
    csv: Annotated[Path | None, option(FILES, text="Write the tables as CSV.")] = None
    md: Annotated[Path | None, option(FILES, text="Write the tables as Markdown.")] = None
    html: Annotated[
        Path | None, option(FILES, text="Write one self-contained page with plots.")
    ] = None

    def outputs(self) -> Outputs:
        """The files, checked before any work is done."""
        plot = getattr(self, "plot", None)
        found = Outputs(json_path=self.json, csv=self.csv, md=self.md, html=self.html, plot=plot)
        found.check()
        return found


@dataclass(frozen=True)
class ReportFiles(TableFiles):
    """The same for a report that has plots."""

    plot: Annotated[Path | None, option(FILES, text="Write the main plot, .svg or .png.")] = None
