import numpy as np
import pytest

from fartrack_sdk import ArtifactError, ConfigError
from fartrack_sdk.families.mixformerv2.layout import Layout, canonical, detect, to_released
from fartrack_sdk.families.registry import family_named, family_of

FAMILY = family_named("mixformerv2")
BASE = Layout(8, 3072, 324, 64, 96, True)
SMALL = Layout(4, 768, 196, 49, 96, True)
INTERMEDIATE = Layout(12, 3072, 324, 64, 72, False)
BASE_OF_BASE_TEACHER = Layout(8, 3072, 324, 64, 72, True)


class Shaped:
    """An array of a shape that takes no memory."""

    def __new__(cls, shape):
        return np.broadcast_to(np.float32(0), shape)


def state_of(layout):
    return {name: Shaped(shape) for name, shape in to_released(layout).values()}


@pytest.mark.parametrize(
    ("layout", "tensors", "parameters"),
    [(BASE, 114, 58_855_201), (SMALL, 66, 16_228_897), (INTERMEDIATE, 158, 86_596_824)],
)
def test_released_layouts_have_the_published_number_of_parameters(layout, tensors, parameters):
    state = state_of(layout)
    assert len(state) == tensors
    assert sum(array.size for array in state.values()) == parameters


@pytest.mark.parametrize("layout", [BASE, SMALL, INTERMEDIATE, BASE_OF_BASE_TEACHER])
def test_sizes_come_from_names_and_shapes(layout):
    state = state_of(layout)
    assert family_of(set(state)) is FAMILY
    assert detect(state) == layout


@pytest.mark.parametrize(
    ("layout", "variant", "search_size", "template_size"),
    [
        (BASE, "b", 288, 128),
        (SMALL, "s", 224, 112),
        (INTERMEDIATE, "12-layer", 288, 128),
        (BASE_OF_BASE_TEACHER, "b", 288, 128),
    ],
)
def test_config_follows_the_file(layout, variant, search_size, template_size):
    _, config = FAMILY.read(state_of(layout), {}, None, {})
    assert (config.variant, config.search_size, config.template_size) == (
        variant,
        search_size,
        template_size,
    )
    assert (config.bins, config.score_head) == (layout.bins, layout.score_head)


def test_released_is_the_inverse_of_read(random_state, small_layout):
    state = random_state()
    weights, config = FAMILY.read(state, {}, None, {})
    assert weights.keys() == to_released(small_layout).keys()
    restored = FAMILY.released(weights, config)
    assert restored.keys() == state.keys()
    assert all(restored[name] is state[name] for name in state)


def test_one_error_names_every_fault(random_state):
    state = random_state()
    del state["backbone.blocks.1.norm2.bias"]
    state["backbone.blocks.0.attn.proj.weight"] = np.zeros((768, 3), np.float32)
    state["backbone.cls_token"] = np.zeros((1, 1, 768), np.float32)
    with pytest.raises(ArtifactError) as caught:
        canonical(state, detect(state))
    message = str(caught.value)
    assert "missing: backbone.blocks.1.norm2.bias" in message
    assert "unexpected: backbone.cls_token" in message
    assert "backbone.blocks.0.attn.proj.weight (768, 3) instead of (768, 768)" in message


def test_half_a_score_head_is_named(random_state):
    state = random_state()
    del state["score_head.layers.1.bias"]
    with pytest.raises(ArtifactError, match=r"missing: score_head\.layers\.1\.bias"):
        canonical(state, detect(state))


@pytest.mark.parametrize("tokens", [0, 15])
def test_positions_that_fill_no_square_are_misshaped(random_state, tokens):
    state = random_state()
    state["backbone.pos_embed_s"] = np.zeros((1, tokens, 768), np.float32)
    with pytest.raises(ArtifactError, match=r"misshaped: backbone\.pos_embed_s"):
        canonical(state, detect(state))


def test_a_variant_that_the_file_does_not_hold_is_refused():
    with pytest.raises(ConfigError, match="expected variant 's'"):
        FAMILY.read(state_of(SMALL), {}, "b", {})
    assert FAMILY.read(state_of(SMALL), {}, "s", {})[1].variant == "s"


def test_sizes_are_not_options():
    with pytest.raises(ConfigError, match="search_size = 256 instead of 224"):
        FAMILY.read(state_of(SMALL), {}, None, {"search_size": 256})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"depth": 99}, "depth = 99 instead of 2"),
        ({"preset": "nowhere"}, "stored configuration is damaged.*got 'nowhere'"),
        ({"update_interval": 0}, "stored configuration is damaged.*update_interval = 0"),
    ],
)
def test_stored_fields_that_are_damaged_are_faults_of_the_file(random_state, fields, message):
    with pytest.raises(ArtifactError, match=message):
        FAMILY.read(random_state(), fields, None, {})
