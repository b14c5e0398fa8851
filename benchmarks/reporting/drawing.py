"""Matplotlib, loaded only when something is drawn; no display, no global state."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from ...errors import MissingDependencyError

if TYPE_CHECKING:
    from .outputs import Plot

COLORS = ("#0b6e8a", "#d1495b", "#b7791f", "#66a182", "#6b4e9b", "#8d6e63", "#2e4057", "#c26dbc")
"""A palette that stays apart in print and for most colour-blind readers."""

LINES = ("-", "--", "-.", ":")

STYLE: Any = {
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e3e6ea",
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "axes.edgecolor": "#6c757d",
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "svg.fonttype": "path",
    "svg.hashsalt": "fartrack",
}


def require_matplotlib() -> None:
    """Complain if plots cannot be drawn.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    import importlib.util

    if importlib.util.find_spec("matplotlib") is None:
        raise MissingDependencyError("matplotlib", "bench", "for plots and HTML reports")


def render(plot: Plot, kind: str) -> bytes:
    """A drawn plot as ``svg`` or ``png``."""
    require_matplotlib()
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=plot.size, dpi=140, layout="constrained")
        plot.draw(figure)
        out = io.BytesIO()
        figure.savefig(out, format=kind, metadata={"Date": None} if kind == "svg" else None)
    return out.getvalue()


def color(i: int) -> str:
    """The colour of the i-th series."""
    return COLORS[i % len(COLORS)]


def line(i: int) -> dict[str, Any]:
    """Colour and dashes of the i-th line."""
    return {"color": color(i), "linestyle": LINES[(i // len(COLORS)) % len(LINES)], "linewidth": 2}
