"""Every configuration in a process of its own, taking turns."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from ...errors import ConfigError
from ..env.collect import machine_line
from ..env.load import load_average
from ..reporting.progress import Progress, silent
from ..reporting.stats import Percentiles
from ..workers.child import Child, module_command
from .complexity import complexity_of
from .config import SpeedCase, SpeedOptions
from .report import SpeedReport, SpeedRow
from .roofline import PeakMeter
from .worker import STAGES


@dataclass
class _Bench:
    """A configuration's process and what came out of it."""

    case: SpeedCase
    child: Child
    load_s: float
    first_ms: float
    cold_s: float
    about: dict[str, Any]
    warm_ms: list[float] = field(default_factory=list)
    times: dict[str, list[float]] = field(default_factory=dict)
    wall_s: float = 0.0
    rss: int = 0


def measure_speed(
    cases: Sequence[SpeedCase],
    options: SpeedOptions | None = None,
    *,
    roofline: bool = True,
    progress: Progress = silent,
) -> SpeedReport:
    """Measure real frames through every stage, configurations taking turns.

    Each has its own process, so that peak memory is its own and libraries do not disturb
    each other; only one works at a time. Turns rotate, so that machine noise hits all alike.

    Args:
        cases: from `sweep`.
        options: how long and on what.
        roofline: measure the matrix product peak for every number of threads.
        progress: told after every turn.

    Returns:
        The report; ``interrupted`` is set when Ctrl-C ended it early.

    Raises:
        ConfigError: no cases, or two alike.
        FartrackError: a configuration cannot be loaded.
    """
    names = [case.name for case in cases]
    if not names or len(set(names)) != len(names):
        raise ConfigError(f"expected configurations that differ; got {names}.")
    settings = options or SpeedOptions()
    load = load_average()
    counts = sorted({case.tracker.threads or 1 for case in cases})
    with ExitStack() as stack:
        peaks = {n: _meter(n, stack) for n in counts} if roofline else {}
        benches = [_start(case, settings, stack) for case in cases]
        interrupted = _turns(benches, list(peaks.values()), settings, progress)
        for bench in benches:
            bench.rss = int(bench.child.ask("stats")["peak_rss"])
    rows = [_row(bench, peaks) for bench in benches if bench.times]
    return SpeedReport(
        machine=machine_line(), options=settings, load=load, rows=rows, interrupted=interrupted
    )


def _start(case: SpeedCase, options: SpeedOptions, stack: ExitStack) -> _Bench:
    start = time.perf_counter()
    child = Child(module_command("speed.worker"), case.name, case.tracker.threads)
    stack.callback(child.close)
    opened = child.ask("open", case=case.model_dump(), options=options.model_dump())
    cold_s = time.perf_counter() - start
    return _Bench(case, child, opened["load_s"], opened["first_ms"], cold_s, child.ask("about"))


def _meter(threads: int, stack: ExitStack) -> PeakMeter:
    meter = PeakMeter(threads)
    stack.callback(meter.close)
    return meter


def _turns(
    benches: list[_Bench], meters: list[PeakMeter], options: SpeedOptions, progress: Progress
) -> bool:
    total = (options.rounds + 1) * len(benches)
    done = 0
    try:
        for bench in benches:
            answer = bench.child.ask("block", frames=options.warmup)
            bench.warm_ms = answer["total"]
            done += 1
            progress(done, total, f"warm-up {bench.case.name}")
        for i in range(options.rounds):
            for meter in meters:
                meter.measure()
            for k in range(len(benches)):
                bench = benches[(i + k) % len(benches)]
                _turn(bench, options.frames)
                done += 1
                progress(done, total, bench.case.name)
    except KeyboardInterrupt:
        return True
    return False


def _turn(bench: _Bench, frames: int) -> None:
    answer = bench.child.ask("block", frames=frames)
    bench.wall_s += answer.pop("wall_s")
    for stage, values in answer.items():
        bench.times.setdefault(stage, []).extend(values)


def _row(bench: _Bench, peaks: dict[int, PeakMeter]) -> SpeedRow:
    total = Percentiles.of(bench.times["total"])
    if total is None:
        raise ConfigError("expected at least one measured frame.")
    stages = {s: found for s in STAGES if (found := Percentiles.of(bench.times[s])) is not None}
    peak = peaks.get(bench.case.tracker.threads or 1)
    return SpeedRow(
        name=bench.case.name,
        case=bench.case,
        active=bench.about["active"],
        cold_start_s=bench.cold_s,
        load_s=bench.load_s,
        first_frame_ms=bench.first_ms,
        warmup_ms=Percentiles.of(bench.warm_ms),
        total=total,
        stages=stages,
        sustained_fps=len(bench.times["total"]) / bench.wall_s,
        inverse_latency_fps=1e3 / total.p50 if total.p50 else 0.0,
        peak_rss=bench.rss,
        complexity=complexity_of(bench.about["config"]),
        peak_gflops=peak.gflops if peak else None,
        peak_library=peak.library if peak else None,
    )
