"""Where and when something was measured: figures without it cannot be compared."""

from __future__ import annotations

import importlib.metadata
import os
from datetime import date

from pydantic import BaseModel, ConfigDict

from ...threads import usable_cpus
from .cpu import machine_line

BUSY = 0.5
"""Busy tasks per usable CPU from which a reader is warned."""


class Conditions(BaseModel):
    """Machine, day and load of a measurement.

    Attributes:
        machine: CPU and usable cores in one line.
        date: day of the start, ISO 8601, local.
        version: of this package.
        load: mean number of busy tasks in the minute before, None where unknown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    machine: str
    date: str
    version: str
    load: float | None = None

    @property
    def line(self) -> str:
        """One line for the foot of a table."""
        return f"{self.machine}, {self.date}, fartrack-sdk {self.version}."

    @property
    def warning(self) -> str:
        """What to mind about milliseconds on a busy machine, else nothing."""
        if self.load is None or self.load < BUSY * usable_cpus():
            return ""
        return (
            f" The machine was busy (load {self.load:.1f} before the start): trust the ratios, "
            "not the milliseconds."
        )


def here_and_now() -> Conditions:
    """The conditions of a measurement that starts now."""
    return Conditions(
        machine=machine_line(),
        date=date.today().isoformat(),
        version=importlib.metadata.version("fartrack-sdk"),
        load=load_average(),
    )


def load_average() -> float | None:
    """Mean number of busy tasks in the last minute; None where the system does not tell."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None
