"""How a finished report is handed over, and how a command ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from ...cli.common import ExitCode, say, stdout_console
from ..reporting.outputs import Outputs, Report
from ..reporting.table import Table, to_rich

if TYPE_CHECKING:
    from ..accuracy.report import AccuracyReport


def hand_over(report: Report, files: Outputs) -> None:
    """Tables on stdout (or the JSON alone), files, and where they are."""
    if files.json_path is not None and str(files.json_path) == "-":
        typer.echo(report.model_dump_json())
    else:
        for table in report.tables():
            if not table.detail:
                _show(table)
    written = files.write(report)
    for path in written:
        say(f"Wrote {path}")
    if files.plot is not None and files.plot not in written:
        say(f"There is nothing to plot: {files.plot} was not written.")


def _show(table: Table) -> None:
    """On stdout; a terminal that is too narrow breaks lines rather than numbers."""
    console, drawn = stdout_console(), to_rich(table)
    wide = console.options.update(width=1000)
    console.width = max(console.width, drawn.__rich_measure__(console, wide).maximum)
    console.print(drawn)
    console.print()


def stop(code: ExitCode, message: str) -> None:
    """End with a status and its reason on stderr.

    Raises:
        typer.Exit: always.
    """
    say(message, style="red")
    raise typer.Exit(code)


def stop_if_interrupted(interrupted: bool, advice: str = "") -> None:
    """End with 130 after what is done has been written."""
    if interrupted:
        stop(ExitCode.INTERRUPTED, f"Interrupted. {advice}".rstrip())


def stop_if_unscored(report: AccuracyReport) -> None:
    """End with 2 when a tracker has no score although the set has truth."""
    names = [t.name for t in report.trackers if t.overall is None]
    if names and not report.unscored:
        stop(
            ExitCode.USAGE,
            f"No sequence could be evaluated with {', '.join(names)}: see the problems above.",
        )
