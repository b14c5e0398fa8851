"""What ``fartrack-export`` does once its arguments are read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import typer

from ..artifact import Metadata, WeightPrecision, check_files, read_metadata
from ..cli.common import command_line, emit_json, parse_box, say, stderr_console
from ..errors import ConfigError
from .export import export_checkpoint
from .job import DEFAULT_OPSET, ExportOptions

ASCEND = "ascend"


@dataclass(frozen=True)
class Request:
    """The arguments of the command."""

    checkpoint: Path | None
    output: Path | None
    target: str
    variant: str | None
    precision: str | None
    opset: int | None
    templates: int | None
    retention: float | None
    preset: str | None
    batch: int
    verify: bool
    verify_video: Path | None
    box: str | None
    overwrite: bool
    json_output: bool
    soc_version: str | None = None
    normalise: str | None = None
    dry_run: bool = False
    atc: str | None = None
    atc_python_bin: Path | None = None

    @property
    def protocol(self) -> dict[str, Any]:
        """Options of the model, as given."""
        given = {
            "num_templates": self.templates,
            "retention": self.retention,
            "preset": self.preset,
        }
        return {name: value for name, value in given.items() if value is not None}


def run(request: Request) -> None:
    """Export and report.

    Raises:
        ConfigError: arguments are missing or do not go together.
    """
    if request.checkpoint is None or request.output is None:
        raise ConfigError("expected CHECKPOINT and --output DIR; or --info ARTIFACT.")
    if request.target == ASCEND:
        _ascend(request, request.checkpoint, request.output)
        return
    _require_no_ascend_options(request)
    options = _options(request)
    with stderr_console().status(f"Exporting {request.checkpoint.name} to {request.target}"):
        metadata = export_checkpoint(
            request.checkpoint, request.output, options, request.variant, **request.protocol
        )
    _report(request.output, metadata, request.json_output)
    say("Try it: " + command_line(["fartrack-track", "demo", "--model", request.output]))


def describe(artifact: Path, json_output: bool) -> None:
    """Print what an artifact says about itself, after a check of its files.

    Raises:
        ArtifactError: it is damaged or something else.
    """
    metadata = read_metadata(artifact)
    check_files(artifact, metadata)
    _report(artifact, metadata, json_output)


def _options(request: Request) -> ExportOptions:
    return ExportOptions(
        target=request.target,
        precision=cast("WeightPrecision | None", request.precision),
        opset=request.opset or DEFAULT_OPSET,
        batch=request.batch,
        verify=request.verify,
        verify_video=request.verify_video,
        verify_box=None if request.box is None else tuple(parse_box(request.box)),
        overwrite=request.overwrite,
    )


def _require_no_ascend_options(request: Request) -> None:
    given = {"--soc-version": request.soc_version, "--normalise": request.normalise,
             "--dry-run": request.dry_run, "--atc": request.atc,
             "--atc-python-bin": request.atc_python_bin}  # fmt: skip
    if names := [name for name, value in given.items() if value]:
        raise ConfigError(
            f"{', '.join(names)} belong to --target ascend; got --target {request.target}."
        )


def _ascend(request: Request, checkpoint: Path, output: Path) -> None:
    from .ascend import AscendRequest, export_for_board

    given: dict[str, Any] = {
        "precision": request.precision,
        "normalise": request.normalise,
        "opset": request.opset,
        "atc": request.atc,
    }
    given = {name: value for name, value in given.items() if value is not None}
    wanted = AscendRequest(
        request.soc_version, dry_run=request.dry_run, python_bin=request.atc_python_bin, **given
    )
    metadata = export_for_board(
        checkpoint, output, wanted, _options(request), request.variant, say=say, **request.protocol
    )
    _report(output, metadata, request.json_output)
    script = "atc_commands.sh" if request.dry_run else "board_check.py"
    runner = "sh" if request.dry_run else "python"
    say("Next, " + ("with CANN: " if request.dry_run else "on the board: ")
        + command_line([runner, output / script]))  # fmt: skip


def _report(artifact: Path, metadata: Metadata, json_output: bool) -> None:
    if json_output:
        emit_json({"artifact": str(artifact), **metadata.model_dump(mode="json")})
        return
    for name, value in _lines(artifact, metadata).items():
        typer.echo(f"{name}: {value}")


def _lines(artifact: Path, metadata: Metadata) -> dict[str, str]:
    size = sum(file.bytes for file in metadata.files.values())
    lines = {
        "artifact": str(artifact),
        "target": metadata.target,
        "model": f"{metadata.family} {metadata.variant}, batch {metadata.batch}",
        "config": json.dumps(metadata.config),
        "weights": f"{metadata.precision}, licence: {metadata.license}",
        "source": f"{metadata.source.get('source')} {metadata.source.get('source_sha256', '')}",
        "made by": ", ".join(f"{name} {version}" for name, version in metadata.versions.items()),
        "files": f"{', '.join(metadata.files)} ({size / 1e6:.1f} MB)",
        **metadata.extra,
    }
    for name, graph in metadata.graphs.items():
        border = [[f"{t.name} {t.dtype}{list(t.shape)}" for t in side]
                  for side in (graph.inputs, graph.outputs)]  # fmt: skip
        lines[f"graph {name}"] = " -> ".join(", ".join(side) for side in border)
    if metadata.parity is None:
        lines["parity"] = "not compared with PyTorch"
    else:
        lines["parity"] = ", ".join(
            f"{name} {value:.6g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in metadata.parity.items()
        )
    return lines
