import pytest

from fartrack_sdk.families.mixformerv2.config import MixFormerV2Config
from fartrack_sdk.families.mixformerv2.contract import graph_specs
from fartrack_sdk.families.mixformerv2.macs import (
    full_macs,
    graph_macs,
    search_macs,
    templates_macs,
)
from fartrack_sdk.families.mixformerv2.timing import cache_costs
from fartrack_sdk.families.registry import family_named
from fartrack_sdk.runtimes.pytorch import PyTorchRuntime

BASE = MixFormerV2Config(
    variant="b", depth=8, mlp_dim=3072, search_size=288, template_size=128, search_factor=5.0
)
SMALL = MixFormerV2Config()


@pytest.mark.parametrize(
    ("config", "full", "search", "search_reduced", "templates", "templates_reduced"),
    [
        (BASE, 28.131, 20.606, 18.468, 7.525, 6.744),
        (SMALL, 4.822, 3.318, 2.766, 1.504, 1.258),
    ],
)
def test_operations_are_those_of_the_paper_arithmetic(
    config, full, search, search_reduced, templates, templates_reduced
):
    counted = [
        full_macs(config),
        search_macs(config, reduced=False),
        search_macs(config),
        templates_macs(config, reduced=False),
        templates_macs(config),
    ]
    expected = [full, search, search_reduced, templates, templates_reduced]
    assert [round(macs / 1e9, 3) for macs in counted] == expected


@pytest.mark.parametrize("kind", ["folded", "pair", "off"])
def test_every_graph_is_counted(kind):
    config = MixFormerV2Config(template_cache=kind)
    assert graph_macs(config).keys() == graph_specs(config).keys()


def test_costs_list_every_graph_with_and_without_the_cache(random_state):
    family = family_named("mixformerv2")
    weights, config = family.read(random_state(), {}, None, {})

    def open_runtime(chosen):
        graphs, specs = family.torch_graphs(weights, chosen), family.graph_specs(chosen)
        return PyTorchRuntime(graphs, specs, "cpu", 1)

    costs = {cost.graph: cost for cost in cache_costs(config, open_runtime, repeats=2)}
    assert list(costs) == ["full", "search", "search_one", "templates", "templates_one"]
    assert costs["full"].gmacs > costs["search"].gmacs > costs["search_one"].gmacs
    assert all(cost.milliseconds > 0 for cost in costs.values())
