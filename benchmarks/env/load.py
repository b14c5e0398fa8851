"""Whether the machine had other work to do: milliseconds of a busy machine mislead."""

from __future__ import annotations

import os

from ...threads import usable_cpus

BUSY = 0.5
"""Busy tasks per usable CPU from which a reader is warned."""


def load_average() -> float | None:
    """Mean number of busy tasks in the last minute; None where the system does not tell."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None


def busy_note(load: float | None) -> str:
    """A sentence for the foot of a table when the machine was busy, else nothing."""
    if load is None or load < BUSY * usable_cpus():
        return ""
    return (
        f" The machine was busy (load {load:.1f} before the start): trust the ratios, not the "
        "milliseconds."
    )
