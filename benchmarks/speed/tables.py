"""The tables of a speed report, one function each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..reporting.table import Cell, Table
from ..trackers import running_on
from .worker import STAGES

if TYPE_CHECKING:
    from .report import SpeedRow

MIB = 1024 * 1024


def latency(rows: list[SpeedRow], note: str) -> Table:
    """Percentiles and frames a second; ratios are to the first row."""
    times = ["p50 ms", "p90 ms", "p99 ms", "max ms", "mean ms"]
    columns = ["configuration", *times, "FPS sustained", "1/latency", "time ratio", "by"]
    title, decimals = "Latency and throughput", {"time ratio": 2}
    table = Table(title, columns, digits=1, decimals=decimals, note=note)
    for row in rows:
        t, base = row.total, rows[0].total.p50
        ratio = t.p50 / base if base else None
        found: list[Cell] = [row.name, t.p50, t.p90, t.p99, t.max, t.mean]
        found += [row.sustained_fps, row.inverse_latency_fps, ratio, running_on(row.active)]
        table.rows.append(found)
    return table


def otherwise(rows: list[SpeedRow]) -> Table:
    """Work and time with and without what a family saves."""
    columns = ["configuration", "computed", "GMACs executed", "p50 ms", "time ratio"]
    table = Table(
        "The same boxes, computed otherwise",
        columns,
        digits=2,
        decimals={"p50 ms": 1},
        note="Time ratio: median over the turns, which both take one after the other.",
    )
    for row in rows:
        if row.alternatives:
            work = row.complexity.executed_gmacs if row.complexity else None
            table.rows.append([row.name, "as configured", work, row.total.p50, 1.0])
        for other in row.alternatives:
            work = other.complexity.executed_gmacs if other.complexity else None
            how = other.name if other.refusal is None else f"{other.name} (not measured)"
            table.rows.append([row.name, how, work, other.p50_ms, other.ratio])
    return table


def stages(rows: list[SpeedRow]) -> Table:
    """Medians by stage."""
    table = Table(
        "Stages, median milliseconds a frame",
        ["configuration", *STAGES, "overhead"],
        digits=2,
        note="Overhead: crop, decode and template together.",
    )
    for row in rows:
        values = {stage: row.stages[stage].p50 for stage in STAGES}
        overhead = values["crop"] + values["decode"] + values["template"]
        table.rows.append([row.name, *values.values(), overhead])
    return table


def start(rows: list[SpeedRow]) -> Table:
    """From nothing to the first frame, and memory."""
    steps = ["cold start s", "load s", "first frame ms", "warm-up p50 ms", "peak RSS MiB"]
    table = Table(
        "Start and memory",
        ["configuration", *steps],
        digits=2,
        decimals={"peak RSS MiB": 0, "first frame ms": 1, "warm-up p50 ms": 1},
        note="Cold start: from starting a process to its first tracked frame.",
    )
    for row in rows:
        warm = row.warmup_ms.p50 if row.warmup_ms else None
        found: list[Cell] = [row.name, row.cold_start_s, row.load_s, row.first_frame_ms]
        table.rows.append([*found, warm, row.peak_rss / MIB])
    return table


def work(rows: list[SpeedRow]) -> Table:
    """Counted work beside the paper's, and what was reached of the machine's peak."""
    counts = ["GMACs", "GMACs (paper)", "M params", "M params (paper)", "within 1 %"]
    reached = ["GMACs executed", "GFLOP/s", "peak GFLOP/s", "of peak"]
    table = Table(
        "Work and roofline",
        ["configuration", *counts, *reached],
        digits=2,
        decimals={"GFLOP/s": 1, "peak GFLOP/s": 1},
        note="Executed counts attention and skips rows nobody reads. Peak: float32 matrix "
        "product with the same threads.",
    )
    if any((row.roofline or 0.0) > 1.0 for row in rows):
        table.note += (
            " Above 1: the machine was busier when the peak was measured, or the arithmetic is "
            "not float32."
        )
    for row in rows:
        c = row.complexity
        if c is not None:
            found: list[Cell] = [row.name, c.gmacs, c.published_gmacs, c.mparams]
            found += [c.published_mparams, c.agrees, c.executed_gmacs]
            table.rows.append([*found, row.gflops, row.peak_gflops, row.roofline])
    return table
