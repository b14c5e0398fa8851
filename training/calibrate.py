"""State thresholds of a checkpoint, from its own scores on real sequences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..benchmarks.metrics.overlap import Floats
from ..benchmarks.reporting.drawing import color
from ..benchmarks.reporting.outputs import Plot, save_plot
from ..checkpoint.source import read_checkpoint, write_checkpoint
from .evaluate import follow_all
from .thresholds import ScoreReport, is_failed, is_good, propose_thresholds

if TYPE_CHECKING:
    from matplotlib.figure import Figure


ABSENT_FRAMES = 10


@dataclass(frozen=True)
class Calibration:
    """Scores and overlaps [N] of all tracked frames, and what follows from them."""

    scores: Floats
    overlaps: Floats
    report: ScoreReport


def calibrate(checkpoint: Path, dataset: Path, threads: int | None = None) -> Calibration:
    """Track every sequence once and propose thresholds.

    Failed frames are those with hardly any overlap, and `ABSENT_FRAMES` of the next
    sequence that are shown at the end of each, where the target cannot be.

    Args:
        checkpoint: in the released layout.
        dataset: folder of sequences with true boxes.
        threads: of the network.

    Raises:
        InputError: no frame went well, or none failed.
    """
    passes = follow_all(checkpoint, dataset, threads=threads, absent_frames=ABSENT_FRAMES)
    graded = [followed.graded() for followed in passes]
    scores = np.concatenate([np.zeros(0), *(s for s, _ in graded)])
    overlaps = np.concatenate([np.zeros(0), *(o for _, o in graded)])
    return Calibration(scores, overlaps, propose_thresholds(scores, overlaps))


def write_calibrated(checkpoint: Path, target: Path, report: ScoreReport) -> None:
    """Write the checkpoint with the proposed thresholds as its own, in its own precision."""
    found = replace(read_checkpoint(checkpoint), thresholds=report.thresholds)
    half = all(weights.dtype == np.float16 for weights in found.weights.values())
    write_checkpoint(target, found, "float16" if half else "float32")


def save_roc(calibration: Calibration, path: Path) -> None:
    """Draw the ROC curve with both thresholds to a .svg or .png file.

    Raises:
        InputError: it cannot be written there.
        MissingDependencyError: matplotlib is not installed.
    """
    save_plot(Plot(draw=lambda figure: _roc(figure, calibration), size=(5.0, 4.4)), path)


def _roc(figure: Figure, calibration: Calibration) -> None:
    scores, report = calibration.scores, calibration.report
    good = scores[is_good(calibration.overlaps)]
    failed = scores[is_failed(calibration.overlaps)]
    levels = np.unique(np.concatenate([good, failed]))[::-1]
    ax = figure.subplots()
    ax.plot(
        [(failed >= v).mean() for v in levels],
        [(good >= v).mean() for v in levels],
        color=color(0),
        linewidth=2,
        label=f"area {report.area:.3f}",
    )
    limits = report.thresholds
    for i, name in enumerate(("lost_below", "tracking_above"), 1):
        value = getattr(limits, name)
        at = (failed >= value).mean(), (good >= value).mean()
        ax.plot(*at, "o", color=color(i), label=f"{name} {value:g}")
    ax.plot([0, 1], [0, 1], ":", color="#6c757d")
    ax.set(
        title=f"{report.good} good frames against {report.failed} failed",
        xlabel="failed frames that score higher",
        ylabel="good frames that score higher",
    )
    ax.legend(loc="lower right")
