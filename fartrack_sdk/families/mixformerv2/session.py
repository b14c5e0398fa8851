"""The template memory of one target and the online update rule of the released tracker."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from ...crop import Image
from ...runtime import Outputs
from ..base import Change, Estimate, Run
from .config import MixFormerV2Config
from .decode import decode
from .memory import TemplateMemory, remember

NONE_YET = -1.0


class MixFormerV2Session:
    """The first template for ever, and an online template for one interval at a time.

    The frame of the highest presence above the threshold is the candidate. Every
    ``update_interval`` frames the candidate becomes the online template; without one the
    first template takes its place again. Frames without a pass (a blank search region)
    do not count.

    Args:
        config: the model.
        template: uint8 [T, T, 3] RGB, the first frame's crop.
        run: runs the pass of the first template.
    """

    def __init__(self, config: MixFormerV2Config, template: Image, run: Run) -> None:
        self._config = config
        self._first = template
        self._at_start = self._memory = remember(config, template, None, run)
        self._candidate: Image | None = None
        self._best = NONE_YET
        self._frames = 0

    @property
    def memory(self) -> TemplateMemory:
        """What the next pass knows of the templates."""
        return self._memory

    def request(self, search: Image) -> tuple[str, dict[str, npt.NDArray[np.generic]]]:
        """The pass for a search crop, uint8 [S, S, 3] RGB."""
        return self._memory.graph, {"search": search[None], **self._memory.feeds}

    def decode(self, outputs: Outputs) -> Estimate:
        """Read the logits of the pass."""
        return decode(outputs)

    def wants_template(self, estimate: Estimate) -> bool:
        """Whether the frame would be the new candidate."""
        config = self._config
        if not config.score_head or estimate.score <= config.update_threshold:
            return False
        return estimate.score > self._best * config.score_decay

    def prepare(self, outputs: Outputs, template: Image | None, run: Run) -> Change:
        """The candidate after the frame, and new template keys and values when it is time."""
        candidate = self._candidate if template is None else template
        due = (self._frames + 1) % self._config.update_interval == 0
        best = self._best * self._config.score_decay
        if template is not None:
            best = decode(outputs).score
        if not due:
            return partial(self._take_in, self._memory, candidate, best)
        return partial(self._take_in, self._changed(candidate, run), None, NONE_YET)

    def _take_in(self, memory: TemplateMemory, candidate: Image | None, best: float) -> None:
        self._memory, self._candidate, self._best = memory, candidate, best
        self._frames += 1

    def _changed(self, candidate: Image | None, run: Run) -> TemplateMemory:
        if candidate is None:
            return self._at_start
        return remember(self._config, self._first, candidate, run)
