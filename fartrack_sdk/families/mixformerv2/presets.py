"""Search factors and update intervals of the published results, by benchmark.

The released test script overrides the search factor of the training configuration for
the benchmarks below; the configuration's 4.5 remains for VOT and for the video demo. The
intervals are the released configuration's, with the video demo's 25. Benchmarks that it
does not list (UAV, OTB, NfS) run with LaSOT's interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from ...errors import ConfigError
from .config import Preset

CONFIGURED_FACTOR = 4.5
DEFAULT_PRESET: Preset = "lasot"
BASE, SMALL = 288, 224
"""Search size in pixels of the released models; others take the configured factor."""
SEARCH_FACTORS: dict[Preset, dict[int, float]] = {
    "lasot": {BASE: 5.0, SMALL: 4.4},
    "trackingnet": {BASE: 5.0, SMALL: 4.55},
    "got10k": {BASE: 5.0, SMALL: 4.55},
}
UPDATE_INTERVALS: dict[Preset, int] = {
    "lasot": 200,
    "trackingnet": 25,
    "got10k": 10,
    "vot2020": 10,
    "vot2020lt": 200,
    "video": 25,
}
SMALL_GOT10K_INTERVAL = 15


def preset_fields(preset: str, search_size: int) -> dict[str, str | float | int]:
    """Configuration fields of a benchmark's preset.

    Args:
        preset: name of the benchmark.
        search_size: of the model, pixels.

    Returns:
        ``preset``, ``search_factor`` and ``update_interval``.

    Raises:
        ConfigError: there is no such preset.
    """
    for name in get_args(Preset):
        if name == preset:
            factors = SEARCH_FACTORS.get(name, {})
            small = name == "got10k" and search_size == SMALL
            return {
                "preset": name,
                "search_factor": factors.get(search_size, CONFIGURED_FACTOR),
                "update_interval": SMALL_GOT10K_INTERVAL if small else UPDATE_INTERVALS[name],
            }
    raise ConfigError(f"expected preset {', '.join(get_args(Preset))}; got {preset!r}.")


def with_options(fields: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Configuration fields with options over them; a preset brings its values along.

    Args:
        fields: of a configuration, ``search_size`` among them.
        options: that a user gives; a value of its own goes before the preset's.

    Raises:
        ConfigError: there is no such preset.
    """
    preset = {}
    if "preset" in options:
        preset = preset_fields(options["preset"], fields["search_size"])
    return {**fields, **preset, **options}
