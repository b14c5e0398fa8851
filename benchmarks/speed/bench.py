"""The processes of configurations, and what comes out of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from ...errors import ConfigError, FartrackError, RuntimeUnavailableError
from ..workers.child import Child, module_command
from .alternatives import alternative_cases
from .config import SpeedCase, SpeedOptions
from .report import SpeedReport


@dataclass
class Bench:
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
    others: dict[str, Bench | FartrackError] = field(default_factory=dict)

    @property
    def measured(self) -> list[Bench]:
        """Itself and its alternatives that can be measured."""
        return [self, *(other for other in self.others.values() if isinstance(other, Bench))]


def start_all(
    cases: Sequence[SpeedCase], options: SpeedOptions, stack: ExitStack, report: SpeedReport
) -> list[Bench]:
    """What can be started; what this machine lacks is noted, unless it is everything."""
    tried = [(case, _started(case, options, stack)) for case in cases]
    errors = {case.name: found for case, found in tried if isinstance(found, FartrackError)}
    if len(errors) == len(cases):
        raise next(iter(errors.values()))
    report.impossible = {name: str(e).removeprefix(f"{name}: ") for name, e in errors.items()}
    return [found for _, found in tried if isinstance(found, Bench)]


def _started(
    case: SpeedCase,
    options: SpeedOptions,
    stack: ExitStack,
    refusals: tuple[type[FartrackError], ...] = (ConfigError, RuntimeUnavailableError),
) -> Bench | FartrackError:
    try:
        return _start(case, options, stack)
    except refusals as error:
        return error


def _start(case: SpeedCase, options: SpeedOptions, stack: ExitStack) -> Bench:
    start = time.perf_counter()
    child = Child(module_command("speed.worker"), case.name, case.tracker.threads)
    stack.callback(child.close)
    opened = child.ask("open", case=case.model_dump(), options=options.model_dump())
    cold_s = time.perf_counter() - start
    return Bench(case, child, opened["load_s"], opened["first_ms"], cold_s, child.ask("about"))


def start_alternatives(bench: Bench, options: SpeedOptions, stack: ExitStack) -> None:
    """The other ways of a configuration's family, or why they cannot be measured."""
    cases = alternative_cases(bench.case, bench.about["config"])
    bench.others = {
        name: _started(case, options, stack, (FartrackError,)) for name, case in cases.items()
    }
