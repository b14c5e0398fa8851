import numpy as np
import pytest

from fartrack_sdk import ConfigError
from fartrack_sdk.families.mixformerv2.layout import Layout, to_released
from fartrack_sdk.families.mixformerv2.presets import preset_fields
from fartrack_sdk.families.registry import family_named

FAMILY = family_named("mixformerv2")


@pytest.fixture
def small_state():
    shapes = dict(to_released(Layout(4, 768, 196, 49, 96, True)).values())
    return {name: np.broadcast_to(np.float32(0), shape) for name, shape in shapes.items()}


@pytest.mark.parametrize(
    ("preset", "base", "small"),
    [
        ("lasot", (5.0, 200), (4.4, 200)),
        ("trackingnet", (5.0, 25), (4.55, 25)),
        ("got10k", (5.0, 10), (4.55, 15)),
        ("vot2020", (4.5, 10), (4.5, 10)),
        ("vot2020lt", (4.5, 200), (4.5, 200)),
        ("video", (4.5, 25), (4.5, 25)),
    ],
)
def test_presets_hold_the_published_settings(preset, base, small):
    for size, expected in ((288, base), (224, small)):
        fields = preset_fields(preset, size)
        assert (fields["search_factor"], fields["update_interval"]) == expected


def test_the_preset_decides_what_is_not_given(small_state):
    config = FAMILY.read(small_state, {}, None, {"preset": "got10k", "search_factor": 4.0})[1]
    assert (config.preset, config.search_factor, config.update_interval) == ("got10k", 4.0, 15)


def test_lasot_is_the_default(small_state):
    config = FAMILY.read(small_state, {}, None, {})[1]
    assert (config.preset, config.search_factor, config.update_interval) == ("lasot", 4.4, 200)


def test_stored_values_stay_until_an_option_changes_them(small_state):
    stored = {"preset": "got10k", "search_factor": 4.2, "update_interval": 7}
    kept = FAMILY.read(small_state, stored, None, {})[1]
    assert (kept.preset, kept.search_factor, kept.update_interval) == ("got10k", 4.2, 7)
    changed = FAMILY.read(small_state, stored, None, {"preset": "trackingnet"})[1]
    assert (changed.search_factor, changed.update_interval) == (4.55, 25)


def test_an_unknown_preset_is_refused(small_state):
    with pytest.raises(ConfigError, match="expected preset lasot"):
        FAMILY.read(small_state, {}, None, {"preset": "uav"})
