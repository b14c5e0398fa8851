"""What a speed run measures: every combination of the options."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from ...errors import ConfigError
from ...runtimes.opening import RUNTIMES
from ...threads import resolve_threads
from ..trackers import TrackerSpec

PRECISIONS = ("fp32", "bf16", "fp16", "int8")
"""What a runtime can say that it computes in."""


class SpeedOptions(BaseModel):
    """How long and on what.

    Attributes:
        source: anything `open_source` takes; None for the clip that ships.
        box: first box (x, y, w, h) in pixels; needed with a source.
        rounds: times that every configuration has its turn.
        frames: measured frames of one turn.
        warmup: frames before the first turn, reported apart.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str | None = None
    box: tuple[float, float, float, float] | None = None
    rounds: int = Field(default=5, ge=1)
    frames: int = Field(default=40, ge=1)
    warmup: int = Field(default=10, ge=1)


class SpeedCase(BaseModel):
    """One configuration, one process.

    Attributes:
        tracker: what tracks; its threads are set.
        targets: tracked in every frame with one model; several go through `MultiTracker`,
            in one pass where the model takes batches.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tracker: TrackerSpec
    targets: int = Field(default=1, ge=1)

    @property
    def name(self) -> str:
        """Tells the cases of one run apart."""
        t = self.tracker
        precision = f" {t.precision}" if t.precision else ""
        return f"{t.name}{precision}, {t.threads} thr, {self.targets} tgt"


def sweep(
    trackers: Sequence[TrackerSpec],
    *,
    threads: Sequence[int | None] = (None,),
    targets: Sequence[int] = (1,),
    runtimes: Sequence[str | None] = (None,),
    precisions: Sequence[str | None] = (None,),
) -> list[SpeedCase]:
    """Every combination, in the order of the arguments; threads resolved to numbers.

    Raises:
        ConfigError: a runtime or a precision that there is not.
    """
    _require_known("runtime", runtimes, ("pytorch", *RUNTIMES))
    _require_known("precision", precisions, PRECISIONS)
    cases = []
    for tracker, runtime, precision, count, number in itertools.product(
        trackers, runtimes, precisions, threads, targets
    ):
        changes = {
            "runtime": runtime or tracker.runtime,
            "precision": precision or tracker.precision,
            "threads": resolve_threads(count or tracker.threads),
        }
        cases.append(SpeedCase(tracker=tracker.model_copy(update=changes), targets=number))
    return cases


def _require_known(what: str, asked: Sequence[str | None], known: Sequence[str]) -> None:
    unknown = [word for word in asked if word is not None and word not in known]
    if unknown:
        raise ConfigError(f"expected --{what} out of {', '.join(known)}; got {unknown[0]!r}.")
