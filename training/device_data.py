"""Samples whose pictures are drawn on the training device: workers only plan them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from .clips import ClipDataset
from .device_render import DeviceRenderer
from .encoding import encode
from .pairs import PairDataset

Plan = Mapping[str, Mapping[str, Tensor]]
FACTS = "facts"


class PlannedPairs(torch.utils.data.Dataset[Plan]):
    """Pairs by index, as views that are not drawn yet.

    Args:
        pairs: the same samples, drawn on the CPU.
    """

    def __init__(self, pairs: PairDataset) -> None:
        self._pairs = pairs

    def __getitem__(self, index: int) -> Plan:
        """Sample ``index``: views of ``templates`` and ``search``, and ``facts``."""
        pair = self._pairs.plan(index)
        return {
            "templates": encode(pair.templates),
            "search": encode((pair.search,)),
            FACTS: pair.facts(),
        }


class PlannedClips(torch.utils.data.Dataset[Plan]):
    """Clips by index, as views that are not drawn yet.

    Args:
        clips: the same clips, drawn on the CPU.
    """

    def __init__(self, clips: ClipDataset) -> None:
        self._clips = clips

    def __getitem__(self, index: int) -> Plan:
        """Clip ``index``: views of ``frames``, and ``facts``."""
        film = self._clips.plan(index)
        return {"frames": encode(film.frames), FACTS: {"boxes": torch.from_numpy(film.boxes)}}


def drawn(
    plans: Iterator[Plan], renderer: DeviceRenderer, sizes: Mapping[str, int]
) -> Iterator[dict[str, Tensor]]:
    """Batches of plans as batches of samples on the renderer's device.

    Args:
        plans: batches of `PlannedPairs` or `PlannedClips`.
        renderer: what draws.
        sizes: side in pixels of every kind of view; ``search`` is one view a sample.
    """
    for plan in plans:
        batch = {name: fact.to(renderer.device) for name, fact in plan[FACTS].items()}
        for name, size in sizes.items():
            count = len(plan[name]["photo"])
            views = {key: value.flatten(0, 1) for key, value in plan[name].items()}
            batch[name] = renderer.draw(views, size).view(count, -1, size, size, 3)
        if "search" in batch:
            batch["search"] = batch["search"][:, 0]
        yield batch
