"""Models in memory, compiled by the fake ``atc`` and run on the fake board."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from fake_acl import FakeBoard, installed

from fartrack_sdk import Tracker
from fartrack_sdk.checkpoint.source import Checkpoint
from fartrack_sdk.exporters.ascend.folder import export_ascend
from fartrack_sdk.exporters.ascend.request import AscendRequest
from fartrack_sdk.exporters.job import ExportOptions
from fartrack_sdk.families.mixformerv2.layout import Layout, to_released
from fartrack_sdk.families.registry import family_named, family_of
from fartrack_sdk.runtimes.ascend import shutdown

SOC = "Ascend310B4"
UNVERIFIED = ExportOptions(verify=False)
MIXFORMER = Layout(
    depth=2, mlp_dim=64, search_tokens=16, template_tokens=4, bins=24, score_head=True
)
"""A MixFormerV2 that runs in milliseconds."""


def in_memory(state, variant=None, **fields):
    """A state dict as a checkpoint."""
    family = family_of(set(state))
    weights, config = family.read(state, {}, variant, fields)
    return Checkpoint(family, weights, config, None, {"source": "seed", "license": "none"})


def small_mixformer(seed=0, **fields):
    """Random weights in `MIXFORMER`'s layout."""
    random = np.random.default_rng(seed)
    shapes = dict(to_released(MIXFORMER).values())
    state = {n: (random.standard_normal(s) * 0.05).astype(np.float32) for n, s in shapes.items()}
    return in_memory(state, **fields)


def executable_atc(folder):
    """Path of an executable in the folder that behaves as ``atc``; see `fake_cann.atc`."""
    path = folder / "atc"
    script = Path(__file__).parent / "fake_cann" / "atc.py"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    path.chmod(0o755)
    return path


def compile_into(folder, checkpoint, atc, **request):
    """Export with the fake compiler, whatever a test asked of it."""
    before = os.environ.pop("FAKE_ATC", None)
    try:
        export_ascend(checkpoint, folder, AscendRequest(SOC, atc=str(atc), **request), UNVERIFIED)
    finally:
        if before is not None:
            os.environ["FAKE_ATC"] = before


@contextmanager
def faultless(**fields):
    """A board in place of CANN; at the end nothing may be violated or alive."""
    with installed(FakeBoard(**fields)) as board:
        yield board
        shutdown()
    assert board.violations == []
    assert board.leaks() == []


def feeds_for(config, graph, seed=0):
    """Random feeds of a graph."""
    random = np.random.default_rng(seed)
    specs = family_named(config.family).graph_specs(config)
    return {
        tensor.name: random.integers(0, 256, tensor.shape, np.uint8)
        if tensor.dtype == "uint8"
        else random.standard_normal(tensor.shape).astype(np.float32)
        for tensor in specs[graph].inputs
    }


def tracked(model, golden, frames, count):
    """Boxes of frames 1 to ``count``; closes the model."""
    with Tracker(model, color="rgb", owns_model=True) as tracker:
        tracker.init(frames[0], golden["init_box"])
        return np.array([tracker.track(frame).box for frame in frames[1 : count + 1]])
