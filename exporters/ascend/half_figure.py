"""The figure of the float16 report."""

from __future__ import annotations

from pathlib import Path

from ...errors import MissingDependencyError
from .half import HIGHEST, ROLES, SMALLEST_NORMAL, Range


def draw(graph: str, ranges: list[Range], path: Path) -> None:
    """Largest magnitude of every tensor in the order of the graph, log scale.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingDependencyError("matplotlib", "viz", "to draw the figure") from error
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.subplots()
    for role in reversed(ROLES):
        own = [r for r in ranges if r.role == role]
        size = 6 if role == "other" else 18
        axes.scatter([r.order for r in own], [r.highest for r in own], s=size, label=role)
    axes.axhline(HIGHEST, color="black", linewidth=1)
    axes.text(0, HIGHEST * 1.3, "float16: highest 65504", fontsize=8)
    axes.axhline(SMALLEST_NORMAL, color="black", linewidth=1, linestyle=":")
    axes.text(0, SMALLEST_NORMAL * 1.3, "float16: smallest normal 6.1e-5", fontsize=8)
    axes.set(
        yscale="log",
        ylim=(1e-5, 1e6),
        xlabel="operator, in order",
        ylabel="largest magnitude",
        title=f"Headroom of graph '{graph}' in float16",
    )
    figure.legend(fontsize=8, loc="outside lower center", ncols=len(ROLES))
    figure.savefig(str(path), dpi=130)
