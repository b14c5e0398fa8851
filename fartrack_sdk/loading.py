"""The composition root: from files to a model behind a runtime.

The only module of the core that looks outward, and only when asked.
"""

from __future__ import annotations

from functools import partial
from importlib.resources import as_file, files
from os import PathLike
from typing import Any

from .checkpoint.source import Checkpoint, read_checkpoint
from .config import StateThresholds
from .errors import ArtifactError, ConfigError, MissingDependencyError
from .families.base import FamilyConfig
from .families.registry import family_named
from .runtime import Runtime
from .threads import wait_without_spinning
from .tracked_model import TrackedModel

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
    opened = _open_pytorch(checkpoint, device, threads)
    return assemble(checkpoint.config, opened, checkpoint.thresholds, checkpoint.metadata)


def load_exported(path: str | PathLike[str], **options: Any) -> TrackedModel:
    """A model from a directory that an exporter wrote.

    Raises:
        ArtifactError: this build of the package opens no exported directories.
    """
    raise ArtifactError(f"{path}: this version opens checkpoints only. Use from_checkpoint(path).")


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
    config: FamilyConfig,
    runtime: Runtime,
    thresholds: StateThresholds | None = None,
    metadata: dict[str, str] | None = None,
) -> TrackedModel:
    """A model from a configuration and a runtime of your own.

    Args:
        config: the family's configuration.
        runtime: runs the graphs of that configuration.
        thresholds: of the states; None for the family's defaults.
        metadata: facts for people and reports.
    """
    family = family_named(config.family)
    return TrackedModel(
        config=config,
        runtime=runtime,
        new_session=partial(family.new_session, config),
        thresholds=thresholds or family.default_thresholds(config),
        metadata=metadata or {},
    )


def _open_pytorch(checkpoint: Checkpoint, device: str, threads: int | None) -> Runtime:
    family, config = checkpoint.family, checkpoint.config
    wait_without_spinning()
    try:
        from .runtimes.pytorch import PyTorchRuntime

        graphs = family.torch_graphs(checkpoint.weights, config)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise MissingDependencyError("torch", "torch", "to run checkpoints") from error
    return PyTorchRuntime(graphs, family.graph_specs(config), device, threads)
