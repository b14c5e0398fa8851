"""Stage 1: frame-level pretraining on template-search pairs (paper, section 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from ..model.vit import PATCH
from .bank import Bank
from .config import StageConfig
from .device_data import PlannedPairs, drawn
from .device_render import DeviceRenderer
from .net import Outputs, TrainableNet
from .objective import pair_objective
from .pairs import PairDataset
from .stream import batches, moved


class PretrainStage:
    """The last layer learns to place the box of one search crop.

    Args:
        config: of the stage.
        bank: images.
        seed: of its samples.
        renderer: draws the samples; without one, the processes that plan them draw them.
    """

    def __init__(
        self, config: StageConfig, bank: Bank, seed: int, renderer: DeviceRenderer | None = None
    ) -> None:
        self._config, self._renderer = config, renderer
        self._dataset = PairDataset(bank, config.data, seed)

    def batches(self, first: int, steps: int, workers: int) -> Iterator[Mapping[str, Tensor]]:
        """Batches of `pairs.Sample`."""
        size, data = self._config.batch, self._config.data
        if self._renderer is None:
            return batches(self._dataset, first * size, size, steps, workers)
        plans = batches(PlannedPairs(self._dataset), first * size, size, steps, workers)
        search = data.window * PATCH or data.search_size
        sizes = {"templates": data.template_size, "search": search}
        return drawn(plans, self._renderer, sizes)

    def loss(
        self, net: TrainableNet, batch: Mapping[str, Tensor], device: torch.device, amp: bool
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy, SIoU, distance and the helper losses."""
        there = moved(batch, device)
        grid = self._config.data.search_size // PATCH
        with torch.autocast(device.type, torch.bfloat16, enabled=amp):
            outputs = self._outputs(net, there, grid)
        return pair_objective(outputs, there, grid, self._config.loss)

    def _outputs(self, net: TrainableNet, batch: Mapping[str, Tensor], grid: int) -> Outputs:
        out: Outputs = net(batch, grid)
        return out
