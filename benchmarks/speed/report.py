"""Speed, stage by stage, as tables and a plot."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from ...families.complexity import Complexity
from ..env.conditions import Conditions
from ..reporting.outputs import Plot
from ..reporting.stats import Percentiles
from ..reporting.table import Table
from .alternatives import Alternative
from .config import SpeedCase, SpeedOptions
from .parity import ParityRow, parity_table
from .tables import latency, otherwise, stages, start, work


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
        alternatives: other ways to the same boxes, measured in turn with this one.
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
    alternatives: list[Alternative] = []

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
        conditions: machine, day, load.
        options: how it was measured.
        rows: configurations, in the order asked for; ratios are to the first.
        impossible: configurations that cannot run here, and why.
        parity: configurations beside a reference, where one was given.
        interrupted: fewer frames were measured than asked for.
    """

    model_config = ConfigDict(extra="forbid")

    conditions: Conditions
    options: SpeedOptions
    rows: list[SpeedRow] = []
    impossible: dict[str, str] = {}
    parity: list[ParityRow] = []
    interrupted: bool = False

    def heading(self) -> str:
        """One line that names the measurement."""
        return f"Speed on {self.conditions.machine}"

    def tables(self) -> list[Table]:
        """Latency, parity, alternatives, stages, start and memory, work, what was not possible."""
        refused = Table("Not possible here", ["configuration", "why"])
        refused.rows = [[name, why] for name, why in self.impossible.items()]
        found = [
            parity_table(self.parity),
            otherwise(self.rows),
            stages(self.rows),
            start(self.rows),
        ]
        found += [work(self.rows), refused]
        return [latency(self.rows, self._foot()), *(table for table in found if table.rows)]

    def _foot(self) -> str:
        o = self.options
        parts = [
            self.conditions.line + self.conditions.warning,
            f"Configurations in turn, {o.rounds} x {o.frames} frames each.",
            "Milliseconds: tracking one frame, all targets. FPS sustained includes reading; "
            "1/latency is 1000/p50.",
            "Interrupted." if self.interrupted else "",
        ]
        return " ".join(part for part in parts if part)

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
