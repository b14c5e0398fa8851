"""A checkpoint on real sequences: the number that training is for, and its scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ..benchmarks.accuracy.run import Run, follow
from ..benchmarks.accuracy.scoring import score_run
from ..benchmarks.datasets import Problem, load_dataset
from ..benchmarks.datasets.sequence import Sequence
from ..benchmarks.metrics import CONVENTIONS, Scores, SequenceScores, average
from ..benchmarks.metrics.overlap import Floats, iou
from ..errors import InputError
from ..tracker import Tracker

CONVENTION = CONVENTIONS["plain"]


@dataclass(frozen=True)
class Followed:
    """One pass over a sequence.

    Attributes:
        sequence: with the truth.
        run: boxes and scores of its frames.
        absent: scores of frames of another sequence, shown afterwards.
    """

    sequence: Sequence
    run: Run
    absent: Floats

    def graded(self) -> tuple[Floats, Floats]:
        """Scores and overlaps of tracked frames with a true box, then of absent targets (0)."""
        if not self.run.boxes:
            return np.zeros(0), np.zeros(0)
        overlaps = iou(self.run.boxes, self.sequence.truth)[1:]
        tracked = np.array(self.run.scores[1:], np.float64)
        known = np.isfinite(overlaps) & np.isfinite(tracked)
        scores = np.concatenate([tracked[known], self.absent])
        return scores, np.concatenate([overlaps[known], np.zeros(len(self.absent))])


class Evaluation(NamedTuple):
    """Means over the sequences, each one's own scores, and what was wrong with the data."""

    total: Scores
    sequences: list[SequenceScores]
    problems: list[Problem]


def follow_all(
    checkpoint: Path,
    dataset: Path,
    variant: str | None = None,
    threads: int | None = None,
    absent_frames: int = 0,
) -> Iterator[Followed]:
    """One pass over each sequence, from its first true box; frames as `follow` takes them.

    Args:
        checkpoint: in the released layout.
        dataset: folder of sequences in any layout that ``fartrack-bench`` knows.
        variant: of the checkpoint; its own by default.
        threads: of the network.
        absent_frames: frames of the next sequence that are shown at the end of each:
            the target is certainly not in them.
    """
    sequences = load_dataset(dataset).sequences
    with Tracker.from_checkpoint(checkpoint, variant=variant, threads=threads) as tracker:
        for i, sequence in enumerate(sequences):
            other = sequences[(i + 1) % len(sequences)]
            foreign = other.frames[:absent_frames] if other is not sequence else ()
            run = follow(tracker, sequence.name, sequence.frames, sequence.first_box)
            yield Followed(sequence, run, _foreign_scores(tracker, run, foreign))


def evaluate_checkpoint(
    checkpoint: Path, dataset: Path, variant: str | None = None, threads: int | None = None
) -> Evaluation:
    """One-pass evaluation, frame 0 left out; arguments as of `follow_all`.

    Raises:
        InputError: no sequence has a true box after its first frame.
    """
    results, problems = [], []
    for followed in follow_all(checkpoint, dataset, variant, threads):
        scores = score_run(followed.sequence, followed.run, CONVENTION)
        problems += followed.run.problems
        if scores is not None:
            results.append(scores)
    total = average(results, CONVENTION)
    if total is None:
        raise InputError(f"expected sequences with true boxes in {dataset}; found none.")
    return Evaluation(total, results, problems)


def _foreign_scores(tracker: Tracker, run: Run, frames: Iterable[Path]) -> Floats:
    """Scores of frames of another video, brought to this one's size."""
    if not run.boxes or run.size is None:
        return np.zeros(0)
    images = [image for file in frames if (image := cv2.imread(str(file))) is not None]
    found = [tracker.track(np.asarray(cv2.resize(image, run.size), np.uint8)) for image in images]
    return np.array([result.score for result in found], np.float64)
