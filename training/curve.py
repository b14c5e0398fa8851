"""Scores against training samples: the file that validation keeps, and its picture."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..atomic import write_atomically
from ..benchmarks.reporting.drawing import line
from ..benchmarks.reporting.outputs import Plot, save_plot
from ..errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CURVE_FILE = "validation.csv"


class Point(NamedTuple):
    """Means over the validation sequences after so many training samples."""

    samples: int
    ao: float
    sr50: float
    auc: float

    @property
    def scores(self) -> dict[str, float]:
        """The means by name."""
        return {name: value for name, value in self._asdict().items() if name != "samples"}


def write_curve(path: Path, points: Sequence[Point]) -> None:
    """Write points as CSV with a header; the file before is replaced."""
    rows = [f"{p.samples},{p.ao:.6f},{p.sr50:.6f},{p.auc:.6f}" for p in points]
    write_atomically(path, "\n".join([",".join(Point._fields), *rows, ""]))


def read_curve(path: Path) -> list[Point]:
    """Points from a CSV file, or from the folder of a run.

    Raises:
        InputError: there is none, or a row is damaged.
    """
    file = path / CURVE_FILE if path.is_dir() else path
    try:
        with file.open(encoding="utf-8", newline="") as rows:
            return [
                Point(int(row["samples"]), float(row["ao"]), float(row["sr50"]), float(row["auc"]))
                for row in csv.DictReader(rows)
            ]
    except FileNotFoundError as error:
        raise InputError(
            f"expected {file}, which a run with `validation` in its file keeps; there is none."
        ) from error
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{file}: expected the columns {', '.join(Point._fields)} with numbers ({error!r})."
        ) from error


def save_curves(curves: Mapping[str, Sequence[Point]], path: Path) -> None:
    """Draw the AO of one or more runs over their samples to a .svg or .png file.

    Args:
        curves: points by name of the run.
        path: of the picture.

    Raises:
        InputError: it cannot be written there.
        MissingDependencyError: matplotlib is not installed.
    """
    save_plot(Plot(draw=lambda figure: _draw(figure, curves), size=(6.5, 3.6)), path)


def _draw(figure: Figure, curves: Mapping[str, Sequence[Point]]) -> None:
    ax = figure.subplots()
    for i, (name, points) in enumerate(curves.items()):
        ax.plot(
            [p.samples for p in points], [p.ao for p in points], marker="o", label=name, **line(i)
        )
    ax.set(title="AO on the validation sequences", xlabel="training samples", ylabel="AO")
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_formatter("{x:,.0f}")
    if len(curves) > 1:
        ax.legend(loc="lower right")
