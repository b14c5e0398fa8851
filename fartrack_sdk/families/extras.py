"""What a family may provide beside what it must; each method has a usual answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

from ..config import StateThresholds, configured
from ..errors import ArtifactError, ConfigError, ExportError
from .complexity import Complexity

if TYPE_CHECKING:
    from torch import nn

    from .base import ImageScale, Weights

FamilyOptions = Mapping[str, Any]
"""Fields of a family's configuration by name."""


class FamilyExtras(Protocol):
    """The part of `base.Family` with defaults, for families that inherit from it.

    Attributes:
        config_type: class of the family's configurations, a frozen pydantic model.
    """

    config_type: type[BaseModel]

    def config(self, fields: FamilyOptions) -> Any:
        """A configuration from its stored fields."""
        return configured(self.config_type, **fields)

    def stored_config(self, fields: FamilyOptions) -> Any:
        """The same from fields that a file holds, whose faults are the file's.

        Raises:
            ArtifactError: a field is unknown or out of range.
        """
        try:
            return self.config(fields)
        except ConfigError as error:
            raise ArtifactError(f"the stored configuration is damaged: {error}") from error

    def reconfigured(self, config: Any, options: FamilyOptions) -> Any:
        """The configuration with other options, which must leave the graphs as they are.

        Raises:
            ConfigError: an option belongs to the graphs, or is out of range.
        """
        if options:
            raise ConfigError(
                f"expected no options for an exported {config.family} model, which has all of "
                f"them fixed; got {', '.join(options)}."
            )
        return config

    def default_thresholds(self, config: Any) -> StateThresholds:
        """From scores to states, for models that carry no calibrated values of their own."""
        return StateThresholds()

    def alternatives(self, config: Any) -> Mapping[str, FamilyOptions]:
        """Other ways to the same boxes: name for people to options of ``reconfigured``.

        Exports hold their graphs too, and speed is reported for each beside the usual way.
        """
        return {}

    def rehearsals(self, config: Any) -> tuple[FamilyOptions, ...]:
        """Options under which graphs that a clip may never reach run in its first frames.

        Exported graphs are compared with their source under each of them as well.
        """
        return ()

    def complexity(self, config: Any) -> Complexity | None:
        """Counted work and size; None where nobody counts. May need torch."""
        return None

    def atc_graphs(self, weights: Weights, config: Any, images: ImageScale) -> dict[str, nn.Module]:
        """The graphs in the form that Ascend's compiler takes, for a batch of one.

        Images are float32 [1, 3, H, W], scaled as ``images`` says, and of more than four
        axes those between the first and the last two are merged; see `model.atc`.

        Raises:
            ExportError: the family's graphs have no such form.
        """
        raise ExportError(
            "expected a model family whose graphs come in a form for Ascend; this one has none. "
            "Use --target onnx or openvino, or give the family a method atc_graphs."
        )
