"""The float16 report of an exported folder: text for people, a figure, and numbers.

Run ``python -m fartrack_sdk.exporters.ascend.half_report FOLDER [FIGURE.png]``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import onnx
import typer

from ...cli.common import ExitCode, make_app, reported
from ...runtime import Feeds
from ...runtimes.ascend.sidecar import read_sidecar
from .board_script import DATA_NAME
from .emulation import graph_input
from .half import HIGHEST, ROLES, Range, deviation, emulated, float32_outputs, ranges

REPORT_NAME = "float16.json"
SUMMARY = "What float16 would do to the graphs of an exported folder: overflow, loss, deviation."
app = make_app(SUMMARY)


@dataclass(frozen=True)
class HalfReport:
    """Float16 of one graph on the inputs that the folder carries.

    Attributes:
        graph: its name.
        ranges: of all tensors.
        errors: output name to the largest relative deviation.
    """

    graph: str
    ranges: list[Range]
    errors: dict[str, float]

    def worst(self, role: str) -> Range | None:
        """The tensor of a role with the largest values."""
        own = [r for r in self.ranges if r.role == role]
        return max(own, key=lambda r: r.highest, default=None)

    @property
    def overflowing(self) -> list[Range]:
        """Tensors that float16 cannot hold."""
        return [r for r in self.ranges if r.overflows]

    def lines(self) -> list[str]:
        """For people."""
        text = [f"graph {self.graph}: {len(self.overflowing)} of {len(self.ranges)} overflow"]
        for role in ROLES:
            found = self.worst(role)
            if found is not None:
                text.append(
                    f"  {role:18} largest {found.highest:.4g} ({found.highest / HIGHEST:.1e} of "
                    f"float16's highest), {found.lossy:.1%} subnormal, {found.lost:.1%} lost"
                )
        return [*text, *(f"  output {n:14} off by {e:.1e}" for n, e in self.errors.items())]


def half_report(folder: Path) -> list[HalfReport]:
    """The report of every graph of an exported folder.

    Args:
        folder: from a dry run or a full export.

    Raises:
        ArtifactError: it is no such folder.
    """
    facts = read_sidecar(folder)
    stored = np.load(folder / DATA_NAME)
    reports = []
    for name in facts.graphs:
        graph = facts.graph(name, folder / f"{name}.om")
        feeds: Feeds = {
            t.name: graph_input(graph, t, stored[f"{name}/in/{t.name}"]) for t in graph.spec.inputs
        }
        model = onnx.load(str(folder / f"{name}.onnx"))
        errors = deviation(float32_outputs(model, feeds), emulated(model, feeds))
        reports.append(HalfReport(name, ranges(model, feeds), errors))
    return reports


def write_report(reports: list[HalfReport], path: Path) -> None:
    """All numbers as JSON."""
    facts = [
        {"graph": r.graph, "errors": r.errors, "ranges": [asdict(x) for x in r.ranges]}
        for r in reports
    ]
    path.write_text(json.dumps(facts, indent=1) + "\n")


def draw_report(report: HalfReport, path: Path) -> None:
    """Largest magnitude of every tensor along the graph, against float16's limits.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    from .half_figure import draw

    draw(report.graph, report.ranges, path)


@app.command(help=SUMMARY)
def main(
    folder: Annotated[Path, typer.Argument(help="An exported folder.")],
    figure: Annotated[Path | None, typer.Argument(help="Draw the last graph, .png.")] = None,
) -> None:
    """Report on a folder; 4 if a tensor overflows."""
    with reported():
        reports = half_report(folder)
        write_report(reports, folder / REPORT_NAME)
        for report in reports:
            typer.echo("\n".join(report.lines()))
        if figure is not None:
            draw_report(reports[-1], figure)
        if any(report.overflowing for report in reports):
            raise typer.Exit(ExitCode.GATE)


if __name__ == "__main__":
    app()
