"""What the system tells about the processor."""

from __future__ import annotations

import platform
from pathlib import Path

from ...threads import usable_cpus

FLAGS = (
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "f16c",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "avx_vnni",
    "amx_int8",
    "amx_bf16",
    "neon",
    "asimd",
    "asimddp",
    "i8mm",
    "bf16",
    "sve",
)


def machine_line() -> str:
    """CPU and usable cores in one line, for the foot of a table."""
    return f"{cpu_name()}, {usable_cpus()} usable CPUs"


def cpu_name() -> str:
    """The CPU's own name where the system tells it."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def cpu_flags() -> set[str]:
    """Instruction sets that Linux reports; empty elsewhere."""
    return set((_cpuinfo("flags") or _cpuinfo("Features") or "").split())


def _cpuinfo(key: str) -> str | None:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    found = (
        line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == key
    )
    return next(found, None)
