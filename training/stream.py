"""Batches in a fixed order that can start anywhere."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset


def batches(
    dataset: Dataset[Any], first: int, batch: int, steps: int, workers: int
) -> Iterator[Any]:
    """``steps`` batches of consecutive samples beginning with sample ``first``.

    The samples are the same whatever ``workers`` is, so a run may continue with another
    number of processes.
    """
    starts = range(first, first + steps * batch, batch)
    order = [list(range(start, start + batch)) for start in starts]
    loader: DataLoader[Any] = DataLoader(
        dataset,
        batch_sampler=order,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        worker_init_fn=_prepare_worker if workers else None,
    )
    return iter(loader)


def moved(batch: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """The batch on a device."""
    return {name: value.to(device, non_blocking=True) for name, value in batch.items()}


def _prepare_worker(_: int) -> None:
    """One thread; and signals are the training process's affair.

    A signal to the whole group (Ctrl-C, a service that is stopped) would otherwise end the
    workers under a run that is about to save its state.
    """
    torch.set_num_threads(1)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
