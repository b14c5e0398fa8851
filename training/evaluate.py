"""A checkpoint on real sequences: the number that training is for, and its scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..benchmarks.datasets import load_dataset
from ..benchmarks.datasets.sequence import Sequence
from ..benchmarks.metrics import CONVENTIONS, Scores, SequenceScores, average, score_sequence
from ..benchmarks.metrics.overlap import Floats, iou
from ..boxes import Box
from ..crop import Image
from ..errors import InputError
from ..tracker import Tracker

CONVENTION = CONVENTIONS["plain"]


@dataclass(frozen=True)
class Followed:
    """One pass over a sequence of N frames.

    Attributes:
        sequence: with the truth.
        boxes: [N, 4], (x, y, w, h) in pixels; the first is the true one.
        scores: [N - 1], of the tracked frames.
        absent: scores of frames of another sequence, shown afterwards.
    """

    sequence: Sequence
    boxes: Floats
    scores: Floats
    absent: Floats

    def graded(self) -> tuple[Floats, Floats]:
        """Scores and overlaps of tracked frames with a true box, then of absent targets (0)."""
        overlaps = iou(self.boxes, self.sequence.truth)[1:]
        known = np.isfinite(overlaps)
        scores = np.concatenate([self.scores[known], self.absent])
        return scores, np.concatenate([overlaps[known], np.zeros(len(self.absent))])


def follow_all(
    checkpoint: Path,
    dataset: Path,
    variant: str | None = None,
    threads: int | None = None,
    absent_frames: int = 0,
) -> Iterator[Followed]:
    """One pass over each sequence, from its first true box.

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
            yield _follow(tracker, sequence, foreign)


def evaluate_checkpoint(
    checkpoint: Path, dataset: Path, variant: str | None = None, threads: int | None = None
) -> tuple[Scores, list[SequenceScores]]:
    """One-pass evaluation, frame 0 left out; arguments as of `follow_all`.

    Returns:
        Mean scores over the sequences, and each sequence's own.

    Raises:
        InputError: no sequence has a true box after its first frame.
    """
    results = []
    for followed in follow_all(checkpoint, dataset, variant, threads):
        sequence = followed.sequence
        scores = score_sequence(
            followed.boxes,
            sequence.truth,
            CONVENTION,
            absent=sequence.absent,
            annotated=sequence.annotated,
        )
        if scores is not None:
            results.append(SequenceScores(name=sequence.name, **scores.model_dump()))
    total = average(results, CONVENTION)
    if total is None:
        raise InputError(f"expected sequences with true boxes in {dataset}; found none.")
    return total, results


def _follow(tracker: Tracker, sequence: Sequence, foreign: Iterable[Path]) -> Followed:
    first, image = Box(*sequence.truth[0]), _frame(sequence.frames[0])
    tracker.init(image, first)
    results = [tracker.track(_frame(file)) for file in sequence.frames[1:]]
    size = image.shape[1], image.shape[0]
    absent = [tracker.track(np.asarray(cv2.resize(_frame(f), size), np.uint8)) for f in foreign]
    return Followed(
        sequence,
        np.array([first, *(r.box for r in results)], np.float64),
        np.array([r.score for r in results], np.float64),
        np.array([r.score for r in absent], np.float64),
    )


def _frame(path: Path) -> Image:
    image = cv2.imread(str(path))
    if image is None:
        raise InputError(f"expected an image; {path} cannot be read.")
    return np.asarray(image, np.uint8)
