"""From a checkpoint file to a folder for the board; what ``--target ascend`` does."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from ...checkpoint.source import read_checkpoint
from ..directory import pending_directory
from .command import checked_precision, checked_soc
from .folder import AscendRequest, export_ascend
from .process import AtcMissingError, Say


def export_for_board(
    source: str | PathLike[str],
    output: str | PathLike[str],
    request: AscendRequest,
    *,
    variant: str | None = None,
    overwrite: bool = False,
    say: Say | None = None,
    **protocol: Any,
) -> list[Path]:
    """Export a checkpoint file; the folder appears only when it is complete.

    Without ``atc`` it is complete but for the ``.om`` files, and then the error comes.

    Args:
        source: the checkpoint.
        output: the folder.
        request: chip, precision, compiler.
        variant: of the family.
        overwrite: replace an artifact that is there.
        say: takes progress, ATC's output included.
        **protocol: fields of the family's configuration.

    Returns:
        The files.

    Raises:
        ConfigError: no chip, or an option without meaning.
        ArtifactError: the checkpoint cannot be read.
        ExportError: a graph that ATC refuses.
        AtcMissingError: ``atc`` is not on the PATH.
    """
    checked_soc(request.soc_version)
    checked_precision(request.precision)
    checkpoint = read_checkpoint(source, variant, **protocol)
    missing: AtcMissingError | None = None
    with pending_directory(Path(output), overwrite=overwrite) as folder:
        try:
            export_ascend(checkpoint, folder, request, say)
        except AtcMissingError as error:
            missing = error
    if missing is not None:
        raise missing
    return sorted(Path(output).iterdir())
