"""Average overlap of a checkpoint on real sequences: the number that training is for."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from ..benchmarks.datasets import load_dataset
from ..benchmarks.datasets.sequence import Sequence
from ..benchmarks.metrics import CONVENTIONS, Scores, SequenceScores, average, score_sequence
from ..benchmarks.metrics.overlap import Floats
from ..boxes import Box
from ..crop import Image
from ..errors import InputError
from ..tracker import Tracker

CONVENTION = CONVENTIONS["plain"]


def evaluate_checkpoint(
    checkpoint: Path, dataset: Path, variant: str | None = None, threads: int | None = None
) -> tuple[Scores, list[SequenceScores]]:
    """One-pass evaluation, frame 0 left out.

    Args:
        checkpoint: in the released layout.
        dataset: folder of sequences in any layout that ``fartrack-bench`` knows.
        variant: of the checkpoint; its own by default.
        threads: of the network.

    Returns:
        Mean scores over the sequences, and each sequence's own.
    """
    tracker = Tracker.from_checkpoint(checkpoint, variant=variant, threads=threads)
    results = []
    for sequence in load_dataset(dataset).sequences:
        predicted = follow(tracker, sequence)
        scores = score_sequence(
            predicted,
            sequence.truth,
            CONVENTION,
            absent=sequence.absent,
            annotated=sequence.annotated,
        )
        if scores is not None:
            results.append(SequenceScores(name=sequence.name, **scores.model_dump()))
    tracker.close()
    total = average(results, CONVENTION)
    if total is None:
        raise InputError(f"expected sequences with true boxes in {dataset}; found none.")
    return total, results


def follow(tracker: Tracker, sequence: Sequence) -> Floats:
    """Boxes [N, 4] of one pass from the first true box."""
    boxes = [sequence.truth[0]]
    tracker.init(_frame(sequence.frames[0]), Box(*sequence.truth[0]))
    boxes.extend(np.array(tracker.track(_frame(file)).box) for file in sequence.frames[1:])
    return np.array(boxes, np.float64)


def _frame(path: Path) -> Image:
    image = cv2.imread(str(path))
    if image is None:
        raise InputError(f"expected an image; {path} cannot be read.")
    return np.asarray(image, np.uint8)
