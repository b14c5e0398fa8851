"""A complete folder for the board: ONNX, AIPP, commands, facts, check, and ``.om`` files."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ...checkpoint.source import Checkpoint
from ...errors import ConfigError
from ...families.base import FamilyConfig, GraphSpec, Weights
from ...families.fartrack.config import FARTrackConfig
from ...families.registry import family_named
from .aipp_file import aipp_text
from .board_script import write_board_check
from .command import AtcJob, Precision, checked_precision, checked_soc
from .metadata import write_metadata
from .onnx_graph import OPSET, write_graphs
from .process import Say, compile_graph, find_atc
from .sidecar import sidecar, write_sidecar

COMMANDS_NAME = "atc_commands.sh"


@dataclass(frozen=True)
class AscendRequest:
    """What to export for.

    Attributes:
        soc_version: the chip; there is no default.
        precision: ``origin``, ``mixed`` or ``fp16``.
        aipp: whether the NPU normalises images; the host does otherwise.
        opset: of the ONNX graphs, 13 to 16.
        dry_run: stop before ``atc``.
        atc: the compiler's name or path.
        python_bin: folder of the Python that ATC compiles operators with.
    """

    soc_version: str | None
    precision: str = "origin"
    aipp: bool = True
    opset: int = OPSET
    dry_run: bool = False
    atc: str = "atc"
    python_bin: Path | None = None


def export_ascend(
    checkpoint: Checkpoint,
    folder: Path,
    request: AscendRequest,
    say: Say | None = None,
) -> list[Path]:
    """Write everything that a board needs, and compile it unless it is a dry run.

    Without ``atc`` all files but the ``.om`` are written before the error.

    Args:
        checkpoint: a FARTrack model.
        folder: is made.
        request: chip, precision, compiler.
        say: takes progress, ATC's output included.

    Returns:
        The files.

    Raises:
        ConfigError: no chip, or an unknown precision, opset or family.
        ExportError: a graph that ATC would refuse, or refused.
        AtcMissingError: ``atc`` is not on the PATH.
    """
    config = _fartrack(checkpoint.config)
    jobs = _jobs(config, request)
    specs = {name: job.spec for name, job in jobs.items()}
    folder.mkdir(parents=True, exist_ok=True)
    written = _sources(checkpoint.weights, config, folder, request, specs)
    written.append(_commands(jobs, folder, request))
    facts = _described(checkpoint, jobs, folder, request.opset)
    if request.dry_run:
        return [*written, *facts]
    compiler = find_atc(request.atc)
    for job in jobs.values():
        written.append(compile_graph(job, folder, compiler, request.python_bin, say))
    return [*written, *_described(checkpoint, jobs, folder, request.opset)]


def _described(
    checkpoint: Checkpoint, jobs: Mapping[str, AtcJob], folder: Path, opset: int
) -> list[Path]:
    facts = write_sidecar(sidecar(jobs, folder, opset), folder)
    return [facts, write_metadata(checkpoint, jobs, folder, opset)]


def _fartrack(config: FamilyConfig) -> FARTrackConfig:
    if not isinstance(config, FARTrackConfig):
        raise ConfigError(f"expected a FARTrack model for --target ascend; got {config.family!r}.")
    return config


def _jobs(config: FARTrackConfig, request: AscendRequest) -> dict[str, AtcJob]:
    soc = checked_soc(request.soc_version)
    precision = cast(Precision, checked_precision(request.precision))
    specs = family_named(config.family).graph_specs(config)
    return {name: AtcJob(name, spec, soc, precision, request.aipp) for name, spec in specs.items()}


def _sources(
    weights: Weights,
    config: FARTrackConfig,
    folder: Path,
    request: AscendRequest,
    specs: Mapping[str, GraphSpec],
) -> list[Path]:
    from .network import atc_graphs

    graphs = write_graphs(atc_graphs(weights, config), specs, folder, request.opset)
    written = list(graphs.values())
    for name, spec in specs.items():
        if request.aipp:
            path = folder / f"aipp_{name}.cfg"
            path.write_text(aipp_text(spec))
            written.append(path)
    modules = family_named(config.family).torch_graphs(weights, config)
    return written + write_board_check(folder, specs, modules)


def _commands(jobs: Mapping[str, AtcJob], folder: Path, request: AscendRequest) -> Path:
    """The commands for a machine with CANN; run in the folder."""
    lines = ["#!/bin/sh", "# Run in this folder, after sourcing CANN's set_env.sh.", "set -e"]
    lines += [shlex.join(job.argv(Path(request.atc).name)) for job in jobs.values()]
    path = folder / COMMANDS_NAME
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o755)
    return path
