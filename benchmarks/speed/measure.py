"""Every configuration in a process of its own, taking turns."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from ...errors import ConfigError, FartrackError, RuntimeUnavailableError
from ..clip import clip_of
from ..env.conditions import here_and_now
from ..reporting.progress import Progress, silent
from ..reporting.stats import Percentiles
from ..workers.child import Child, module_command
from .alternatives import (
    Alternative,
    alternative_cases,
    complexity_of,
    complexity_otherwise,
    paired_ratio,
)
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
    others: dict[str, _Bench | FartrackError] = field(default_factory=dict)

    @property
    def measured(self) -> list[_Bench]:
        """Itself and its alternatives that can be measured."""
        return [self, *(other for other in self.others.values() if isinstance(other, _Bench))]


def measure_speed(
    cases: Sequence[SpeedCase],
    options: SpeedOptions | None = None,
    *,
    roofline: bool = True,
    alternatives: bool = True,
    progress: Progress = silent,
) -> SpeedReport:
    """Measure real frames through every stage, configurations taking turns.

    Each has its own process, so that peak memory is its own and libraries do not disturb
    each other; only one works at a time. Turns rotate, so that machine noise hits all alike.
    A combination of several that this machine cannot run is named in ``impossible``.

    Args:
        cases: from `sweep`.
        options: how long and on what.
        roofline: measure the matrix product peak for every number of threads.
        alternatives: measure other ways to the same boxes that a family has as well.
        progress: told after every turn.

    Returns:
        The report; ``interrupted`` is set when Ctrl-C ended it early.

    Raises:
        ConfigError: no cases, two alike, or a source without a box.
        FartrackError: no configuration can be loaded, or a file is not there.
    """
    settings = options or SpeedOptions()
    _require_usable(cases, settings)
    report = SpeedReport(conditions=here_and_now(), options=settings)
    with ExitStack() as stack:
        benches = _start_all(cases, settings, stack, report)
        for bench in benches if alternatives else []:
            _start_alternatives(bench, settings, stack)
        counts = sorted({bench.case.tracker.threads or 1 for bench in benches})
        peaks = {n: _meter(n, stack) for n in counts} if roofline else {}
        every = [one for bench in benches for one in bench.measured]
        report.interrupted = _turns(every, list(peaks.values()), settings, progress)
        for bench in benches:
            bench.rss = int(bench.child.ask("stats")["peak_rss"])
    report.rows = [_row(bench, peaks, settings.frames) for bench in benches if bench.times]
    return report


def _require_usable(cases: Sequence[SpeedCase], options: SpeedOptions) -> None:
    names = [case.name for case in cases]
    if not names or len(set(names)) != len(names):
        raise ConfigError(f"expected configurations that differ; got {names}.")
    clip_of(options.source, options.box)


def _start_all(
    cases: Sequence[SpeedCase], options: SpeedOptions, stack: ExitStack, report: SpeedReport
) -> list[_Bench]:
    """What can be started; what this machine lacks is noted, unless it is everything."""
    tried = [(case, _started(case, options, stack)) for case in cases]
    errors = {case.name: found for case, found in tried if isinstance(found, FartrackError)}
    if len(errors) == len(cases):
        raise next(iter(errors.values()))
    report.impossible = {name: str(e).removeprefix(f"{name}: ") for name, e in errors.items()}
    return [found for _, found in tried if isinstance(found, _Bench)]


def _started(
    case: SpeedCase,
    options: SpeedOptions,
    stack: ExitStack,
    refusals: tuple[type[FartrackError], ...] = (ConfigError, RuntimeUnavailableError),
) -> _Bench | FartrackError:
    try:
        return _start(case, options, stack)
    except refusals as error:
        return error


def _start(case: SpeedCase, options: SpeedOptions, stack: ExitStack) -> _Bench:
    start = time.perf_counter()
    child = Child(module_command("speed.worker"), case.name, case.tracker.threads)
    stack.callback(child.close)
    opened = child.ask("open", case=case.model_dump(), options=options.model_dump())
    cold_s = time.perf_counter() - start
    return _Bench(case, child, opened["load_s"], opened["first_ms"], cold_s, child.ask("about"))


def _start_alternatives(bench: _Bench, options: SpeedOptions, stack: ExitStack) -> None:
    cases = alternative_cases(bench.case, bench.about["config"])
    bench.others = {
        name: _started(case, options, stack, (FartrackError,)) for name, case in cases.items()
    }


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


def _row(bench: _Bench, peaks: dict[int, PeakMeter], frames: int) -> SpeedRow:
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
        alternatives=[_alternative(bench, name, frames) for name in bench.others],
    )


def _alternative(bench: _Bench, name: str, frames: int) -> Alternative:
    other, work = bench.others[name], complexity_otherwise(bench.about["config"], name)
    if isinstance(other, FartrackError):
        return Alternative(name=name, complexity=work, refusal=str(other))
    total = other.times.get("total", [])
    found = Percentiles.of(total)
    return Alternative(
        name=name,
        complexity=work,
        p50_ms=found.p50 if found else None,
        ratio=paired_ratio(total, bench.times["total"], frames),
    )
