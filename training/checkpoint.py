"""The state of a run on disk: everything that continuing exactly needs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import ArtifactError
from .average import AveragedWeights
from .net import TrainableNet
from .optimizer import Optimizers

STATE_FILE = "state.pt"


@dataclass
class Progress:
    """Where a run stands.

    Attributes:
        stage: index of the stage.
        step: steps done in the stage.
        samples: samples seen in all stages.
        seconds: time spent in training, over all pieces of the run.
        scalars: mean of the logged numbers since the last report.
    """

    stage: int = 0
    step: int = 0
    samples: int = 0
    seconds: float = 0.0
    scalars: dict[str, float] = field(default_factory=dict)


def save_state(
    folder: Path,
    net: TrainableNet,
    average: AveragedWeights,
    optimizer: Optimizers,
    progress: Progress,
) -> None:
    """Write the state; the file before is replaced when the new one is complete."""
    where = asdict(progress)
    del where["scalars"]
    state = {
        "net": net.state_dict(),
        "average": average.values,
        "optimizer": optimizer.state_dict(),
        "steps_seen": average.steps,
        "progress": where,
    }
    fresh = folder / f"{STATE_FILE}.part"
    torch.save(state, fresh)
    fresh.replace(folder / STATE_FILE)


def load_state(
    folder: Path,
    net: TrainableNet,
    average: AveragedWeights,
    optimizer: Optimizers,
    device: torch.device,
) -> Progress:
    """Put a saved state into freshly made objects.

    Raises:
        ArtifactError: the file is damaged or belongs to another network or optimizer.
    """
    state = read_state(folder / STATE_FILE, device)
    try:
        net.load_state_dict(state["net"])
        average.restore(state["average"], int(state["steps_seen"]))
        optimizer.load_state_dict(state["optimizer"])
    except (KeyError, RuntimeError, ValueError) as error:
        raise ArtifactError(
            f"{folder / STATE_FILE}: expected the state of a {len(net.core.blocks)}-layer run; "
            f"it belongs to another ({error}). Choose another folder, or what the run began with."
        ) from error
    return Progress(**state["progress"])


def read_state(path: Path, device: torch.device) -> dict[str, Any]:
    """The raw contents of a state file.

    Raises:
        ArtifactError: there is none, or it is damaged.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except (OSError, RuntimeError, EOFError) as error:
        raise ArtifactError(f"{path}: expected the state of a training run ({error}).") from error
    return state


def averaged_tensors(path: Path) -> tuple[dict[str, Tensor], int]:
    """Averaged weights by parameter name, and samples seen, from a state file."""
    state = read_state(path, torch.device("cpu"))
    depth = 1 + max(int(n.split(".")[2]) for n in state["net"] if n.startswith("core.blocks."))
    names = [name for name, _ in TrainableNet(depth).named_parameters()]
    return dict(zip(names, state["average"], strict=True)), int(state["progress"]["samples"])
