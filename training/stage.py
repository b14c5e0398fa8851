"""What a stage is to the loop: a stream of batches and a loss of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

import torch
from torch import Tensor

from .bank import Bank
from .config import StageConfig
from .device_render import DeviceRenderer
from .net import TrainableNet
from .stage_distill import DistillStage
from .stage_pretrain import PretrainStage
from .stage_sequence import SequenceStage

Batch = Mapping[str, Tensor]
SEEDS_PER_RUN = 1000


class Stage(Protocol):
    """One way to train."""

    def batches(self, first: int, steps: int, workers: int) -> Iterator[Batch]:
        """``steps`` batches from step ``first`` on, the same in every run."""
        ...

    def loss(
        self, net: TrainableNet, batch: Batch, device: torch.device, amp: bool
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The scalar loss of a batch, and scalars to log."""
        ...


_KINDS: dict[str, Callable[[StageConfig, Bank, int, DeviceRenderer | None], Stage]] = {
    "pretrain": PretrainStage,
    "distill": DistillStage,
    "sequence": SequenceStage,
}


def make_stage(
    config: StageConfig,
    bank: Bank,
    seed: int,
    index: int,
    renderer: DeviceRenderer | None = None,
) -> Stage:
    """The stage that a configuration describes.

    Args:
        config: of the stage.
        bank: images.
        seed: of the run.
        index: of the stage in the run; every stage has its own stream of samples.
        renderer: draws samples on its device; without one, workers draw them.
    """
    return _KINDS[config.kind](config, bank, seed * SEEDS_PER_RUN + index, renderer)
