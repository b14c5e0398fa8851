"""The cached graphs against the pass that computes everything."""

import dataclasses

import numpy as np
import pytest
import torch

from fartrack_sdk.families.mixformerv2.contract import graph_specs
from fartrack_sdk.families.registry import family_named
from fartrack_sdk.runtimes.pytorch import PyTorchRuntime

FAMILY = family_named("mixformerv2")


def image(size, seed):
    return np.random.default_rng(seed).integers(0, 256, (1, size, size, 3), np.uint8)


@pytest.fixture(scope="module")
def opened(random_state):
    """template_cache -> runtime of the small model."""

    def make(kind, **sizes):
        weights, config = FAMILY.read(random_state(**sizes), {}, None, {"template_cache": kind})
        graphs, specs = FAMILY.torch_graphs(weights, config), FAMILY.graph_specs(config)
        return PyTorchRuntime(graphs, specs, "cpu", 1)

    return make


def assert_equal_outputs(actual, expected):
    assert actual.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(actual[name], expected[name], rtol=0, atol=2e-5)


def test_cached_templates_equal_the_full_pass(opened):
    full, cached = opened("off"), opened("pair")
    search, template, online = image(64, 1), image(32, 2), image(32, 3)
    expected = full.run("full", {"search": search, "template": template, "online": online})
    cache = cached.run("templates", {"template": template, "online": online})
    assert_equal_outputs(cached.run("search", {"search": search, **cache}), expected)


def test_one_folded_template_equals_two_equal_ones(opened):
    full, cached = opened("off"), opened("folded")
    search, template = image(64, 1), image(32, 2)
    expected = full.run("full", {"search": search, "template": template, "online": template})
    cache = cached.run("templates_one", {"template": template})
    assert_equal_outputs(cached.run("search_one", {"search": search, **cache}), expected)


def test_the_online_template_matters_and_its_place_does_not(opened):
    full = opened("off")
    a, b, search = image(32, 2), image(32, 3), image(64, 1)
    one = full.run("full", {"search": search, "template": a, "online": b})
    swapped = full.run("full", {"search": search, "template": b, "online": a})
    equal = full.run("full", {"search": search, "template": a, "online": a})
    assert_equal_outputs(swapped, one)
    assert np.abs(equal["logits"] - one["logits"]).max() > 1e-4


@pytest.mark.parametrize("kind", ["folded", "pair", "off"])
@pytest.mark.parametrize("score_head", [True, False])
def test_every_graph_keeps_its_border_for_any_batch(kind, score_head, random_state, small_layout):
    layout = dataclasses.replace(small_layout, score_head=score_head)
    weights, config = FAMILY.read(random_state(layout), {}, None, {"template_cache": kind})
    graphs = FAMILY.torch_graphs(weights, config)
    specs = FAMILY.graph_specs(config, batch=2)
    assert graphs.keys() == specs.keys() == graph_specs(config).keys()
    random = np.random.default_rng(0)
    for name, spec in specs.items():
        feeds = [random.integers(0, 9, t.shape).astype(t.dtype) for t in spec.inputs]
        outputs = graphs[name](*(torch.from_numpy(feed) for feed in feeds))
        borders = [(tuple(o.shape), str(o.dtype).removeprefix("torch.")) for o in outputs]
        assert borders == [(t.shape, t.dtype) for t in spec.outputs]


def test_a_batch_gives_what_its_members_give(opened):
    runtime = opened("folded")
    images = [image(32, seed) for seed in (1, 2)]
    single = [runtime.run("templates_one", {"template": each}) for each in images]
    both = runtime.run("templates_one", {"template": np.concatenate(images)})
    stacked = {name: np.concatenate([each[name] for each in single]) for name in both}
    assert_equal_outputs(both, stacked)


def test_graphs_without_a_score_head_need_one_template_only(random_state, small_layout):
    layout = dataclasses.replace(small_layout, score_head=False)
    _, config = FAMILY.read(random_state(layout), {}, None, {})
    specs = graph_specs(config)
    assert set(specs) == {"templates_one", "search_one"}
    assert [tensor.name for tensor in specs["search_one"].outputs] == ["logits"]
