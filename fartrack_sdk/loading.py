"""The composition root: from files to a model behind a runtime.

The only module of the core that looks outward, and only when asked.
"""

from __future__ import annotations

from importlib.resources import as_file, files
from os import PathLike
from typing import Any

from .checkpoint.source import read_checkpoint
from .config import StateThresholds
from .crop import Image
from .errors import ArtifactError, ConfigError, MissingDependencyError
from .families.base import FamilyConfig, Session
from .families.fartrack.config import FARTrackConfig
from .families.fartrack.session import FARTrackSession
from .runtime import Runtime
from .tracked_model import SessionFactory, TrackedModel

DEFAULT_MODEL = "default.safetensors"
RUNTIMES = ("pytorch",)


def load_checkpoint(
    path: str | PathLike[str],
    variant: str | None = None,
    runtime: str = "pytorch",
    device: str = "auto",
    threads: int | None = None,
    **options: Any,
) -> TrackedModel:
    """A model from a released ``.pth.tar`` or a ``.safetensors`` checkpoint.

    Args:
        path: the file.
        variant: ``tiny``, ``nano`` or ``pico``: the first 15, 10 or 6 layers. By default
            what the file says, else all layers that it holds.
        runtime: what computes; ``pytorch`` runs checkpoints directly.
        device: ``cpu``, ``cuda``, ``cuda:1``, or ``auto``.
        threads: intra-op threads; by default min(usable CPUs, 4).
        **options: of the protocol: ``num_templates`` (1..9), ``retention`` (0..1),
            ``sampling``, ``sampling_interval``, ``saliency``; see `FARTrackConfig`.

    Raises:
        ArtifactError: the file is missing, damaged, unsafe or of another model.
        ConfigError: an option is out of range.
        RuntimeUnavailableError: the runtime or device is not there.
    """
    if runtime not in RUNTIMES:
        raise ConfigError(
            f"expected runtime {', '.join(RUNTIMES)} for a checkpoint; got {runtime!r}."
        )
    checkpoint = read_checkpoint(path, variant, **options)
    opened = _open_pytorch(checkpoint.weights, checkpoint.config, device, threads)
    return assemble(checkpoint.config, opened, checkpoint.thresholds, checkpoint.metadata)


def load_exported(path: str | PathLike[str], **options: Any) -> TrackedModel:
    """A model from a directory that an exporter wrote.

    Raises:
        ArtifactError: this build of the package opens no exported directories.
    """
    raise ArtifactError(
        f"{path}: this version opens checkpoints only. Use from_checkpoint(path)."
    )


def load_pretrained(
    runtime: str = "pytorch", device: str = "auto", threads: int | None = None
) -> TrackedModel:
    """The model that ships with the package; see ``assets/MODEL_CARD.md``.

    Args:
        runtime: what computes.
        device: as of `load_checkpoint`.
        threads: as of `load_checkpoint`.
    """
    with as_file(files(f"{__package__}.assets") / DEFAULT_MODEL) as path:
        return load_checkpoint(path, runtime=runtime, device=device, threads=threads)


def assemble(
    config: FARTrackConfig,
    runtime: Runtime,
    thresholds: StateThresholds | None = None,
    metadata: dict[str, str] | None = None,
) -> TrackedModel:
    """A model from a configuration and a runtime of your own.

    Args:
        config: the family's configuration.
        runtime: runs the graphs of that configuration.
        thresholds: of the states; None for the defaults.
        metadata: facts for people and reports.
    """
    return TrackedModel(
        config,
        runtime,
        session_factory(config),
        thresholds or StateThresholds(),
        metadata or {},
    )


def session_factory(config: FamilyConfig) -> SessionFactory:
    """What makes the memory of one target for a family.

    Raises:
        ConfigError: the family is unknown.
    """
    if not isinstance(config, FARTrackConfig):
        raise ConfigError(f"expected a known model family; got {config.family!r}.")

    def new_session(max_entries: int, template: Image) -> Session:
        return FARTrackSession(config, max_entries, template)

    return new_session


def _open_pytorch(
    weights: Any, config: FARTrackConfig, device: str, threads: int | None
) -> Runtime:
    try:
        from .runtimes.pytorch import PyTorchRuntime
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise MissingDependencyError("torch", "torch", "to run checkpoints") from error
    return PyTorchRuntime(weights, config, device, threads)
