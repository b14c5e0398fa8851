"""Minutes of training on generated data: does the whole machine learn?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch

from ..model.vit import PATCH
from .bank import Bank
from .checkpoint import STATE_FILE
from .config import DataConfig, RunConfig, StageConfig
from .generated import write_generated_bank
from .net import TrainableNet
from .stage_pretrain import PretrainStage
from .trainer import Listener, Trainer

HELD_OUT_SEED = 987_654


@dataclass(frozen=True)
class SmokeResult:
    """Mean IoU on held-out generated pairs, with the start values and after training."""

    before: float
    after: float
    samples: int


def smoke_config(out: Path, samples: int, batch: int = 32, size: int = 96) -> RunConfig:
    """A run of one small pretraining stage."""
    data = DataConfig(search_size=size, template_size=size // 2 // PATCH * PATCH, real_share=0.0)
    stage = StageConfig(name="smoke", samples=samples, batch=batch, rate=1e-3, warmup=20, data=data)
    return RunConfig(
        out=out, bank=out / "bank", stages=(stage,), workers=0, amp=False, average=0.98, log_every=5
    )


def run_smoke(
    config: RunConfig, listeners: Iterable[Listener] = (), pairs: int = 128
) -> SmokeResult:
    """Train anew and compare with the start.

    Args:
        config: from `smoke_config`.
        listeners: of the run's progress.
        pairs: held-out pairs to measure on.
    """
    write_generated_bank(config.bank)
    (config.out / STATE_FILE).unlink(missing_ok=True)
    trainer = Trainer(config, listeners)
    before = held_out_iou(trainer.net, config, pairs)
    progress = trainer.run()
    with torch.no_grad():
        for parameter, value in zip(trainer.net.parameters(), trainer.average.values, strict=True):
            parameter.copy_(value)
    return SmokeResult(before, held_out_iou(trainer.net, config, pairs), progress.samples)


@torch.no_grad()
def held_out_iou(net: TrainableNet, config: RunConfig, pairs: int) -> float:
    """Mean IoU of expected boxes on pairs that training does not see."""
    stage = config.stages[0].model_copy(update={"batch": pairs})
    held_out = PretrainStage(stage, Bank.open(config.bank), HELD_OUT_SEED)
    batch = next(held_out.batches(0, 1, 0))
    device = next(net.parameters()).device
    net.eval()
    return float(held_out.loss(net, batch, device, False)[1]["iou"])
