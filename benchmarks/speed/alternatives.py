"""Other ways to the same boxes that a family has, measured beside the usual one."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from pydantic import BaseModel, ConfigDict

from ...families.base import Family, FamilyConfig
from ...families.complexity import Complexity
from ...families.extras import FamilyOptions
from ...families.registry import family_named, family_names
from .config import SpeedCase


class Alternative(BaseModel):
    """One of them, of one configuration.

    Attributes:
        name: for people.
        complexity: counted work, where somebody counts.
        p50_ms: tracking one frame, all targets; None where it could not be measured.
        ratio: of the times to the usual way's, median over the turns, which are paired.
        refusal: why it could not be measured.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    complexity: Complexity | None = None
    p50_ms: float | None = None
    ratio: float | None = None
    refusal: str | None = None


def complexity_of(dumped: dict[str, Any] | None) -> Complexity | None:
    """Counts for a dumped configuration; None where nobody counts, or without torch."""
    known = _known(dumped)
    try:
        return known[0].complexity(known[1]) if known else None
    except ModuleNotFoundError:
        return None


def alternative_cases(case: SpeedCase, dumped: dict[str, Any] | None) -> dict[str, SpeedCase]:
    """Name to case.

    Args:
        case: the usual way.
        dumped: the configuration that its model has.
    """
    known = _known(dumped)
    found = known[0].alternatives(known[1]) if known else {}
    return {name: _otherwise(case, name, options) for name, options in found.items()}


def complexity_otherwise(dumped: dict[str, Any] | None, name: str) -> Complexity | None:
    """Counts for an alternative of a dumped configuration."""
    known = _known(dumped)
    if known is None:
        return None
    family, config = known
    other: FamilyConfig = family.reconfigured(config, family.alternatives(config)[name])
    return complexity_of(other.model_dump())


def paired_ratio(times: Sequence[float], usual: Sequence[float], frames: int) -> float | None:
    """Median over the turns of the ratio of their medians.

    Args:
        times: milliseconds of all turns, one after the other.
        usual: the same of the usual way.
        frames: of a turn.
    """
    turns = range(0, min(len(times), len(usual)), frames)
    ratios = [median(times[i : i + frames]) / median(usual[i : i + frames]) for i in turns]
    return median(ratios) if ratios else None


def _otherwise(case: SpeedCase, name: str, options: FamilyOptions) -> SpeedCase:
    spec = case.tracker
    changes = {"options": {**spec.options, **options}, "label": f"{spec.name}, {name}"}
    return case.model_copy(update={"tracker": spec.model_copy(update=changes)})


def _known(dumped: dict[str, Any] | None) -> tuple[Family, FamilyConfig] | None:
    """The family and the configuration, unless it is one of a tracker from elsewhere."""
    if dumped is None or dumped.get("family") not in family_names():
        return None
    family = family_named(dumped["family"])
    return family, family.config(dumped)
