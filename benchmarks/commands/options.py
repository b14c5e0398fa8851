"""Options that several sub-commands share, and how a finished report is handed over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...cli.common import ExitCode, say, stdout_console
from ...errors import ConfigError
from ..reporting.outputs import Outputs, Report
from ..reporting.table import Table, to_rich
from ..trackers import TrackerSpec

RESULTS, MODELS, FILES = "What is measured", "Trackers", "Files to write"

Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        help="Checkpoint or exported folder, or LABEL=PATH. Repeat it "
        "to put several side by side. Default: the model that ships.",
        rich_help_panel=MODELS,
    ),
]
Factories = Annotated[
    list[str] | None,
    typer.Option(
        "--factory",
        help="A tracker of your own: module:callable or file.py:callable, "
        "or LABEL=that. Repeatable.",
        rich_help_panel=MODELS,
    ),
]
Variant = Annotated[
    str | None,
    typer.Option(
        help="tiny, nano or pico, for a checkpoint that holds more layers.", rich_help_panel=MODELS
    ),
]
Runtime = Annotated[
    str | None,
    typer.Option(help="pytorch, onnxruntime, openvino or ascend.", rich_help_panel=MODELS),
]
Device = Annotated[
    str, typer.Option(help="cpu, cuda, cuda:0, npu:0 or auto.", rich_help_panel=MODELS)
]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1, help="Threads of a model. Default: min(usable CPUs, 4).", rich_help_panel=MODELS
    ),
]
Json = Annotated[
    Path | None,
    typer.Option(
        "--json", help="Write the whole report as JSON; - for stdout.", rich_help_panel=FILES
    ),
]
Csv = Annotated[
    Path | None, typer.Option("--csv", help="Write the tables as CSV.", rich_help_panel=FILES)
]
Markdown = Annotated[
    Path | None, typer.Option("--md", help="Write the tables as Markdown.", rich_help_panel=FILES)
]
Html = Annotated[
    Path | None,
    typer.Option("--html", help="Write one self-contained page with plots.", rich_help_panel=FILES),
]
PlotFile = Annotated[
    Path | None,
    typer.Option("--plot", help="Write the main plot, .svg or .png.", rich_help_panel=FILES),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--sequence", help="Take only this sequence. Repeatable.", rich_help_panel=RESULTS
    ),
]
LayoutName = Annotated[
    str, typer.Option(help="Layout of the folders; auto finds it.", rich_help_panel=RESULTS)
]
ConventionName = Annotated[
    str | None,
    typer.Option(
        help="How to count: plain, got10k, otb, lasot, trackingnet. Default: as the "
        "layout's own toolkit.",
        rich_help_panel=RESULTS,
    ),
]


def outputs(
    json: Path | None, csv: Path | None, md: Path | None, html: Path | None, plot: Path | None
) -> Outputs:
    """The files asked for, checked before any work is done."""
    found = Outputs(json_path=json, csv=csv, md=md, html=html, plot=plot)
    found.check()
    return found


def tracker_specs(
    *,
    models: list[str] | None,
    factories: list[str] | None,
    variant: str | None,
    runtime: str | None,
    device: str,
    threads: int | None,
) -> list[TrackerSpec]:
    """Trackers from the options; the model that ships when none is named.

    Raises:
        ConfigError: two of them would have the same name.
    """
    specs = []
    for text in models or ([] if factories else [""]):
        label, path = _labelled(text)
        specs.append(
            TrackerSpec(
                model=path or None,
                variant=variant,
                runtime=runtime,
                device=device,
                threads=threads,
                label=label,
            )
        )
    for text in factories or []:
        label, place = _labelled(text)
        specs.append(TrackerSpec(factory=place, threads=threads, label=label))
    names = [s.name for s in specs]
    if len(set(names)) != len(names):
        raise ConfigError(
            f"expected trackers with different names; got {', '.join(names)}. "
            "Name them: --model LABEL=PATH."
        )
    return specs


def _labelled(text: str) -> tuple[str | None, str]:
    label, found, rest = text.partition("=")
    return (label, rest) if found and "/" not in label else (None, text)


def hand_over(report: Report, files: Outputs) -> None:
    """Tables on stdout (or the JSON alone), files, and where they are."""
    if files.json_path is not None and str(files.json_path) == "-":
        typer.echo(report.model_dump_json())
    else:
        for table in report.tables():
            _show(table)
    for path in files.write(report):
        say(f"Wrote {path}")


def _show(table: Table) -> None:
    """On stdout; a terminal that is too narrow breaks lines rather than numbers."""
    console, drawn = stdout_console(), to_rich(table)
    wide = console.options.update(width=1000)
    console.width = max(console.width, drawn.__rich_measure__(console, wide).maximum)
    console.print(drawn)
    console.print()


def stop(code: ExitCode, message: str) -> None:
    """End with a status and its reason on stderr."""
    say(message, style="red")
    raise typer.Exit(code)
