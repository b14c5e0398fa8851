"""How a command that was killed goes on: finished runs are kept, and taken over."""

from __future__ import annotations

from collections.abc import Sequence as Items
from dataclasses import dataclass, field
from pathlib import Path

from ..datasets import Dataset, Problem, Sequence
from ..identity import Subject
from .run import Run
from .store import RunStore


@dataclass
class KeptRuns:
    """The runs of one tracker, in memory and on disk.

    Attributes:
        name: of the tracker.
        store: where runs are kept.
        runs: finished ones by sequence.
        resumed: how many of them were there already.
    """

    name: str
    store: RunStore
    runs: dict[str, Run] = field(default_factory=dict)
    resumed: int = 0

    @classmethod
    def of(cls, tracker: Subject, dataset: Dataset, out: Path, fresh: bool) -> KeptRuns:
        """The runs of a tracker below a folder; ``fresh`` forgets those that are there."""
        store = RunStore(out, tracker, dataset)
        if fresh:
            store.clear()
        return cls(tracker.name, store)

    def keep(self, sequence: Sequence, run: Run) -> None:
        """A run has just been finished."""
        self.runs[sequence.name] = run
        self.store.save(sequence, run)

    def problems(self) -> list[Problem]:
        """Kept runs that could not be used, one problem each."""
        message = f"the kept run of {self.name} was damaged or out of date; run again."
        return [Problem(sequence=name, message=message) for name in self.store.discarded]


def take_over(together: Items[KeptRuns], sequence: Sequence) -> bool:
    """Use the kept runs of a sequence, of all of several trackers or of none.

    Args:
        together: trackers whose runs only count beside each other.
        sequence: that was asked for.

    Returns:
        Whether there is nothing left to run.
    """
    found = [kept.store.load(sequence) for kept in together]
    if any(run is None for run in found):
        return False
    for kept, run in zip(together, found, strict=True):
        if run is not None:
            kept.runs[sequence.name] = run
            kept.resumed += 1
    return True
