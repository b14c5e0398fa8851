"""The state of a run on disk: everything that continuing exactly needs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor

from ..atomic import PendingFile
from ..errors import ArtifactError, ConfigError
from .average import AveragedWeights
from .config import RunConfig
from .export import depth_of
from .net import TrainableNet
from .optimizer import Optimizers

STATE_FILE = "state.pt"
FAILURES = (OSError, RuntimeError, EOFError, UnpicklingError, LookupError, TypeError, ValueError)
"""What torch.load raises on a file that is no state."""


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
    config: RunConfig,
    net: TrainableNet,
    average: AveragedWeights,
    optimizer: Optimizers,
    progress: Progress,
) -> None:
    """Write the state; the file before is replaced when the new one is complete.

    Raises:
        ArtifactError: a weight is not finite; the file before stays.
    """
    bad = next((n for n, p in net.named_parameters() if not bool(torch.isfinite(p).all())), None)
    if bad is not None:
        raise ArtifactError(diverged(config, f"the weights of '{bad}'"))
    where = asdict(progress)
    del where["scalars"]
    state = {
        "net": net.state_dict(),
        "average": average.values,
        "optimizer": optimizer.state_dict(),
        "steps_seen": average.steps,
        "progress": where,
        "recipe": _recipe(config),
    }
    with PendingFile(config.out / STATE_FILE, overwrite=True) as pending:
        torch.save(state, pending.part)


def diverged(config: RunConfig, what: str) -> str:
    """What to say when numbers have grown beyond all bounds."""
    return (
        f"expected finite numbers; {what} are not: the run has diverged. The last good state "
        f"that it saved, if any, stays in {config.out}: run again with a lower rate "
        "(--set stages.0.rate=...)."
    )


def _recipe(config: RunConfig) -> dict[str, Any]:
    """What has to stay for a run to go on with the same samples."""
    return {"seed": config.seed, "stages": [[s.kind, s.batch] for s in config.stages]}


def _require_same_run(config: RunConfig, saved: dict[str, Any], stage: int) -> None:
    own, count = _recipe(config), min(stage + 1, len(saved["stages"]))
    if own["seed"] != saved["seed"] or own["stages"][:count] != saved["stages"][:count]:
        raise ConfigError(
            f"{config.out / STATE_FILE}: expected the seed and the stages [kind, batch] that the "
            f"run has had so far, {saved}; got {own}. Choose another folder (--set out=...), or "
            "what the run began with."
        )


def load_state(
    config: RunConfig,
    net: TrainableNet,
    average: AveragedWeights,
    optimizer: Optimizers,
    device: torch.device,
) -> Progress:
    """Put a saved state into freshly made objects.

    Raises:
        ArtifactError: the file is damaged or belongs to another network or optimizer.
        ConfigError: it belongs to a run with another seed, or with other stages so far.
    """
    file = config.out / STATE_FILE
    state = read_state(file, device)
    if "recipe" in state:
        _require_same_run(config, state["recipe"], int(state["progress"]["stage"]))
    try:
        net.load_state_dict(state["net"])
        average.restore(state["average"], int(state["steps_seen"]))
        optimizer.load_state_dict(state["optimizer"])
    except (KeyError, RuntimeError, ValueError) as error:
        raise ArtifactError(
            f"{file}: expected the state of a {len(net.core.blocks)}-layer run; "
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
        missing = {"net", "average", "progress"} - set(state)
    except FAILURES as error:
        raise ArtifactError(f"{path}: expected the state of a training run ({error}).") from error
    if missing:
        raise ArtifactError(f"{path}: expected the state of a training run; it has no {missing}.")
    return state


def averaged_tensors(path: Path) -> tuple[dict[str, Tensor], int]:
    """Averaged weights by parameter name, and samples seen, from a state file.

    Raises:
        ArtifactError: there is none, or it is damaged.
    """
    state = read_state(path, torch.device("cpu"))
    names = [name for name, _ in TrainableNet(depth_of(state["net"])).named_parameters()]
    return dict(zip(names, state["average"], strict=True)), int(state["progress"]["samples"])
