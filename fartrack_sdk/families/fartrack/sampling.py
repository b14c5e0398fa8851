"""Which entries of the template history fill the slots (spec of the released tracker, Table 9)."""

from __future__ import annotations

from collections.abc import Callable

from .config import FARTrackConfig

DECAY = 0.7

Rule = Callable[[FARTrackConfig, int, int], int]


def _exponential(config: FARTrackConfig, n: int, slot: int) -> int:
    return int((n - 1) * (1 - DECAY**slot))


def _linear(config: FARTrackConfig, n: int, slot: int) -> int:
    return int(slot * (n - 1) / (config.num_templates - 1))


def _logarithmic(config: FARTrackConfig, n: int, slot: int) -> int:
    return int((n - 1) * (slot / (config.num_templates - 1)) ** 0.5)


def _equal_interval(config: FARTrackConfig, n: int, slot: int) -> int:
    steps = config.num_templates - 1 - slot
    return max(0, n - 1 - steps * config.sampling_interval)


RULES: dict[str, Rule] = {
    "exponential": _exponential,
    "linear": _linear,
    "logarithmic": _logarithmic,
    "equal-interval": _equal_interval,
}


def slot_entries(config: FARTrackConfig, n: int) -> tuple[int, ...]:
    """Entries that fill the slots when the history holds ``n`` of them.

    Entry 0 is the first frame. The first and the newest entry are always in, but for a
    single template, which is the first frame for ever. While there are fewer entries
    than slots, the sparse protocol repeats entry 0 in the older slots and the dense one
    fills slots 1..n with the entries and leaves the others at entry 0.

    Args:
        config: slots, sampling and protocol.
        n: entries in the history, at least 1.

    Returns:
        One entry index a slot, slot 0 first.
    """
    k = config.num_templates
    if k == 1:
        return (0,)
    if n < k:
        if config.protocol == "sparse":
            return tuple(max(0, slot - (k - n)) for slot in range(k))
        return tuple(slot - 1 if 1 <= slot <= n else 0 for slot in range(k))
    rule = RULES[config.sampling]
    return (0, *(rule(config, n, slot) for slot in range(1, k - 1)), n - 1)


def oldest_needed(config: FARTrackConfig, n: int) -> int:
    """Oldest entry, entry 0 apart, that any history of ``n`` or more entries can ask for."""
    if n < config.num_templates:
        return 1
    if config.num_templates <= 2:
        return n - 1
    return slot_entries(config, n)[1]
