"""Models small enough to run in milliseconds, and the golden vectors' weights."""

import pytest
import small_mixformerv2

from fartrack_sdk.families.registry import family_named
from fartrack_sdk.loading import assemble
from fartrack_sdk.runtimes.pytorch import PyTorchRuntime


@pytest.fixture(scope="session")
def small_layout():
    return small_mixformerv2.SMALL


@pytest.fixture(scope="session")
def random_state():
    """(layout, seed) -> state dict of that layout with random weights."""
    return small_mixformerv2.random_state


@pytest.fixture(scope="session")
def open_model():
    """(state, **options) -> model on PyTorch."""
    family = family_named("mixformerv2")

    def make(state, **options):
        weights, config = family.read(state, {}, None, options)
        graphs, specs = family.torch_graphs(weights, config), family.graph_specs(config)
        return assemble(config, PyTorchRuntime(graphs, specs, "cpu", 2))

    return make
