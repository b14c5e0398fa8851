"""Averaged weights: what a run saves."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

WARMUP = 10


class AveragedWeights:
    """Exponential moving average of parameters; short memory at first.

    Args:
        parameters: whose average is kept, in a fixed order.
        decay: per step, once warmed up.
    """

    def __init__(self, parameters: Iterable[Tensor], decay: float) -> None:
        self._current = list(parameters)
        self._decay = decay
        self.values = [p.detach().clone() for p in self._current]
        self.steps = 0

    @torch.no_grad()
    def update(self) -> None:
        """Take in the present weights."""
        self.steps += 1
        decay = min(self._decay, (1 + self.steps) / (WARMUP + self.steps))
        current = [p.detach() for p in self._current]
        torch._foreach_lerp_(self.values, current, 1.0 - decay)

    def restore(self, values: Iterable[Tensor], steps: int) -> None:
        """Continue an average that was saved."""
        self.values = [v.to(p.device) for v, p in zip(values, self._current, strict=True)]
        self.steps = steps
