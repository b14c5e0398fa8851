"""The families that the SDK knows."""

from __future__ import annotations

from collections.abc import Set

from ..errors import ArtifactError
from .base import Family
from .fartrack.family import FARTrackFamily
from .mixformerv2.family import MixFormerV2Family

_FAMILIES: list[Family] = [FARTrackFamily(), MixFormerV2Family()]


def register_family(family: Family) -> None:
    """Add a family of your own; it is asked before the built-in ones."""
    _FAMILIES.insert(0, family)


def family_names() -> tuple[str, ...]:
    """Names of all families."""
    return tuple(family.name for family in _FAMILIES)


def family_named(name: str) -> Family:
    """The family of that name.

    Raises:
        ArtifactError: there is none.
    """
    for family in _FAMILIES:
        if family.name == name:
            return family
    raise ArtifactError(
        f"expected a model family {', '.join(family_names())}; got {name!r}. "
        "A newer version of the package may know it."
    )


def family_of(names: Set[str]) -> Family:
    """The family whose state dict has these tensor names.

    Raises:
        ArtifactError: no family recognises them.
    """
    for family in _FAMILIES:
        if family.recognises(names):
            return family
    shown = ", ".join(sorted(names)[:5]) or "none"
    raise ArtifactError(
        f"expected the tensors of a model of {', '.join(family_names())}; "
        f"got {len(names)} others: {shown}."
    )
