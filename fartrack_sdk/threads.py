"""How many threads a runtime uses by default: one rule for all."""

from __future__ import annotations

import math
import operator
import os
from pathlib import Path

from .errors import ConfigError

ENVIRONMENT = "FARTRACK_NUM_THREADS"
MOST = 4
"""More threads than this do not help a model of this size."""
SHORT_SPIN = {"GOMP_SPINCOUNT": "1000", "KMP_BLOCKTIME": "1"}
"""OpenMP's waiting, libgomp's and Intel's: spin briefly, then sleep.

Threads that spin at every barrier take the core from whoever they wait for. On two
cores shared with other work, pico took 1,280 ms a frame with the default and 45 ms so.
"""


def wait_without_spinning() -> None:
    """Make OpenMP's threads sleep while they wait; before its library is loaded.

    A setting of the user's own stands.
    """
    if not {"OMP_WAIT_POLICY", *SHORT_SPIN} & set(os.environ):
        os.environ.update(SHORT_SPIN)


def usable_cpus(cgroup_root: Path = Path("/sys/fs/cgroup")) -> int:
    """CPUs this process may really use: affinity, limited by the cgroup's quota."""
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    quota = cgroup_quota(cgroup_root)
    return allowed if quota is None else max(1, min(allowed, math.floor(quota)))


def cgroup_quota(root: Path = Path("/sys/fs/cgroup")) -> float | None:
    """CPUs that the control group grants (v2 or v1), or None without a limit."""
    own = _own_group()
    candidates = [root / own.lstrip("/"), root] if own else [root]
    limits = [limit for folder in candidates if (limit := _quota_in(folder)) is not None]
    return min(limits) if limits else None


def _own_group() -> str:
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return ""
    return next((line.split("::", 1)[1] for line in lines if line.startswith("0::")), "")


def _quota_in(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota = (folder / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (folder / "cpu" / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return None
    if quota in ("max", "-1"):
        return None
    return int(quota) / int(period)


def resolve_threads(asked: int | None) -> int:
    """Threads to use: the argument, else the environment, else min(usable CPUs, 4).

    Raises:
        ConfigError: not a whole number of at least 1, from either of them.
    """
    if asked is None and (text := os.environ.get(ENVIRONMENT)):
        try:
            asked = int(text)
        except ValueError as error:
            raise ConfigError(f"expected a number in {ENVIRONMENT}; got {text!r}.") from error
    if asked is None:
        return min(usable_cpus(), MOST)
    try:
        count = operator.index(asked)
    except TypeError as error:
        raise ConfigError(f"expected threads as a whole number; got {asked!r}.") from error
    if count < 1:
        raise ConfigError(f"expected at least 1 thread; got {count}.")
    return count
