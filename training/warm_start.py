"""Begin a run with the weights of an earlier one, or of any FARTrack checkpoint."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from ..checkpoint.source import read_checkpoint
from ..errors import ConfigError
from ..model.vit import Block
from .checkpoint import STATE_FILE, averaged_tensors
from .export import BLOCKS, CORE
from .net import TrainableNet

REPEATED = 3
"""Last layers of a shallower source that further ones begin as, in turn."""


def begin_from(path: Path, net: TrainableNet) -> None:
    """Put earlier weights into a freshly made network.

    Args:
        path: folder of a run, its state file, or a checkpoint (``.safetensors``,
            ``.pth.tar``). A checkpoint has no helper heads: they keep their start values.
        net: whose weights are replaced. Deeper layers of the source are left out; layers
            that the source lacks begin as its last ones in turn, but changing nothing, so
            that the grown network computes what the source computes.

    Raises:
        ArtifactError: the file cannot be read.
        ConfigError: it is no FARTrack model.
    """
    found = _tensors(path)
    own = dict(net.named_parameters())
    depth = sum(1 for i in range(len(net.layers)) if f"{BLOCKS}{i}.norm1.weight" in found)
    grown = tuple(f"{BLOCKS}{i}." for i in range(depth, len(net.layers)))
    missing = [n for n in own if n.startswith(CORE) and n not in found and not n.startswith(grown)]
    if missing or not depth:
        raise ConfigError(
            f"init = {path}: expected weights of a FARTrack model; "
            f"'{missing[0].removeprefix(CORE)}' is not in it. Choose another file."
        )
    with torch.no_grad():
        for name, parameter in own.items():
            if name in found:
                parameter.copy_(found[name])
        for index in range(depth, len(net.layers)):
            source = max(0, depth - REPEATED) + (index - depth) % min(REPEATED, depth)
            _grow(net.layers[index], net.layers[source])


def _grow(block: Block, source: Block) -> None:
    """Let a block look where ``source`` looks, and add nothing: its last weights are zero."""
    block.load_state_dict(source.state_dict())
    for last in (block.attn.proj, block.mlp.fc2):
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)


def _tensors(path: Path) -> dict[str, Tensor]:
    if path.is_dir():
        path = path / STATE_FILE
    if path.suffix == ".pt":
        return averaged_tensors(path)[0]
    weights = read_checkpoint(path).weights
    return {CORE + name: torch.as_tensor(value) for name, value in weights.items()}
