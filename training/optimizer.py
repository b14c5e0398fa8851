"""The optimizer: Muon for the matrices of the blocks, AdamW for everything else."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor

from .config import RunConfig
from .net import TrainableNet

BETAS = (0.9, 0.98)
MOMENTUM = 0.95


class Optimizers:
    """Several optimizers that step as one, all at one learning rate.

    Args:
        parts: by name, under which their states are saved.
    """

    def __init__(self, **parts: torch.optim.Optimizer) -> None:
        self._parts = parts

    @property
    def rate(self) -> float:
        """Learning rate of all parts."""
        return float(next(iter(self._parts.values())).param_groups[0]["lr"])

    @rate.setter
    def rate(self, rate: float) -> None:
        """Set the learning rate of every part."""
        for part in self._parts.values():
            for group in part.param_groups:
                group["lr"] = rate

    def step(self) -> None:
        """One update of all parameters."""
        for part in self._parts.values():
            part.step()

    def zero_grad(self) -> None:
        """Drop all gradients."""
        for part in self._parts.values():
            part.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, Any]:
        """State of each part."""
        return {name: part.state_dict() for name, part in self._parts.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Put a saved state back.

        Raises:
            ValueError: the state was saved by other optimizers, or for other parameters.
        """
        if set(state) != set(self._parts):
            raise ValueError(
                f"optimizer: expected {' and '.join(self._parts)}, not {' and '.join(state)}"
            )
        for name, part in self._parts.items():
            part.load_state_dict(state[name])


def make_optimizer(config: RunConfig, net: TrainableNet) -> Optimizers:
    """Optimizer of a run.

    With ``muon``, the update of each weight matrix of a block is made orthogonal (Newton-
    Schulz) and scaled to the size of AdamW's, so that both share one learning rate.
    """
    decay = config.weight_decay
    matrices: list[Tensor] = []
    if config.optimizer == "muon":
        matrices = [p for block in net.core.blocks for p in block.parameters() if p.ndim == 2]
    taken = {id(p) for p in matrices}
    others = [p for p in net.parameters() if id(p) not in taken]
    parts: dict[str, torch.optim.Optimizer] = {
        "adamw": torch.optim.AdamW(others, betas=BETAS, weight_decay=decay, fused=True)
    }
    if matrices:
        muon = torch.optim.Muon(
            matrices, weight_decay=decay, momentum=MOMENTUM, adjust_lr_fn="match_rms_adamw"
        )
        parts["muon"] = cast(torch.optim.Optimizer, muon)
    return Optimizers(**parts)
