"""Sequences with boxes in the folder layouts of the common benchmarks."""

from .discovery import LAYOUTS, load_dataset
from .sequence import Dataset, Problem, Sequence

__all__ = ["LAYOUTS", "Dataset", "Problem", "Sequence", "load_dataset"]
