"""Speed, stage by stage, as tables and a plot."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from ..env.load import busy_note
from ..reporting.outputs import Plot
from ..reporting.stats import Percentiles
from ..reporting.table import Table
from .complexity import Complexity
from .config import SpeedCase, SpeedOptions
from .worker import STAGES

MIB = 1024 * 1024


class SpeedRow(BaseModel):
    """One configuration.

    Attributes:
        name: tells it from the others.
        case: what was asked for.
        active: runtime, device, provider, precision, threads that really were.
        cold_start_s: from starting the process to the first tracked frame.
        load_s: of that, loading the model.
        first_frame_ms: the first tracked frame after loading, all targets.
        warmup_ms: the frames before measuring.
        total: one frame, all targets, without reading it.
        stages: the same by stage; ``read`` is decoding the frame.
        sustained_fps: frames over wall time, reading included.
        inverse_latency_fps: 1000 over the median of ``total``; reading not included.
        peak_rss: bytes of the process, everything included.
        complexity: counted work, where the model is known.
        peak_gflops: matrix product peak of the machine with the same threads.
        peak_library: what multiplied.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    case: SpeedCase
    active: dict[str, str]
    cold_start_s: float
    load_s: float
    first_frame_ms: float
    warmup_ms: Percentiles | None
    total: Percentiles
    stages: dict[str, Percentiles]
    sustained_fps: float
    inverse_latency_fps: float
    peak_rss: int
    complexity: Complexity | None = None
    peak_gflops: float | None = None
    peak_library: str | None = None

    @property
    def gflops(self) -> float | None:
        """Achieved by the runtime: executed work of all targets over the median of ``infer``."""
        infer = self.stages.get("infer")
        if self.complexity is None or self.complexity.executed_gmacs is None:
            return None
        if infer is None or infer.p50 <= 0.0:
            return None
        return 2e3 * self.complexity.executed_gmacs * self.case.targets / infer.p50

    @property
    def roofline(self) -> float | None:
        """Achieved over peak."""
        found = self.gflops
        return found / self.peak_gflops if found and self.peak_gflops else None


class SpeedReport(BaseModel):
    """What `measure_speed` returns.

    Attributes:
        machine: CPU and cores in one line.
        options: how it was measured.
        load: mean number of busy tasks in the minute before, None where unknown.
        rows: configurations, in the order asked for; ratios are to the first.
        interrupted: fewer frames were measured than asked for.
    """

    model_config = ConfigDict(extra="forbid")

    machine: str
    options: SpeedOptions
    load: float | None = None
    rows: list[SpeedRow] = []
    interrupted: bool = False

    def heading(self) -> str:
        """One line that names the measurement."""
        return f"Speed on {self.machine}"

    def tables(self) -> list[Table]:
        """Latency, stages, start and memory, work."""
        found = [self._latency(), self._stages(), self._start(), self._work()]
        return [table for table in found if table.rows]

    def plots(self) -> Mapping[str, Plot]:
        """Stages stacked, a bar a configuration."""
        from .plots import stage_bars

        if not self.rows:
            return {}
        size = (9.0, 1.7 + 0.5 * len(self.rows))
        return {"Stages of a frame": Plot(draw=lambda f: stage_bars(f, self), size=size)}

    def pictures(self) -> Mapping[str, bytes]:
        """None."""
        return {}

    def _latency(self) -> Table:
        o = self.options
        note = (
            f"{self.machine}. {o.rounds} turns of {o.frames} frames each, configurations in "
            "turn. Milliseconds: tracking one frame, all targets. FPS sustained includes "
            "reading; 1/latency is 1000/p50."
        )
        columns = [
            "configuration",
            "p50 ms",
            "p90 ms",
            "p99 ms",
            "max ms",
            "mean ms",
            "FPS sustained",
            "1/latency",
            "time ratio",
            "runtime",
            "precision",
        ]
        note += busy_note(self.load)
        if self.interrupted:
            note += " Interrupted."
        table = Table(
            "Latency and throughput", columns, digits=1, decimals={"time ratio": 2}, note=note
        )
        for row in self.rows:
            t = row.total
            ratio = t.p50 / self.rows[0].total.p50 if self.rows[0].total.p50 else None
            table.rows.append(
                [
                    row.name,
                    t.p50,
                    t.p90,
                    t.p99,
                    t.max,
                    t.mean,
                    row.sustained_fps,
                    row.inverse_latency_fps,
                    ratio,
                    row.active.get("runtime"),
                    row.active.get("precision"),
                ]
            )
        return table

    def _stages(self) -> Table:
        table = Table(
            "Stages, median milliseconds a frame",
            ["configuration", *STAGES, "overhead"],
            digits=2,
            note="Overhead: crop, decode and template together.",
        )
        for row in self.rows:
            values = [row.stages[s].p50 for s in STAGES]
            table.rows.append([row.name, *values, values[1] + values[3] + values[4]])
        return table

    def _start(self) -> Table:
        table = Table(
            "Start and memory",
            [
                "configuration",
                "cold start s",
                "load s",
                "first frame ms",
                "warm-up p50 ms",
                "peak RSS MiB",
            ],
            digits=2,
            decimals={"peak RSS MiB": 0, "first frame ms": 1, "warm-up p50 ms": 1},
            note="Cold start: from starting a process to its first tracked frame.",
        )
        for row in self.rows:
            warm = row.warmup_ms.p50 if row.warmup_ms else None
            table.rows.append(
                [
                    row.name,
                    row.cold_start_s,
                    row.load_s,
                    row.first_frame_ms,
                    warm,
                    row.peak_rss / MIB,
                ]
            )
        return table

    def _work(self) -> Table:
        columns = [
            "configuration",
            "GMACs",
            "GMACs (paper)",
            "M params",
            "M params (paper)",
            "within 1 %",
            "GMACs executed",
            "GFLOP/s",
            "peak GFLOP/s",
            "of peak",
        ]
        table = Table(
            "Work and roofline",
            columns,
            digits=2,
            decimals={"GFLOP/s": 1, "peak GFLOP/s": 1},
            note="Executed counts attention and skips rows nobody reads. Peak: float32 "
            "matrix product with the same threads.",
        )
        for row in self.rows:
            c = row.complexity
            if c is not None:
                table.rows.append(
                    [
                        row.name,
                        c.gmacs,
                        c.published_gmacs,
                        c.mparams,
                        c.published_mparams,
                        c.agrees,
                        c.executed_gmacs,
                        row.gflops,
                        row.peak_gflops,
                        row.roofline,
                    ]
                )
        return table
