"""Files as a training framework writes them."""

import sys
import types

import numpy as np
import pytest
import torch


@pytest.fixture
def foreign_classes(monkeypatch):
    """Classes of training code that is gone again when the file is read."""
    names = ("lib", "lib.train", "lib.train.admin", "lib.train.admin.stats")
    for name in names:
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))

    def make(class_name):
        kind = type(class_name, (), {"__module__": names[-1], "__qualname__": class_name})
        setattr(sys.modules[names[-1]], class_name, kind)
        return kind

    yield make
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def save_training_file(foreign_classes, tmp_path, monkeypatch):
    """Save a state dict with everything that the released trainer puts beside it."""

    def save(state, net_type="FARTrackSparse", **extra):
        meter, settings = foreign_classes("AverageMeter")(), foreign_classes("Settings")()
        meter.history, settings.env = [1.0, 2.0], {"dir": "somewhere"}
        tensors = {name: torch.from_numpy(np.asarray(a)) for name, a in state.items()}
        content = {
            "epoch": 15,
            "actor_type": "FARTrackSparseActor",
            "net_type": net_type,
            "net": tensors,
            "net_info": None,
            "constructor": None,
            "optimizer": {"state": {0: {"exp_avg": torch.zeros(1000)}}},
            "stats": {"train": {"Loss/total": meter}},
            "settings": settings,
            **extra,
        }
        path = tmp_path / f"{net_type}_ep0015.pth.tar"
        torch.save(content, path)
        for name in [m for m in sys.modules if m == "lib" or m.startswith("lib.")]:
            monkeypatch.delitem(sys.modules, name)
        return path

    return save
