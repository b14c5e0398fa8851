"""Stage 1: frame-level pretraining on template-search pairs (paper, section 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from ..model.vit import PATCH
from .bank import Bank
from .config import StageConfig
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
    """

    def __init__(self, config: StageConfig, bank: Bank, seed: int) -> None:
        self._config = config
        self._dataset = PairDataset(bank, config.data, seed)

    def batches(self, first: int, steps: int, workers: int) -> Iterator[Mapping[str, Tensor]]:
        """Batches of `pairs.Sample`."""
        size = self._config.batch
        return batches(self._dataset, first * size, size, steps, workers)

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
