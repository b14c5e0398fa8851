"""Every configuration in a process of its own, taking turns."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from ...errors import ConfigError, FartrackError
from ...reference import ReferenceBoxes
from ..clip import clip_of
from ..env.conditions import here_and_now
from ..reporting.progress import Progress, silent
from ..reporting.stats import Percentiles
from .alternatives import Alternative, complexity_of, complexity_otherwise, paired_ratio
from .bench import Bench, start_all, start_alternatives
from .config import SpeedCase, SpeedOptions
from .parity import ParityRow, on_the_clip_of, parity_row
from .report import SpeedReport, SpeedRow
from .roofline import PeakMeter
from .worker import STAGES


def measure_speed(
    cases: Sequence[SpeedCase],
    options: SpeedOptions | None = None,
    *,
    roofline: bool = True,
    alternatives: bool = True,
    parity: ReferenceBoxes | None = None,
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
        parity: boxes to compare with on the same clip before anything is measured.
        progress: told after every turn.

    Returns:
        The report; ``interrupted`` is set when Ctrl-C ended it early.

    Raises:
        ConfigError: no cases, two alike, a source without a box, or another clip than the
            reference's.
        FartrackError: no configuration can be loaded, or a file is not there.
    """
    settings = options or SpeedOptions()
    if parity is not None:
        settings = on_the_clip_of(parity, settings)
    _require_usable(cases, settings)
    report = SpeedReport(conditions=here_and_now(), options=settings)
    with ExitStack() as stack:
        benches = start_all(cases, settings, stack, report)
        if parity is not None:
            report.parity = [_parity(bench, parity) for bench in benches]
        for bench in benches if alternatives else []:
            start_alternatives(bench, settings, stack)
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


def _parity(bench: Bench, reference: ReferenceBoxes) -> ParityRow:
    answer = bench.child.ask("replay", frames=len(reference.boxes))
    return parity_row(bench.case.name, reference, answer)


def _meter(threads: int, stack: ExitStack) -> PeakMeter:
    meter = PeakMeter(threads)
    stack.callback(meter.close)
    return meter


def _turns(
    benches: list[Bench], meters: list[PeakMeter], options: SpeedOptions, progress: Progress
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


def _turn(bench: Bench, frames: int) -> None:
    answer = bench.child.ask("block", frames=frames)
    bench.wall_s += answer.pop("wall_s")
    for stage, values in answer.items():
        bench.times.setdefault(stage, []).extend(values)


def _row(bench: Bench, peaks: dict[int, PeakMeter], frames: int) -> SpeedRow:
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


def _alternative(bench: Bench, name: str, frames: int) -> Alternative:
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
