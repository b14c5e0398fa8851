"""What is measured: a tracker described by a value that travels between processes."""

from __future__ import annotations

import importlib.resources
import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from pydantic import BaseModel, ConfigDict, Field

from ..errors import ArtifactError, ConfigError
from . import identity
from .factories import load_factory

ROOT = __name__.partition(".")[0]


class BenchTracker(Protocol):
    """The two verbs that are measured; `fartrack_sdk.tracker.Tracker` has them."""

    def init(self, frame: Any, box: Iterable[float]) -> Any:
        """Name the target in a BGR uint8 [H, W, 3] frame; box (x, y, w, h) in pixels."""
        ...

    def track(self, frame: Any) -> Any:
        """Find it in the next frame; the result has at least ``box``."""
        ...

    def close(self) -> None:
        """Release whatever is held."""
        ...


class TrackerSpec(BaseModel):
    """A tracker to measure.

    Attributes:
        model: checkpoint file or exported folder; None for the model that ships.
        variant: of a checkpoint: ``tiny``, ``nano`` or ``pico`` where it holds more layers.
        runtime: what computes; None for the model's default.
        device: ``cpu``, ``cuda``, ``auto``...
        threads: intra-op threads; None for the package's rule.
        precision: what must be active; None takes what the model has.
        options: fields of the family's configuration, for example ``preset``.
        factory: instead of a model, ``module:callable`` or ``file.py:callable`` that makes a
            tracker of your own, called without arguments.
        label: name in tables; made from the rest by default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str | None = None
    variant: str | None = None
    runtime: str | None = None
    device: str = "auto"
    threads: int | None = Field(default=None, ge=1)
    precision: str | None = None
    options: dict[str, str | float] = Field(default_factory=dict)
    factory: str | None = None
    label: str | None = None

    @property
    def name(self) -> str:
        """A short name that is fit for a table."""
        if self.label:
            return self.label
        source = self.factory.rpartition(":")[2] if self.factory else self.model
        parts = [Path(source).stem if source else "fartrack", self.variant, self.runtime]
        parts += [str(value) for value in self.options.values()]
        return " ".join(part for part in parts if part)

    def fingerprint(self) -> str:
        """Hash of the description, the bytes behind it and this package's code."""
        files = _files(self.model) if self.factory is None else _source(self.factory)
        return identity.digest(self.model_dump_json(exclude={"label"}), files)

    def open(self) -> BenchTracker:
        """Load the model and make a tracker.

        Raises:
            ArtifactError: no such model.
            ConfigError: the options do not fit, or the factory is not found.
            RuntimeUnavailableError: the runtime, device or precision is not there.
        """
        if self.factory:
            return cast(BenchTracker, load_factory(self.factory)())
        tracker = self._open_model()
        active = tracker.runtime_info().precision
        if self.precision and active != self.precision:
            tracker.close()
            raise ConfigError(
                f"expected precision {self.precision} of {self.name}; it runs in {active}. "
                "Export the model in that precision, or leave the option out."
            )
        return cast(BenchTracker, tracker)

    def _open_model(self) -> Any:
        from ..tracker import Tracker

        options: dict[str, Any] = {
            "device": self.device,
            "threads": self.threads,
            **self.options,
        }
        named = {"runtime": self.runtime, "precision": self.precision}
        options |= {key: value for key, value in named.items() if value is not None}
        if self.model is None:
            return Tracker.from_pretrained(**options)
        if not Path(self.model).is_dir():
            return Tracker.from_checkpoint(self.model, variant=self.variant, **options)
        return Tracker.from_exported(self.model, **options)


def _files(model: str | None) -> list[Path]:
    if model is None:
        return _below(Path(str(importlib.resources.files(f"{ROOT}.assets"))))
    path = Path(model)
    if path.is_dir():
        return _below(path)
    if not path.is_file():
        raise ArtifactError(
            f"expected a checkpoint or an exported folder; {path} is neither. "
            "Check the path given with --model."
        )
    return [path]


def _source(factory: str) -> list[Path]:
    place = factory.rpartition(":")[0]
    if place.endswith(".py"):
        path = Path(place)
    else:
        try:
            found = importlib.util.find_spec(place)
        except (ImportError, ValueError):
            found = None
        path = Path((found and found.origin) or "")
    return [path] if path.is_file() else []


def _below(folder: Path) -> list[Path]:
    code = {".py", ".pyc"}
    return sorted(f for f in folder.rglob("*") if f.is_file() and f.suffix not in code)


def describe(tracker: BenchTracker) -> dict[str, str]:
    """What is really active in a tracker; empty where it cannot say."""
    info = getattr(tracker, "runtime_info", None)
    if info is None:
        return {}
    active = info()
    return {
        "runtime": active.name,
        "device": active.device,
        "provider": active.provider,
        "precision": active.precision,
        "threads": str(active.threads),
    }


def running_on(active: Mapping[str, str]) -> str | None:
    """What `describe` found, fit for a cell of a table; None for nothing."""
    if "opencv" in active:
        parts = [f"OpenCV {active['opencv']}"]
    else:
        parts = [" ".join(active[k] for k in ("runtime", "device", "precision") if k in active)]
    parts += [f"{active['threads']} thr"] if active.get("threads", "0") != "0" else []
    return ", ".join(part for part in parts if part) or None
