"""From a checkpoint to an artifact directory, compared with its source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Any

from ..artifact import METADATA_FILE, PARITY_FILE, GraphFacts, Metadata, file_facts
from ..checkpoint.source import Checkpoint, read_checkpoint
from ..errors import ConfigError
from ..families.extras import FamilyOptions
from ..loading import load_exported, open_checkpoint
from ..tracked_model import TrackedModel
from .clips import Clip, load_clip
from .directory import pending_directory
from .graphs import exported_specs
from .job import DEFAULT_OPSET, LOWEST_OPSET, ExportOptions, Job, Written
from .parity import ParityReport, compare, joined, require, start_of
from .targets import TARGETS, Target, resolved_precision, target_named
from .tolerances import TOLERANCES, Tolerances

DISTRIBUTION = "fartrack-sdk"


def export_checkpoint(
    source: str | PathLike[str],
    output: str | PathLike[str],
    options: ExportOptions,
    variant: str | None = None,
    **protocol: Any,
) -> Metadata:
    """Export a checkpoint file; see `fartrack_sdk.export`."""
    target = target_named(options.target)
    if options.batch < 1:
        raise ConfigError(f"expected a batch of at least 1; got {options.batch}.")
    if options.opset < LOWEST_OPSET:
        raise ConfigError(
            f"expected an opset of {LOWEST_OPSET} or later, which is what torch.onnx writes; got "
            f"{options.opset}. Leave it out for {DEFAULT_OPSET}."
        )
    checkpoint = read_checkpoint(source, variant, **protocol)
    with pending_directory(Path(output), overwrite=options.overwrite) as folder:
        return write_artifact(checkpoint, target, folder, options)


def write_artifact(
    checkpoint: Checkpoint, target: Target, folder: Path, options: ExportOptions
) -> Metadata:
    """Write graphs, weights, metadata and the comparison into an empty folder.

    Raises:
        ExportError: a graph cannot be expressed in the target's format.
        ParityError: the result does not compute what the checkpoint computes.
    """
    plain = _metadata(checkpoint, target, options)
    job = Job(
        checkpoint=checkpoint,
        specs={name: graph.spec(name) for name, graph in plain.graphs.items()},
        precision=plain.precision,
        options=options,
        facts=plain.summary(),
    )
    metadata = _with_files(plain, target.write(job, folder), folder)
    if options.verify:
        report = _verified(checkpoint, target, folder, options, metadata)
        (folder / PARITY_FILE).write_text(report.model_dump_json(indent=2) + "\n")
        metadata = metadata.model_copy(
            update={
                "parity": report.summary(),
                "files": {**metadata.files, PARITY_FILE: file_facts(folder / PARITY_FILE)},
            }
        )
        _write(metadata, folder)
    return metadata


def _metadata(checkpoint: Checkpoint, target: Target, options: ExportOptions) -> Metadata:
    specs = exported_specs(checkpoint, options.batch)
    source = {k: v for k, v in checkpoint.metadata.items() if k != "license"}
    return Metadata(
        target=next(name for name, known in TARGETS.items() if known is target),
        family=checkpoint.family.name,
        variant=checkpoint.config.variant,
        config=checkpoint.config.model_dump(),
        precision=resolved_precision(target, options.precision),
        opset=options.opset,
        batch=options.batch,
        graphs={name: GraphFacts.of(spec, "") for name, spec in specs.items()},
        thresholds=checkpoint.thresholds,
        license=checkpoint.metadata["license"],
        source=source,
        versions={name: version(name) for name in (DISTRIBUTION, *target.packages)},
        files={},
    )


def _with_files(plain: Metadata, written: Written, folder: Path) -> Metadata:
    graphs = {
        name: graph.model_copy(update={"file": written.graphs[name]})
        for name, graph in plain.graphs.items()
    }
    update = {
        "graphs": graphs,
        "weights": written.weights,
        "opset": written.opset,
        "extra": dict(written.extra),
        "files": {p.name: file_facts(p) for p in sorted(folder.iterdir()) if p.is_file()},
    }
    metadata = plain.model_copy(update=update)
    _write(metadata, folder)
    return metadata


def _write(metadata: Metadata, folder: Path) -> None:
    (folder / METADATA_FILE).write_text(metadata.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _verified(
    checkpoint: Checkpoint,
    target: Target,
    folder: Path,
    options: ExportOptions,
    metadata: Metadata,
) -> ParityReport:
    """The clip as a user's tracker runs it, and its start in every other way it can run."""
    clip, limits = load_clip(options), TOLERANCES[metadata.precision]
    opened = partial(load_exported, folder, runtime=target.runtime, device="cpu")
    report = _compared(checkpoint, opened, clip, limits)
    for other in checkpoint.family.alternatives(checkpoint.config).values():
        report = joined(report, _compared(checkpoint, opened, start_of(clip), limits, other))
    require(report)
    return report


def _compared(
    checkpoint: Checkpoint,
    opened: Callable[..., TrackedModel],
    clip: Clip,
    limits: Tolerances,
    options: FamilyOptions | None = None,
) -> ParityReport:
    chosen = options or {}
    config = checkpoint.family.reconfigured(checkpoint.config, chosen)
    reference = open_checkpoint(replace(checkpoint, config=config), device="cpu")
    candidate = opened(**chosen)
    try:
        return compare(reference, candidate, clip, limits)
    finally:
        candidate.close()
