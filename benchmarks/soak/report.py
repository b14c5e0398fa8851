"""What a soak found, and whether it is within limits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ..env.conditions import Conditions
from ..reporting.outputs import Plot
from ..reporting.table import Cell, Table
from ..trackers import running_on

MIB = 1024 * 1024
SETTLING = 0.2
"""Share of the run that is left out: caches fill and memory pools grow at first."""

SETTLING_FRAMES = 3000
"""Never fewer than these: a target's template memory grows to its limit, then stops."""


ROWS = (
    "resident memory, MiB; growth per 10,000 frames",
    "median latency, ms; rise as a share",
    "file descriptors; growth",
)


class Limits(BaseModel):
    """What is still fine.

    Attributes:
        rss_mib_per_10k: growth of resident memory, MiB per 10,000 frames.
        latency_drift: rise of the median latency from the first fifth after settling to the
            last, as a share.
        descriptors: growth of open file descriptors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rss_mib_per_10k: float = Field(default=2.0, ge=0.0)
    latency_drift: float = Field(default=0.25, ge=0.0)
    descriptors: int = Field(default=2, ge=0)


class Sample(BaseModel):
    """One look at the process.

    Attributes:
        frame: frames tracked so far.
        rss: resident bytes.
        descriptors: open file descriptors, None where the system does not tell.
        median_ms: median latency since the look before.
    """

    frame: int
    rss: int
    descriptors: int | None
    median_ms: float


class SoakReport(BaseModel):
    """What `run_soak` returns.

    Attributes:
        conditions: machine, day, load.
        tracker: its name.
        active: runtime, device, precision, threads.
        frames: tracked.
        seconds: wall time.
        limits: what was allowed.
        samples: looks at the process, evenly spread.
        interrupted: stopped by Ctrl-C.
    """

    model_config = ConfigDict(extra="forbid")

    conditions: Conditions
    tracker: str
    active: dict[str, str] = {}
    frames: int = 0
    seconds: float = 0.0
    limits: Limits = Limits()
    samples: list[Sample] = []
    interrupted: bool = False

    def settled(self) -> list[Sample]:
        """The samples that count."""
        late = self.samples[int(len(self.samples) * SETTLING) :]
        return [s for s in late if s.frame > SETTLING_FRAMES]

    @property
    def is_judged(self) -> bool:
        """Whether the run was long enough for its limits to mean anything."""
        return self.rss_slope is not None and self.latency_drift is not None

    @property
    def rss_slope(self) -> float | None:
        """MiB per 10,000 frames, least squares over the settled samples."""
        found = self.settled()
        if len(found) < 3:
            return None
        slope = np.polyfit([s.frame for s in found], [s.rss for s in found], 1)[0]
        return float(slope * 1e4 / MIB)

    def _lasting_slope(self) -> float | None:
        """The slope, or None when memory rose by less than 10,000 frames may add.

        A single step of the allocator makes a steep line over a short run.
        """
        found = self.settled()
        fifth = len(found) // 5
        if fifth < 1:
            return None
        first = np.median([s.rss for s in found[:fifth]])
        last = np.median([s.rss for s in found[-fifth:]])
        return self.rss_slope if (last - first) / MIB > self.limits.rss_mib_per_10k else None

    @property
    def latency_drift(self) -> float | None:
        """Last fifth of the settled samples over the first, minus one."""
        found = [s.median_ms for s in self.settled()]
        fifth = len(found) // 5
        if fifth < 1:
            return None
        first, last = np.median(found[:fifth]), np.median(found[-fifth:])
        return float(last / first - 1.0) if first > 0 else None

    @property
    def descriptor_growth(self) -> int | None:
        """Last sample minus the first that counts."""
        counts = [s.descriptors for s in self.settled() if s.descriptors is not None]
        return counts[-1] - counts[0] if counts else None

    def failures(self) -> list[str]:
        """Limits that were passed, in words; empty when all is fine."""
        pairs = (
            (
                "resident memory grows, MiB per 10,000 frames",
                self._lasting_slope(),
                self.limits.rss_mib_per_10k,
            ),
            ("median latency rises, share", self.latency_drift, self.limits.latency_drift),
            ("open file descriptors grow", self.descriptor_growth, self.limits.descriptors),
        )
        return [
            f"{what}: {found:.3g}, expected at most {most:g}"
            for what, found, most in pairs
            if found is not None and found > most
        ]

    def heading(self) -> str:
        """One line that names the measurement."""
        return f"Soak of {self.tracker}: {self.frames:,} frames"

    def tables(self) -> list[Table]:
        """The verdict, one line a limit."""
        columns = ["what", "settled", "last", "found", "limit"]
        table = Table("Soak", columns, digits=2, note=self._foot())
        if self.samples:
            first, last = _looks(next(iter(self.settled()), None)), _looks(self.samples[-1])
            found = [self.rss_slope, self.latency_drift, self.descriptor_growth]
            table.rows = [
                list(row) for row in zip(ROWS, first, last, found, self._limits(), strict=True)
            ]
        return [table]

    def _limits(self) -> tuple[Cell, ...]:
        return self.limits.rss_mib_per_10k, self.limits.latency_drift, self.limits.descriptors

    def _foot(self) -> str:
        by = running_on(self.active)
        parts = [
            f"{self.tracker} ({by})." if by else f"{self.tracker}.",
            f"{self.frames:,} frames in {self.seconds:,.0f} s, one init.",
            self.conditions.line + self.conditions.warning,
            f"The first {SETTLING:.0%}, and {SETTLING_FRAMES:,} frames at least, do not count.",
            "" if self.is_judged else "Too short to judge.",
            "Interrupted." if self.interrupted else "",
        ]
        return " ".join(part for part in parts if part)

    def plots(self) -> Mapping[str, Plot]:
        """Memory and latency over the frames."""
        from .plots import over_time

        if len(self.samples) < 2:
            return {}
        return {"Memory and latency": Plot(draw=lambda f: over_time(f, self), size=(8.5, 5.0))}

    def pictures(self) -> Mapping[str, bytes]:
        """None."""
        return {}


def _looks(sample: Sample | None) -> tuple[Cell, ...]:
    if sample is None:
        return None, None, None
    return sample.rss / MIB, sample.median_ms, sample.descriptors
