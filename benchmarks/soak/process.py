"""What the system tells about this process."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

from ...errors import MissingDependencyError


def resident() -> int:
    """Resident memory of this process in bytes."""
    statm = Path("/proc/self/statm")
    if statm.is_file():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return int(_psutil().Process().memory_info().rss)


def open_descriptors() -> int | None:
    """Open file descriptors of this process; None where the system does not tell."""
    folder = Path("/proc/self/fd")
    return len(os.listdir(folder)) if folder.is_dir() else None


def _psutil() -> Any:
    try:
        return importlib.import_module("psutil")
    except ImportError as error:
        raise MissingDependencyError("psutil", "bench", "to read memory") from error
