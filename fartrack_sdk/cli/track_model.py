"""From the options of a command to an opened tracker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ArtifactError, ConfigError
from .track_options import TrackOptions

if TYPE_CHECKING:
    from ..tracker import Tracker

_CHECKPOINT_FLAGS = {
    "variant": "--variant",
    "templates": "--templates",
    "retention": "--retention",
    "sampling": "--sampling",
    "saliency": "--saliency",
}


def open_tracker(options: TrackOptions) -> Tracker:
    """The tracker that the options describe: bundled, from a checkpoint, or exported.

    Raises:
        ConfigError: options that do not go together.
        ArtifactError: no such model, or one that cannot be used.
        RuntimeUnavailableError: the runtime or device is not there.
    """
    from ..config import TrackerConfig, configured
    from ..tracker import Tracker

    loop = configured(TrackerConfig, on_lost=options.on_lost, pause_updates=options.pause_updates)
    where = _given(
        runtime=options.runtime,
        device=options.device,
        threads=options.threads,
        preset=options.preset,
    )
    path = options.model
    if path is None:
        _refuse_checkpoint_flags(options, "the bundled model")
        return Tracker.from_pretrained(config=loop, **where)
    if path.is_dir():
        _refuse_checkpoint_flags(options, f"the exported model '{path}'")
        return Tracker.from_exported(path, config=loop, **where)
    if not path.exists():
        raise ArtifactError(
            f"the model '{path}' does not exist; expected a checkpoint file (.pth.tar, "
            ".safetensors) or a folder that fartrack-export wrote."
        )
    protocol = _given(
        variant=options.variant,
        num_templates=options.templates,
        retention=options.retention,
        sampling=options.sampling,
        saliency=options.saliency,
    )
    return Tracker.from_checkpoint(path, config=loop, **where, **protocol)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _refuse_checkpoint_flags(options: TrackOptions, model: str) -> None:
    given = [flag for name, flag in _CHECKPOINT_FLAGS.items() if getattr(options, name) is not None]
    if given:
        raise ConfigError(
            f"{', '.join(given)} can be chosen for checkpoints only, and {model} has them "
            "fixed. Pass a checkpoint with --model FILE."
        )
