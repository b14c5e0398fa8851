"""How a tracker behaves around its model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .boxes import Box
from .crop import Image
from .errors import ConfigError
from .result import TrackResult

Model = TypeVar("Model", bound=BaseModel)
OnLost = Literal["follow", "hold"] | Callable[[Image, TrackResult], Box | tuple[float, ...] | None]


class Settings(BaseModel):
    """Base of configurations: frozen, and what is wrong with them is a ConfigError.

    Raises:
        ConfigError: names every field that is unknown or out of range.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _refused(type(self), error) from error


class StateThresholds(Settings):
    """Hysteresis from scores to TRACKING, UNCERTAIN and LOST.

    A heuristic: the score is weak on look-alikes, and its scale depends on the weights,
    so models carry their own calibrated values and a user's scene may want others.

    Attributes:
        lost_below: a score below it counts towards LOST.
        tracking_above: a score at or above it counts towards TRACKING.
        lost_after: consecutive frames below ``lost_below`` until LOST; the first of them
            makes the state UNCERTAIN.
        tracking_after: consecutive frames at or above ``tracking_above`` that lead from
            LOST or UNCERTAIN back to TRACKING.
    """

    lost_below: float = Field(default=0.05, ge=0.0, le=1.0)
    tracking_above: float = Field(default=0.10, ge=0.0, le=1.0)
    lost_after: int = Field(default=5, ge=1)
    tracking_after: int = Field(default=2, ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> StateThresholds:
        if self.lost_below > self.tracking_above:
            raise ValueError(
                f"lost_below ({self.lost_below}) must not exceed "
                f"tracking_above ({self.tracking_above})"
            )
        return self


class TrackerConfig(Settings):
    """Choices of the tracking loop; the defaults are the released tracker's behaviour.

    Attributes:
        on_lost: what happens to the search region while LOST. ``follow``: it goes on
            around the latest box, as released. ``hold``: it stays at the last box that
            was not LOST. A callable ``(frame, result) -> box or None`` may say where to
            look next, for example from a detector; None means follow.
        pause_updates: when no new template is taken: ``never`` (as released), ``lost``,
            or ``uncertain`` (UNCERTAIN and LOST).
        thresholds: from scores to states; None takes the model's own.
        max_entries: templates kept in the history of one target. 1,536 float32 entries
            of 49 x 192 are 57.8 MB, of 37 x 192 (retention 75 %) 43.6 MB, for ever.
        skip_blank: a search region of one single colour (a covered lens, a dead stream)
            holds nothing to find: the box stays, the score is 0 and no template is
            taken. False feeds it to the model as the released tracker does.
    """

    on_lost: OnLost = "follow"
    pause_updates: Literal["never", "lost", "uncertain"] = "never"
    thresholds: StateThresholds | None = None
    max_entries: int = Field(default=1536, ge=2)
    skip_blank: bool = True


def checked_config(config: Any) -> TrackerConfig:
    """What a user gave as the loop's configuration; None stands for the defaults.

    Raises:
        ConfigError: it is something else.
    """
    if config is None:
        return TrackerConfig()
    if not isinstance(config, TrackerConfig):
        raise ConfigError(
            f"expected a TrackerConfig; got {type(config).__name__}. Pass "
            "config=TrackerConfig(on_lost='hold') with the fields that differ from the defaults."
        )
    return config


def configured(kind: type[Model], /, **values: Any) -> Model:
    """A configuration from options, with one readable error that names them all.

    Raises:
        ConfigError: an option is unknown or out of range.
    """
    try:
        return kind(**values)
    except ValidationError as error:
        raise _refused(kind, error) from error


def _refused(kind: type[BaseModel], error: ValidationError) -> ConfigError:
    faults = "; ".join(_fault(fault, kind) for fault in error.errors())
    return ConfigError(f"{kind.__name__}: {faults}")


def _fault(fault: Mapping[str, Any], kind: type[BaseModel]) -> str:
    name = ".".join(str(part) for part in fault["loc"]) or "options"
    if fault["type"] == "extra_forbidden":
        return f"expected options {', '.join(kind.model_fields)}; got {name!r}"
    return f"{name} = {fault['input']!r}: {fault['msg']}"
