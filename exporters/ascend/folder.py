"""A complete folder for the board: ONNX, AIPP, commands, facts, checks, and ``.om`` files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...checkpoint.source import Checkpoint
from ...errors import ConfigError
from ...families.base import GraphSpec
from ..job import ExportOptions
from .aipp_file import aipp_text, image_scale
from .board_script import write_board_check
from .command import AtcJob, checked_normalisation, checked_precision, checked_soc
from .commands_script import write_commands
from .metadata import write_metadata
from .onnx_graph import write_graphs
from .process import Say, compile_graph, find_atc
from .request import AscendRequest
from .sidecar import sidecar_of
from .verify import verify


def export_ascend(
    checkpoint: Checkpoint,
    folder: Path,
    request: AscendRequest,
    options: ExportOptions | None = None,
    say: Say | None = None,
) -> None:
    """Write everything that a board needs, and compile it unless it is a dry run.

    Without ``atc`` all files but the ``.om`` are written before the error.

    Args:
        checkpoint: the model.
        folder: is there.
        request: chip, precision, compiler.
        options: whether to compare with PyTorch, and on which clip.
        say: takes progress, ATC's output included.

    Raises:
        ConfigError: no chip, or an unknown precision, normalisation, opset or batch.
        ExportError: a graph that ATC would refuse, or refused; or a family without them.
        ParityError: the graphs do not compute what the checkpoint computes.
        AtcMissingError: ``atc`` is not on the PATH.
    """
    options = options or ExportOptions()
    if options.batch != 1:
        raise ConfigError(f"expected --batch 1 for Ascend; got {options.batch}.")
    jobs = atc_jobs(checkpoint, request)
    _write_sources(checkpoint, folder, request, jobs)
    sidecar_of(jobs, folder, request.opset).write(folder)
    parity: dict[str, Any] | None = None
    if options.verify:
        job = next(iter(jobs.values()))
        parity = verify(checkpoint, folder, job.precision, job.normalisation, options)
    write_metadata(checkpoint, jobs, folder, request.opset, parity)
    if request.dry_run:
        return
    compiler = find_atc(request.atc)
    for job in jobs.values():
        compile_graph(job, folder, compiler, request.python_bin, say)
    sidecar_of(jobs, folder, request.opset).write(folder)
    write_metadata(checkpoint, jobs, folder, request.opset, parity)


def atc_jobs(checkpoint: Checkpoint, request: AscendRequest) -> dict[str, AtcJob]:
    """Graph name to what ATC is asked for.

    Raises:
        ConfigError: no chip, or a word without meaning.
    """
    soc = checked_soc(request.soc_version)
    precision = checked_precision(request.precision)
    normalisation = checked_normalisation(request.normalise)
    specs = checkpoint.family.graph_specs(checkpoint.config)
    return {name: AtcJob(name, spec, soc, precision, normalisation) for name, spec in specs.items()}


def _write_sources(
    checkpoint: Checkpoint, folder: Path, request: AscendRequest, jobs: Mapping[str, AtcJob]
) -> None:
    family, weights, config = checkpoint.family, checkpoint.weights, checkpoint.config
    specs: dict[str, GraphSpec] = {name: job.spec for name, job in jobs.items()}
    images = image_scale(checked_normalisation(request.normalise))
    write_graphs(family.atc_graphs(weights, config, images), specs, folder, request.opset)
    for job in jobs.values():
        if job.aipp_file:
            (folder / job.aipp_file).write_text(aipp_text(job.spec, job.normalisation))
    write_board_check(folder, specs, family.torch_graphs(weights, config))
    write_commands(jobs.values(), folder)
