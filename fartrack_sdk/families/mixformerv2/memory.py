"""What a search pass needs to know of the templates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...crop import Image
from ..base import Run
from .config import MixFormerV2Config
from .contract import FULL, SEARCH, TEMPLATES, template_counts


@dataclass(frozen=True)
class TemplateMemory:
    """The templates in the form that a graph takes.

    Attributes:
        graph: the search graph that takes them.
        feeds: its inputs besides the search crop; never written to.
    """

    graph: str
    feeds: dict[str, npt.NDArray[np.generic]]

    @property
    def nbytes(self) -> int:
        """Bytes of the feeds."""
        return sum(feed.nbytes for feed in self.feeds.values())


def remember(
    config: MixFormerV2Config, first: Image, online: Image | None, run: Run
) -> TemplateMemory:
    """Prepare the templates for search passes, in one pass of their own if they are cached.

    Args:
        config: the model.
        first: template of the first frame, uint8 [T, T, 3] RGB.
        online: the online template, or None where it is the first one.
        run: runs the templates pass.
    """
    images: dict[str, npt.NDArray[np.generic]] = {"template": first[None]}
    counts = template_counts(config)
    if online is None and 1 in counts:
        return TemplateMemory(SEARCH[1], _cached(run, 1, images))
    images["online"] = (first if online is None else online)[None]
    if 2 in counts:
        return TemplateMemory(SEARCH[2], _cached(run, 2, images))
    return TemplateMemory(FULL, images)


def _cached(
    run: Run, count: int, images: dict[str, npt.NDArray[np.generic]]
) -> dict[str, npt.NDArray[np.generic]]:
    outputs = run(TEMPLATES[count], images)
    return {name: np.ascontiguousarray(outputs[name]) for name in ("keys", "values")}
