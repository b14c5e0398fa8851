"""A picture of one run: score and state, box size, latency by stage."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..atomic import PendingFile
from ..errors import InputError, MissingDependencyError
from ..result import Timings
from .history import STATES, History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
STATE_COLORS = {"TRACKING": "#2a9d55", "UNCERTAIN": "#e9a21b", "LOST": "#d1433b"}
STAGE_COLORS = {"crop": "#8ab6d6", "infer": "#33658a", "decode": "#f6ae2d", "template": "#9a6fb0"}
_INK = "#33383d"


def check_plot_path(path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Check, before the work starts, that a plot can be written at its end.

    Raises:
        InputError: not .png, .svg or .pdf, or the file cannot be written there.
        MissingDependencyError: matplotlib is not installed.
    """
    if Path(path).suffix.lower() not in SUFFIXES:
        raise InputError(f"expected a plot ending in {', '.join(SUFFIXES)}; got '{path}'.")
    PendingFile(path, overwrite=overwrite)
    _new_figure()


def save_plot(
    history: History, path: str | os.PathLike[str], title: str = "", *, overwrite: bool = False
) -> None:
    """Draw a run and save it; needs no display.

    Args:
        history: the run; at least one tracked frame.
        path: ends in .png, .svg or .pdf.
        title: one line above the plot.
        overwrite: replace an existing file.

    Raises:
        InputError: nothing was tracked, or the file cannot be written there.
        MissingDependencyError: matplotlib is not installed.
    """
    check_plot_path(path, overwrite=overwrite)
    if not history.frames:
        raise InputError("expected at least one tracked frame to plot; got none.")
    figure = _new_figure()
    score, size, latency = figure.subplots(
        3, 1, sharex=True, gridspec_kw={"height_ratios": (3, 2, 3)}
    )
    frames = history.column("frame")
    _draw_score(score, frames, history)
    _draw_size(size, frames, history)
    _draw_latency(latency, frames, history)
    _draw_title(figure, title or "Tracking")
    with PendingFile(path, overwrite=overwrite) as pending:
        figure.savefig(pending.part, dpi=130)


def _new_figure() -> Figure:
    """A figure outside pyplot: no global state, no window."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError("matplotlib", "viz", "plots") from error
    figure = Figure(figsize=(10, 7), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _draw_title(figure: Figure, title: str) -> None:
    """A title may be any file name: with dollar signs, which are no formula, and bytes."""
    drawn = title.encode("utf-8", "backslashreplace").decode()
    style = {"fontsize": 12, "color": _INK, "weight": "bold"}
    figure.suptitle(drawn, x=0.01, ha="left", parse_math=False, **style)


def _draw_score(axes: Axes, frames: npt.NDArray[np.float64], history: History) -> None:
    states = history.column("state").astype(int)
    for state, start, end in _runs(states, frames):
        axes.axvspan(start, end, color=STATE_COLORS[STATES[state]], alpha=0.16, lw=0)
    scores = history.column("score")
    axes.plot(frames, scores, color=_INK, lw=1.4)
    # The scale of scores belongs to the model: some stay far below 1 on good frames.
    axes.set_ylim(0.0, min(1.02, max(0.02, 1.25 * float(scores.max()))))
    axes.set_xlim(frames[0], max(frames[-1], frames[0] + 1))
    for name in STATES:
        share = f"{name}  {history.states[name]}"
        axes.fill_between([], [], color=STATE_COLORS[name], alpha=0.4, lw=0, label=share)
    _dress(axes, "score, state")


def _draw_size(axes: Axes, frames: npt.NDArray[np.float64], history: History) -> None:
    axes.plot(frames, history.column("w"), color="#33658a", lw=1.4, label="width")
    axes.plot(frames, history.column("h"), color="#c8553d", lw=1.4, label="height")
    axes.set_ylim(bottom=0.0)
    _dress(axes, "box, px")


def _draw_latency(axes: Axes, frames: npt.NDArray[np.float64], history: History) -> None:
    stages = [history.column(name) for name in Timings._fields]
    spread = history.latency_ms()
    labels = [f"{name}  {spread[name]['mean']:.2f} ms" for name in Timings._fields]
    colors = [STAGE_COLORS[name] for name in Timings._fields]
    axes.stackplot(frames, stages, labels=labels, colors=colors, lw=0)
    total = np.sum(stages, axis=0)
    # A single slow frame (a first run, a busy machine) must not flatten all others.
    axes.set_ylim(0.0, max(1e-3, 1.25 * float(np.percentile(total, 99))))
    axes.axhline(
        spread["total"]["p50"],
        color=_INK,
        lw=0.9,
        ls=(0, (4, 3)),
        label=f"total p50  {spread['total']['p50']:.2f} ms",
    )
    _dress(axes, "latency, ms")
    axes.set_xlabel("frame", color=_INK)


def _runs(
    states: npt.NDArray[np.int64], frames: npt.NDArray[np.float64]
) -> list[tuple[int, float, float]]:
    """Stretches of equal state as (state, first frame, frame where the next begins)."""
    starts = np.flatnonzero(np.diff(states, prepend=-1))
    ends = [*frames[starts[1:]].tolist(), float(frames[-1]) + 1.0]
    return [(int(states[i]), float(frames[i]), e) for i, e in zip(starts, ends, strict=True)]


def _dress(axes: Axes, label: str) -> None:
    axes.set_ylabel(label, color=_INK)
    axes.grid(axis="y", color="#e3e6e8", lw=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=_INK, length=3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(
        loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=9, labelcolor=_INK
    )
