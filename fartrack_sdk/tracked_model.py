"""A loaded model: weights behind a runtime, shared by any number of targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .config import StateThresholds
from .crop import Image
from .errors import ConfigError
from .families.base import FamilyConfig, Run, Session
from .runtime import Runtime

SessionFactory = Callable[[int, Image, Run], Session]


@dataclass(frozen=True)
class TrackedModel:
    """What trackers share.

    Attributes:
        config: the family's configuration.
        runtime: holds the weights and runs the graphs.
        new_session: makes the memory of one target from (max_entries, first template,
            run).
        thresholds: the model's calibrated state thresholds.
        metadata: facts for people and reports (source, sha256, licence, ...).
    """

    config: FamilyConfig
    runtime: Runtime
    new_session: SessionFactory
    thresholds: StateThresholds = field(default_factory=StateThresholds)
    metadata: Mapping[str, str] = field(default_factory=dict)

    def close(self) -> None:
        """Release the weights; may be called twice."""
        self.runtime.close()


def checked_model(model: Any) -> TrackedModel:
    """What a user gave as a model.

    Raises:
        ConfigError: it is something else, for example a file's name.
    """
    if not isinstance(model, TrackedModel):
        raise ConfigError(
            f"expected a model from load_checkpoint, load_exported or load_pretrained; got "
            f"{model!r:.80}. For a file or folder use Tracker.from_checkpoint(path) or "
            "Tracker.from_exported(path)."
        )
    return model
