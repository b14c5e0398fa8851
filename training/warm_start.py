"""Begin a run with the weights of an earlier one, or of any FARTrack checkpoint."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from ..checkpoint.source import read_checkpoint
from ..errors import ConfigError
from .checkpoint import STATE_FILE, averaged_tensors
from .export import CORE
from .net import TrainableNet


def begin_from(path: Path, net: TrainableNet) -> None:
    """Put earlier weights into a freshly made network.

    Args:
        path: folder of a run, its state file, or a checkpoint (``.safetensors``,
            ``.pth.tar``). A checkpoint has no helper heads: they keep their start values.
        net: whose weights are replaced; deeper layers of the source are left out.

    Raises:
        ArtifactError: the file cannot be read.
        ConfigError: it holds fewer layers than the network, or another family.
    """
    found = _tensors(path)
    own = dict(net.named_parameters())
    missing = [name for name in own if name.startswith(CORE) and name not in found]
    if missing:
        raise ConfigError(
            f"init = {path}: expected weights of a FARTrack model with at least "
            f"{len(net.core.blocks)} layers; '{missing[0].removeprefix(CORE)}' is not in it. "
            "Choose a deeper model to begin from, or train a smaller variant."
        )
    with torch.no_grad():
        for name, parameter in own.items():
            if name in found:
                parameter.copy_(found[name])


def _tensors(path: Path) -> dict[str, Tensor]:
    if path.is_dir():
        path = path / STATE_FILE
    if path.suffix == ".pt":
        return averaged_tensors(path)[0]
    weights = read_checkpoint(path).weights
    return {CORE + name: torch.as_tensor(value) for name, value in weights.items()}
