"""Fixtures shared by all tests."""

import importlib.util
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from fartrack_sdk import ScriptedRuntime
from fartrack_sdk.families.fartrack.config import FARTrackConfig
from fartrack_sdk.families.fartrack.contract import graph_specs
from fartrack_sdk.loading import assemble
from fartrack_sdk.threads import wait_without_spinning

wait_without_spinning()
# A shell that starts the suite in the background lets its children ignore Ctrl-C, which
# tests send; a handler here gives them the default again.
signal.signal(signal.SIGINT, signal.default_int_handler)
DATA = Path(__file__).resolve().parent / "data"


@pytest.fixture(autouse=True, scope="session")
def _elsewhere(tmp_path_factory):
    """Run outside the checkout, whose fartrack_sdk folder is not the installed package."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("elsewhere"))
    yield
    os.chdir(before)


@pytest.fixture(scope="session")
def data_folder():
    return DATA


@pytest.fixture(scope="session")
def recipe():
    """The module that makes the weights and frames of the golden vectors."""
    spec = importlib.util.spec_from_file_location("make_inputs", DATA / "make_inputs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def released_state(recipe):
    """(seed, layout) -> state dict under released names, 15 layers."""

    def make(seed=0, layout="sparse"):
        state = recipe.weights(seed)
        if layout == "sparse":
            return state
        absent = ("masknorm", "prev_position")
        return {
            name: array
            for name, array in state.items()
            if not any(part in name for part in absent) and not name.endswith("pos_embed_z")
        }

    return make


class Script:
    """Answers every pass with coordinates that the test sets and seeded tokens."""

    def __init__(self, config, seed=0):
        self.config = config
        self.corners = (0.375, 0.375, 0.625, 0.625)
        self.sharpness = 30.0
        self.passes = []
        self.random = np.random.default_rng(seed)

    def logits(self):
        bins = np.arange(self.config.vocabulary)
        centres = (np.array(self.corners)[:, None] + 0.5) * self.config.bins
        shape = -(((bins - centres) / 6.0) ** 2)
        return (self.sharpness * np.exp(shape))[None].astype(np.float32)

    def __call__(self, graph, feeds):
        self.passes.append((graph, {name: feed.copy() for name, feed in feeds.items()}))
        del self.passes[:-3]
        spec = graph_specs(self.config)[graph]
        outputs = {
            tensor.name: self.random.random(tensor.shape, dtype=np.float32)
            for tensor in spec.outputs
        }
        if "logits" in outputs:
            outputs["logits"] = self.logits()
        return outputs


@pytest.fixture
def scripted():
    """FARTrack fields -> (model on a scripted runtime, its script)."""

    def make(seed=0, **fields):
        config = FARTrackConfig(**{"depth": 6, "variant": "pico", **fields})
        script = Script(config, seed)
        return assemble(config, ScriptedRuntime(script)), script

    return make


@pytest.fixture
def noise_frame():
    """(width, height, seed) -> a frame of noise, uint8 BGR."""

    def make(width=320, height=240, seed=0):
        return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)

    return make
