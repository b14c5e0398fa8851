"""Batches in a fixed order that can start anywhere."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.utils.data import DataLoader, Dataset

from .pairs import Sample


def batches(
    dataset: Dataset[Sample], first: int, batch: int, steps: int, workers: int
) -> Iterator[Sample]:
    """``steps`` batches of consecutive samples beginning with sample ``first``.

    The samples are the same whatever ``workers`` is, so a run may continue with another
    number of processes.
    """
    order = [range(first + i * batch, first + (i + 1) * batch) for i in range(steps)]
    loader: DataLoader[Sample] = DataLoader(
        dataset,
        batch_sampler=order,  # type: ignore[arg-type]
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        worker_init_fn=_quiet if workers else None,
    )
    return iter(loader)


def _quiet(_: int) -> None:
    """Workers compute on one thread each."""
    torch.set_num_threads(1)
