"""The composition root: from files to a model behind a runtime.

The only module of the core that looks outward, and only when asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from .artifact import METADATA_FILE, Metadata, check_files, read_metadata
from .batching import FixedBatch
from .checkpoint.source import Checkpoint, read_checkpoint
from .config import StateThresholds
from .errors import ArtifactError, ConfigError, MissingDependencyError
from .families.base import Family, FamilyConfig, GraphSpec
from .families.registry import family_named
from .runtime import Runtime
from .threads import wait_without_spinning
from .tracked_model import TrackedModel

DEFAULT_MODEL = "default.safetensors"
DEFAULT_RUNTIME = "onnxruntime"
RUNTIMES = ("pytorch",)


def load_checkpoint(
    path: str | PathLike[str],
    variant: str | None = None,
    runtime: str = "pytorch",
    device: str = "auto",
    threads: int | None = None,
    *,
    precision: str = "fp32",
    **options: Any,
) -> TrackedModel:
    """A model from a released ``.pth.tar`` or a ``.safetensors`` checkpoint.

    Args:
        path: the file.
        variant: FARTrack: ``tiny``, ``nano`` or ``pico``, the first 15, 10 or 6 layers; by
            default what the file says, else all layers that it holds. A MixFormerV2 file
            holds one variant.
        runtime: what computes; ``pytorch`` runs checkpoints directly.
        device: ``cpu``, ``cuda``, ``cuda:1``, or ``auto``.
        threads: intra-op threads; by default min(usable CPUs, 4).
        precision: of the arithmetic: ``fp32``, or on CUDA ``fp16`` or ``bf16``.
        **options: fields of the family's configuration. FARTrack: ``num_templates``
            (1..9), ``retention`` (0..1), ``sampling``, ``sampling_interval``,
            ``saliency`` (see `FARTrackConfig`). MixFormerV2: ``preset`` (``lasot``,
            ``trackingnet``, ``got10k``, ``vot2020``, ``vot2020lt``, ``video``),
            ``search_factor``, ``update_interval``, ``template_cache`` and more (see
            `MixFormerV2Config`).

    Raises:
        ArtifactError: the file is missing, damaged, unsafe or of another model.
        ConfigError: an option is out of range, or contradicts the file.
        RuntimeUnavailableError: the runtime or device is not there.
    """
    if runtime not in RUNTIMES:
        raise ConfigError(
            f"expected runtime {', '.join(RUNTIMES)} for a checkpoint; got {runtime!r}. For other "
            "runtimes export it first (fartrack-export) and open the folder with from_exported."
        )
    checkpoint = read_checkpoint(path, variant, **options)
    return open_checkpoint(checkpoint, device, threads, precision)


def open_checkpoint(
    checkpoint: Checkpoint,
    device: str = "auto",
    threads: int | None = None,
    precision: str = "fp32",
) -> TrackedModel:
    """A model from a checkpoint in memory, on PyTorch.

    Args:
        checkpoint: from ``read_checkpoint``.
        device: as of `load_checkpoint`.
        threads: as of `load_checkpoint`.
        precision: as of `load_checkpoint`.
    """
    opened = _open_pytorch(checkpoint, device, threads, precision)
    return assemble(checkpoint.config, opened, checkpoint.thresholds, checkpoint.metadata)


def load_exported(
    path: str | PathLike[str],
    runtime: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    *,
    precision: str | None = None,
    fast: bool = False,
    cache_dir: str | PathLike[str] | None = None,
    **options: Any,
) -> TrackedModel:
    """A model from a directory that ``fartrack-export`` wrote; needs no torch.

    Args:
        path: the directory.
        runtime: ``onnxruntime`` or ``openvino`` (which opens ONNX artifacts as well);
            ``auto`` takes the first one that is installed.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``gpu``, ``npu``.
        threads: intra-op threads; by default min(usable CPUs, 4).
        precision: of the arithmetic: ``fp32``, ``bf16``, ``fp16``; by default fp32.
        fast: take the fastest arithmetic of the device; boxes change, by pixels at times.
        cache_dir: of OpenVINO, for compiled models; by default ``$FARTRACK_CACHE``, else
            ``$XDG_CACHE_HOME/fartrack`` on ``gpu`` and ``npu``, and none on ``cpu``.
        **options: of the tracking loop, where the family leaves them open. MixFormerV2:
            ``preset``, ``search_factor``, ``update_interval``, ``template_cache`` and more.

    Raises:
        ArtifactError: the directory is missing, damaged or foreign; names file or field.
        ConfigError: the runtime does not open this artifact or lacks the precision, or an
            option is fixed or out of range.
        RuntimeUnavailableError: the runtime or device is not there.
    """
    from .runtimes.files import ModelFiles, Options
    from .runtimes.opening import open_runtime

    directory = Path(path)
    metadata = read_metadata(directory)
    check_files(directory, metadata)
    family = family_named(metadata.family)
    config = family.reconfigured(_stored_config(directory, metadata, family), options)
    needed = family.graph_specs(config, metadata.batch)
    _check_border(directory, metadata, needed)
    files = ModelFiles(
        target=metadata.target,
        graphs={name: directory / metadata.graphs[name].file for name in needed},
        specs=needed,
        weights=directory / metadata.weights if metadata.weights else None,
    )
    asked = Options(device, threads, precision, fast, cache_dir)
    opened = FixedBatch(open_runtime(runtime, files, asked), metadata.batch)
    facts = {**metadata.source, "license": metadata.license, "artifact": directory.name}
    return assemble(config, opened, metadata.thresholds, facts)


def load_pretrained(
    runtime: str | None = None, device: str = "auto", threads: int | None = None, **options: Any
) -> TrackedModel:
    """The model that ships with the package; see ``assets/MODEL_CARD.md``.

    Args:
        runtime: ``pytorch`` runs the checkpoint, any other the exported graphs beside it;
            None takes ONNX Runtime, which the package depends on.
        device: as of `load_exported`.
        threads: as of `load_exported`.
        **options: of ``pytorch``, as of `load_checkpoint`: ``precision`` and fields of the
            configuration, such as ``num_templates``. Of the others, as of `load_exported`:
            ``precision``, ``fast``, ``cache_dir``.

    Raises:
        ConfigError: an option is out of range, or not one of the runtime.
        RuntimeUnavailableError: the runtime or device is not there.
    """
    assets = Path(__file__).parent / "assets"
    if runtime == "pytorch":
        return load_checkpoint(assets / DEFAULT_MODEL, None, runtime, device, threads, **options)
    return load_exported(assets, runtime or DEFAULT_RUNTIME, device, threads, **options)


def export(
    checkpoint: str | PathLike[str],
    output: str | PathLike[str],
    target: str = "onnx",
    variant: str | None = None,
    **options: Any,
) -> Metadata:
    """Export a checkpoint to a directory that `load_exported` opens.

    The result is compared with PyTorch on tensors, single steps and a replayed clip; a
    model that differs is not delivered.

    Args:
        checkpoint: ``.pth.tar`` or ``.safetensors`` file.
        output: directory to make; appears only when it is complete.
        target: ``onnx`` or ``openvino``.
        variant: as of `load_checkpoint`.
        **options: of the export: ``precision`` (``fp32``, ``fp16``: of the stored
            weights), ``opset``, ``batch``, ``verify``, ``verify_video``, ``verify_box``,
            ``verify_frames``, ``overwrite``; of the model: as of `load_checkpoint`.

    Returns:
        What the artifact's ``metadata.json`` says.

    Raises:
        ArtifactError: the checkpoint cannot be used.
        ConfigError: an option is out of range.
        ExportError: a graph cannot be expressed in the target's format.
        ParityError: the result does not compute what the checkpoint computes.
        MissingDependencyError: a package of the exporter is not installed.
    """
    from .exporters.export import export_checkpoint
    from .exporters.job import ExportOptions

    own = {name: options.pop(name) for name in ExportOptions.__annotations__ if name in options}
    return export_checkpoint(
        checkpoint, output, ExportOptions(target=target, **own), variant, **options
    )


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


def _open_pytorch(
    checkpoint: Checkpoint, device: str, threads: int | None, precision: str
) -> Runtime:
    family, config = checkpoint.family, checkpoint.config
    wait_without_spinning()
    try:
        from .runtimes.pytorch import PyTorchRuntime

        graphs = family.torch_graphs(checkpoint.weights, config)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise MissingDependencyError("torch", "torch", "to run checkpoints") from error
    return PyTorchRuntime(graphs, family.graph_specs(config), device, threads, precision)


def _stored_config(directory: Path, metadata: Metadata, family: Family) -> FamilyConfig:
    """The configuration of the artifact, which says all of its fields."""
    file = directory / METADATA_FILE
    try:
        config: FamilyConfig = family.stored_config(metadata.config)
    except ArtifactError as error:
        raise ArtifactError(f"{file}: field 'config': {error}") from error
    absent = [name for name in config.model_dump() if name not in metadata.config]
    if absent:
        raise ArtifactError(
            f"{file}: field 'config': expected all fields; got none of {', '.join(absent)}. "
            "Export the model again."
        )
    return config


def _check_border(directory: Path, metadata: Metadata, needed: Mapping[str, GraphSpec]) -> None:
    """The artifact's graphs must have the border that this version's sessions feed."""
    for name, spec in needed.items():
        held = metadata.graphs.get(name)
        found = held.spec(name) if held else f"the graphs {', '.join(metadata.graphs)}"
        if found != spec:
            raise ArtifactError(
                f"{directory / METADATA_FILE}: field 'graphs.{name}': expected {spec}; got "
                f"{found}. Export the model again."
            )
