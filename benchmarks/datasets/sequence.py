"""A sequence with its true boxes, and what was found wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from ..metrics.conventions import PLAIN, Convention
from ..metrics.overlap import Floats
from ..metrics.scores import Flags


class Problem(BaseModel):
    """Something in the data that a reader of the figures has to know.

    Attributes:
        sequence: its name.
        message: what was expected and what was found.
        frame: index of the frame, where there is one.
        fatal: the sequence could not be evaluated at all.
    """

    sequence: str
    message: str
    frame: int | None = None
    fatal: bool = False

    def __str__(self) -> str:
        place = self.sequence if self.frame is None else f"{self.sequence}, frame {self.frame}"
        return f"{place}: {self.message}"


@dataclass(frozen=True)
class Sequence:
    """Frames and true boxes of one target.

    Attributes:
        name: unique in its set.
        frames: image files, in order.
        truth: float [N, 4], (x, y, w, h) in pixels as the file has them; NaN where unknown.
        absent: bool [N], the target is flagged out of sight.
        annotated: bool [N], the annotation has a row for the frame.
        attributes: names of the challenges, where the set gives them.
    """

    name: str
    frames: tuple[Path, ...]
    truth: Floats
    absent: Flags
    annotated: Flags
    attributes: tuple[str, ...] = ()

    @property
    def has_truth(self) -> bool:
        """Whether there is anything to score beyond the first frame."""
        known = self.annotated & np.isfinite(self.truth).all(axis=1)
        return bool(known[1:].any())

    @property
    def first_box(self) -> tuple[float, float, float, float]:
        """The box a tracker is started with."""
        x, y, w, h = (float(v) for v in self.truth[0])
        return (x, y, w, h)


@dataclass
class Dataset:
    """The sequences found under one folder.

    Attributes:
        root: the folder.
        layout: name of the layout it was read with.
        convention: how the layout's benchmark counts.
        sequences: those that can be evaluated.
        problems: everything else that was seen.
    """

    root: Path
    layout: str
    convention: Convention = PLAIN
    sequences: list[Sequence] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, found: Sequence | None, problems: list[Problem]) -> None:
        """Take what a reader made of one folder."""
        if found is not None:
            self.sequences.append(found)
        self.problems.extend(problems)


def all_false(count: int) -> Flags:
    """Flags of ``count`` frames, none set."""
    return np.zeros(count, dtype=np.bool_)
