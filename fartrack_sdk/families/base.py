"""What a model family provides: its configuration, and the session of one target.

The tracker owns frames, crops and clipping; the session owns the template memory and
knows which graph to run on which feeds and how to read the outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..crop import Image
from ..runtime import Feeds, Outputs

Run = Callable[[str, Feeds], Outputs]


@dataclass(frozen=True)
class Estimate:
    """What a pass says about the target.

    Attributes:
        corners: float64 [4], x0, y0, x1, y1 in units of the search crop (0..1 spans it).
        score: confidence, 0..1.
        spread: standard deviation of the corners, mean over the four, in units of the crop.
    """

    corners: npt.NDArray[np.float64]
    score: float
    spread: float


class FamilyConfig(Protocol):
    """The geometry that the tracker needs of a family's configuration."""

    @property
    def family(self) -> str:
        """Name of the family."""
        ...

    @property
    def search_size(self) -> int:
        """Side of the search crop, pixels."""
        ...

    @property
    def search_factor(self) -> float:
        """Side of the search region over the box's mean side."""
        ...

    @property
    def template_size(self) -> int:
        """Side of the template crop, pixels."""
        ...

    @property
    def template_factor(self) -> float:
        """Side of the template region over the box's mean side."""
        ...


class Session(Protocol):
    """The memory of one target.

    A frame goes ``request`` -> runtime -> ``decode`` -> ``commit``. Nothing but
    ``commit`` changes the session, and ``commit`` runs what can fail before it changes
    anything, so a frame that raises leaves the session as it was.
    """

    def request(self, search: Image) -> tuple[str, dict[str, npt.NDArray[np.generic]]]:
        """The graph to run on a search crop, and its feeds (batch of one)."""
        ...

    def decode(self, outputs: Outputs) -> Estimate:
        """Read the outputs of the pass."""
        ...

    def wants_template(self, estimate: Estimate) -> bool:
        """Whether a template crop at the new box would be used."""
        ...

    def commit(self, outputs: Outputs, template: Image | None, run: Run) -> None:
        """Take in the pass, and the new template if there is one."""
        ...
