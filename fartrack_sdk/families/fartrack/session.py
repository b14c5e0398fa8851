"""The template memory of one target and the feeds made from it (paper, section 3.3)."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ...crop import Image
from ...runtime import Outputs
from ..base import Change, Estimate, Run
from .config import FARTrackConfig
from .decode import decode
from .sampling import oldest_needed, slot_entries
from .store import TemplateStore


class FARTrackSession:
    """Entries 0, 1, 2, ... are the template crops of the frames so far.

    The newest entry is fed as an image; the pass embeds it and ranks its tokens, and
    what is kept goes into the store. So each template is embedded once and ranked once,
    in the pass in which it is the newest.

    Args:
        config: the model.
        max_entries: rows of the store.
        template: uint8 [112, 112, 3] RGB, the first frame's crop.
    """

    def __init__(self, config: FARTrackConfig, max_entries: int, template: Image) -> None:
        self._config = config
        self._store = TemplateStore(max_entries, config.kept_tokens, config.dim)
        self._first = self._newest = template
        self._count = 1
        self._passes = 0
        self._unlearnt = True
        older = max(1, config.num_templates - 1)
        self._kept = np.empty((older, config.kept_tokens, config.dim), np.float32)
        self.keep_mask: npt.NDArray[np.bool_] = np.ones(config.template_tokens, np.bool_)

    @property
    def store(self) -> TemplateStore:
        """The tokens of the older templates."""
        return self._store

    def request(self, search: Image) -> tuple[str, dict[str, npt.NDArray[np.generic]]]:
        """The pass for a search crop, uint8 [224, 224, 3] RGB."""
        feeds: dict[str, npt.NDArray[np.generic]] = {"search": search[None]}
        if self._passes == 0:
            return "first", {**feeds, "newest": self._first[None]}
        slots = slot_entries(self._config, self._count)
        single = len(slots) == 1
        self._store.gather(slots if single else slots[:-1], self._kept)
        feeds["kept"] = self._kept.reshape(1, -1, self._config.dim)
        if not single:
            feeds["newest"] = (self._newest if slots[-1] else self._first)[None]
        return "track", feeds

    def decode(self, outputs: Outputs) -> Estimate:
        """Read the logits of the pass."""
        return decode(outputs["logits"][0], self._config)

    def wants_template(self, estimate: Estimate) -> bool:
        """Every frame gives a template, unless the first is the only one."""
        return self._config.num_templates > 1

    def prepare(self, outputs: Outputs, template: Image | None, run: Run) -> Change:
        """Embed the new template if no pass will do so as the newest."""
        warm_up = None
        if template is not None and slot_entries(self._config, self._count + 1)[-1] == 0:
            warm_up = run("embed", {"newest": template[None]})["newest_tokens"][0]
        return partial(self._take_in, outputs, template, warm_up)

    def _take_in(
        self, outputs: Outputs, template: Image | None, warm_up: npt.NDArray[Any] | None
    ) -> None:
        """Store what the pass learnt of the newest template, then take in the next one."""
        if self._unlearnt:
            self._learn(outputs)
        self._passes += 1
        if template is None:
            return
        self._newest = template
        self._count += 1
        self._unlearnt = warm_up is None
        if warm_up is not None:
            self._add(warm_up)

    def _learn(self, outputs: Outputs) -> None:
        if self._config.prunes:
            self.keep_mask = self._ranked(outputs["saliency"][0])
        self._add(outputs["newest_tokens"][0][self.keep_mask])
        self._unlearnt = False

    def _add(self, tokens: npt.NDArray[np.float32]) -> None:
        self._store.add(self._count - 1, tokens, oldest_needed(self._config, self._count))

    def _ranked(self, saliency: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
        keep = np.ones(self._config.template_tokens, np.bool_)
        dropped = self._config.template_tokens - self._config.kept_tokens
        keep[np.argsort(saliency, kind="stable")[:dropped]] = False
        return keep
