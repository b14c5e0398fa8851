"""A MixFormerV2 model of two narrow blocks, and files as the released trainer saves them."""

import sys
import types
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch

from fartrack_sdk.families.mixformerv2.layout import Layout, to_released

SMALL = Layout(depth=2, mlp_dim=64, search_tokens=16, template_tokens=4, bins=24, score_head=True)
CLASSES = {
    "lib.train.admin.settings": "Settings",
    "lib.train.admin.local": "EnvironmentSettings",
    "lib.train.admin.stats": "AverageMeter",
}


def random_state(layout=SMALL, seed=0):
    """Released name to random array."""
    random = np.random.default_rng(seed)
    shapes = dict(to_released(layout).values())
    return {
        name: (random.standard_normal(shape) * 0.05).astype(np.float32)
        for name, shape in shapes.items()
    }


def tracking_state(recipe):
    """The recipe's weights in a small size: boxes that move, and blocks that differ."""
    sizes = (SMALL.depth, SMALL.mlp_dim, SMALL.search_tokens, SMALL.template_tokens)
    with patch.dict(recipe.MIXFORMERV2, {"small": sizes}):
        states = [recipe.weights_mixformerv2(i, "small", SMALL.bins) for i in range(SMALL.depth)]
    last = f"blocks.{SMALL.depth - 1}."
    return {name: states[-1 if last in name else 0][name] for name in states[0]}


def save_as_trainer(path: Path, state, **extra):
    """Write a checkpoint; the classes that it names cannot be imported afterwards."""
    modules = {name: types.ModuleType(name) for name in ("lib", "lib.train", "lib.train.admin")}
    made = {}
    for module, name in CLASSES.items():
        modules[module] = types.ModuleType(module)
        kind = type(name, (), {"__module__": module, "__qualname__": name})
        setattr(modules[module], name, kind)
        made[name] = kind()
    made["Settings"].env = made["EnvironmentSettings"]
    content = {
        "epoch": 40,
        "actor_type": "MixFormerActor",
        "net_type": "MixFormer",
        "net": {key: torch.from_numpy(array) for key, array in state.items()},
        "net_info": None,
        "constructor": None,
        "optimizer": {"state": {0: {"exp_avg": torch.zeros(10)}}},
        "stats": {"train": {"Loss/total": made["AverageMeter"]}},
        "settings": made["Settings"],
        **extra,
    }
    with patch.dict(sys.modules, modules):
        torch.save(content, path)
    return path
