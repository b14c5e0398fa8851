"""Metrics of one-pass evaluation, as the benchmarks' own toolkits define them."""

from .conventions import CONVENTIONS, PLAIN, Convention
from .overlap import center_error, clip_to_image, iou, normalized_center_error
from .scores import Scores, SequenceScores, average, score_sequence

__all__ = [
    "CONVENTIONS",
    "PLAIN",
    "Convention",
    "Scores",
    "SequenceScores",
    "average",
    "center_error",
    "clip_to_image",
    "iou",
    "normalized_center_error",
    "score_sequence",
]
