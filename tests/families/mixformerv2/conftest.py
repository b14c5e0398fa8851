"""Models small enough to run in milliseconds, and the golden vectors' weights."""

import numpy as np
import pytest

from fartrack_sdk.families.mixformerv2.layout import Layout, to_released
from fartrack_sdk.families.registry import family_named
from fartrack_sdk.loading import assemble
from fartrack_sdk.runtimes.pytorch import PyTorchRuntime

SMALL = Layout(depth=2, mlp_dim=64, search_tokens=16, template_tokens=4, bins=24, score_head=True)


@pytest.fixture(scope="session")
def small_layout():
    return SMALL


@pytest.fixture(scope="session")
def random_state():
    """layout -> state dict of that layout with random weights."""

    def make(layout=SMALL, seed=0):
        random = np.random.default_rng(seed)
        shapes = dict(to_released(layout).values())
        return {
            name: (random.standard_normal(shape) * 0.05).astype(np.float32)
            for name, shape in shapes.items()
        }

    return make


@pytest.fixture(scope="session")
def open_model():
    """(state, **options) -> model on PyTorch."""
    family = family_named("mixformerv2")

    def make(state, **options):
        weights, config = family.read(state, {}, None, options)
        graphs, specs = family.torch_graphs(weights, config), family.graph_specs(config)
        return assemble(config, PyTorchRuntime(graphs, specs, "cpu", 2))

    return make
