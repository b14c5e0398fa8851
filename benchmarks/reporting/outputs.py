"""From a report to the screen and to files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pydantic import BaseModel, ConfigDict

from ...atomic import PendingFile, is_device, write_atomically
from ...errors import ConfigError
from .table import Table, to_csv, to_markdown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Draw = Callable[["Figure"], None]
PLOT_SUFFIXES = (".svg", ".png")


class Report(Protocol):
    """What every command returns, besides its figures in fields."""

    def heading(self) -> str:
        """One line that names the measurement."""
        ...

    def tables(self) -> Sequence[Table]:
        """The figures as tables, the main one first."""
        ...

    def plots(self) -> Mapping[str, Plot]:
        """The figures as pictures, the main one first."""
        ...

    def pictures(self) -> Mapping[str, bytes]:
        """Further pictures, JPEG or PNG, by caption."""
        ...

    def model_dump_json(self, *, indent: int | None = None) -> str:
        """The report as JSON."""
        ...


class Plot(BaseModel):
    """A picture that is drawn when somebody wants it.

    Attributes:
        draw: draws onto an empty figure.
        size: (width, height) in inches.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    draw: Callable[..., None]
    size: tuple[float, float] = (8.0, 4.5)


class Outputs(BaseModel):
    """Files to write; ``-`` as ``json`` means stdout."""

    model_config = ConfigDict(frozen=True)

    json_path: Path | None = None
    csv: Path | None = None
    md: Path | None = None
    html: Path | None = None
    plot: Path | None = None

    def check(self) -> None:
        """Complain before any work is done.

        Raises:
            ConfigError: a plot that is neither SVG nor PNG.
            InputError: a folder that does not exist, or a name that cannot be written to.
            MissingDependencyError: a plot was asked for without matplotlib.
        """
        if self.plot is not None and self.plot.suffix.lower() not in PLOT_SUFFIXES:
            raise ConfigError(f"expected a plot that ends in .svg or .png; got {self.plot}.")
        for path in (self.json_path, self.csv, self.md, self.html, self.plot):
            if path is not None and str(path) != "-" and not is_device(path):
                PendingFile(path, overwrite=True)
        if self.plot is not None or self.html is not None:
            from .drawing import require_matplotlib

            require_matplotlib()

    def write(self, report: Report) -> list[Path]:
        """Write every file that was asked for, but for a plot of nothing.

        Returns:
            The files written.
        """
        texts: list[tuple[Path | None, Callable[[], str]]] = [
            (self.json_path, lambda: report.model_dump_json(indent=1) + "\n"),
            (self.csv, lambda: to_csv(report.tables())),
            (self.md, lambda: to_markdown(report.tables())),
            (self.html, lambda: _page(report)),
        ]
        written = []
        for path, text in texts:
            if path is not None and str(path) != "-":
                _write(path, text().encode())
                written.append(path)
        plots = list(report.plots().values()) if self.plot is not None else []
        if self.plot is not None and plots:
            save_plot(plots[0], self.plot)
            written.append(self.plot)
        return written


def _page(report: Report) -> str:
    from .page import to_page

    return to_page(report)


def save_plot(plot: Plot, path: Path) -> None:
    """Draw a plot to a .svg or .png file.

    Raises:
        InputError: it cannot be written there.
        MissingDependencyError: matplotlib is not installed.
    """
    from .drawing import render

    write_atomically(path, render(plot, path.suffix.lower().lstrip(".")))


def _write(path: Path, content: bytes) -> None:
    """A file whole or not at all; into a pipe, a device or an open stream as it is."""
    if not is_device(path):
        write_atomically(path, content)
        return
    with path.open("ab") as stream:
        stream.write(content)
