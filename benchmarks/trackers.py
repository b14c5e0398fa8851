"""What is measured: a tracker described by a value that travels between processes."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.resources
import importlib.util
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, cast

from pydantic import BaseModel, ConfigDict, Field

from ..errors import ArtifactError, ConfigError

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
        variant: ``tiny``, ``nano`` or ``pico`` for a checkpoint that holds more layers.
        runtime: what computes; None for the model's default.
        device: ``cpu``, ``cuda``, ``auto``...
        threads: intra-op threads; None for the package's rule.
        precision: what must be active; None takes what the model has.
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
    factory: str | None = None
    label: str | None = None

    @property
    def name(self) -> str:
        """A short name that is fit for a table."""
        if self.label:
            return self.label
        source = self.factory.rpartition(":")[2] if self.factory else self.model
        parts = [Path(source).stem if source else "fartrack", self.variant, self.runtime]
        return " ".join(part for part in parts if part)

    @property
    def slug(self) -> str:
        """A folder name: the name and a hash of everything that identifies the tracker."""
        kept = "".join(c if c.isalnum() else "-" for c in self.name).strip("-")
        return f"{kept}-{self.fingerprint()[:8]}"

    def fingerprint(self) -> str:
        """Hash of the description, the model's bytes and this package's version."""
        digest = hashlib.sha256(self.model_dump_json(exclude={"label"}).encode())
        digest.update(importlib.metadata.version("fartrack-sdk").encode())
        for file in [] if self.factory else _files(self.model):
            digest.update(file.name.encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()

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

        options: dict[str, Any] = {"device": self.device, "threads": self.threads}
        if self.runtime:
            options["runtime"] = self.runtime
        path = None if self.model is None else Path(self.model)
        if path is not None and not path.is_dir():
            return Tracker.from_checkpoint(path, variant=self.variant, **options)
        if self.precision and self.runtime != "pytorch":
            options["precision"] = self.precision
        if path is None:
            return Tracker.from_pretrained(**options)
        return Tracker.from_exported(path, **options)


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


def _below(folder: Path) -> list[Path]:
    code = {".py", ".pyc"}
    return sorted(f for f in folder.rglob("*") if f.is_file() and f.suffix not in code)


def load_factory(text: str) -> Callable[[], Any]:
    """The callable that ``module:name`` or ``file.py:name`` stands for.

    Raises:
        ConfigError: it is not there.
    """
    place, _, name = text.rpartition(":")
    try:
        module = _from_file(place) if place.endswith(".py") else importlib.import_module(place)
        return cast(Callable[[], Any], getattr(module, name))
    except (ImportError, AttributeError, OSError, ValueError) as error:
        raise ConfigError(
            f"expected module:callable or file.py:callable; {text!r} cannot be loaded: {error}"
        ) from error


def _from_file(path: str) -> ModuleType:
    name = f"fartrack_bench_{hashlib.sha256(path.encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


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
