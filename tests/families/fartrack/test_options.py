import numpy as np
import pytest

from fartrack_sdk import ConfigError
from fartrack_sdk.families.registry import family_named

FAMILY = family_named("fartrack")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 10}, "at most 6.*got 10"),
        ({"search_size": 256}, "search_size = 256 instead of 224"),
        ({"template_size": 128}, "template_size = 128 instead of 112"),
        ({"protocol": "dense"}, "protocol = 'dense' instead of 'sparse'"),
        ({"layer_norm_eps": 1e-6}, "layer_norm_eps = 1e-06 instead of 1e-05"),
        ({"retention": 0}, "retention = 0"),
        ({"slots": 3}, "got 'slots'"),
        ({"kind": 3}, "got 'kind'"),
    ],
)
def test_options_that_contradict_the_file_are_refused(options, message, six_layers):
    with pytest.raises(ConfigError, match=message):
        FAMILY.read(six_layers, {}, None, options)


def test_options_that_any_weights_take_and_those_that_agree_are_taken(six_layers):
    free = {"num_templates": 3, "retention": 0.5, "sampling": "linear", "template_factor": 2.5}
    weights, config = FAMILY.read(
        six_layers, {"search_factor": 4.5}, None, {**free, "protocol": "sparse", "depth": 4}
    )
    assert {name: getattr(config, name) for name in free} == free
    assert (config.depth, config.search_factor) == (4, 4.5)
    assert {name.split(".")[1] for name in weights if name.startswith("blocks.")} == set("0123")


@pytest.fixture(scope="module")
def six_layers(released_state):
    drop = ("backbone.extension.", *(f"backbone.blocks.{i}." for i in range(6, 12)))
    state = released_state(0)
    return {n: np.asarray(a) for n, a in state.items() if not n.startswith(drop)}
