"""From a checkpoint file to a folder for the board; what ``--target ascend`` does."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from ...artifact import Metadata, read_metadata
from ...checkpoint.source import read_checkpoint
from ..directory import pending_directory
from ..job import ExportOptions
from ..onnx_graph import require_package
from .command import checked_normalisation, checked_precision, checked_python, checked_soc
from .process import AtcMissingError, Say
from .request import AscendRequest


def export_for_board(
    source: str | PathLike[str],
    output: str | PathLike[str],
    request: AscendRequest,
    options: ExportOptions | None = None,
    variant: str | None = None,
    *,
    say: Say | None = None,
    **protocol: Any,
) -> Metadata:
    """Export a checkpoint file; the folder appears only when it is complete.

    Without ``atc`` it is complete but for the ``.om`` files, and then the error comes.

    Args:
        source: the checkpoint.
        output: the folder.
        request: chip, precision, compiler.
        options: whether to compare with PyTorch and on which clip, and whether to replace
            an artifact that is there.
        variant: of the family.
        say: takes progress, ATC's output included.
        **protocol: fields of the family's configuration.

    Returns:
        What the folder's ``metadata.json`` says.

    Raises:
        ConfigError: no chip, or an option without meaning.
        ArtifactError: the checkpoint cannot be read.
        ExportError: a graph that ATC refuses.
        ParityError: the graphs do not compute what the checkpoint computes.
        MissingDependencyError: torch or onnx is not installed, or ``atc`` not on the PATH.
    """
    for package in ("torch", "onnx"):
        require_package(package)
    from .folder import export_ascend

    options = options or ExportOptions()
    checked_soc(request.soc_version)
    checked_precision(request.precision)
    checked_normalisation(request.normalise)
    checked_python(request.python_bin)
    checkpoint = read_checkpoint(source, variant, **protocol)
    missing: AtcMissingError | None = None
    with pending_directory(Path(output), overwrite=options.overwrite) as folder:
        try:
            export_ascend(checkpoint, folder, request, options, say)
        except AtcMissingError as error:
            missing = error
    if missing is not None:
        raise missing
    return read_metadata(Path(output))
