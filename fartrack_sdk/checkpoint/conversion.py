"""One checkpoint file into a compact one."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from ..atomic import PendingFile
from ..errors import InputError
from .compact import Precision
from .source import read_checkpoint, write_checkpoint


def convert_checkpoint(
    source: str | PathLike[str],
    target: str | PathLike[str],
    variant: str | None = None,
    precision: Precision = "float32",
    license_name: str | None = None,
    *,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write what inference reads of ``source`` to ``target``.

    Args:
        source: ``.pth.tar`` or ``.safetensors``.
        target: ``.safetensors``; appears only when it is complete.
        variant: cut to this variant's depth; None keeps all layers.
        precision: of the stored tensors.
        license_name: of the weights; None keeps what the source says.
        overwrite: replace an existing target.

    Returns:
        Facts about what was written: ``target``, ``family``, ``variant``, ``tensors``,
        ``bytes``, ``precision``, ``source_sha256``, ``license``.

    Raises:
        InputError: the target exists, has another suffix, or its folder is missing.
        ArtifactError: the source cannot be used.
        ConfigError: the variant is unknown.
    """
    file = Path(target)
    if file.suffix != ".safetensors":
        raise InputError(f"expected a target that ends in .safetensors; got {file}.")
    PendingFile(file, overwrite=overwrite)
    checkpoint = read_checkpoint(source, variant)
    if license_name is not None:
        metadata = {**checkpoint.metadata, "license": license_name}
        checkpoint = replace(checkpoint, metadata=metadata)
    write_checkpoint(file, checkpoint, precision, overwrite=overwrite)
    return {
        "target": str(file),
        "family": checkpoint.family.name,
        "variant": checkpoint.config.variant,
        "tensors": len(checkpoint.weights),
        "bytes": file.stat().st_size,
        "precision": precision,
        "source_sha256": checkpoint.metadata["source_sha256"],
        "license": checkpoint.metadata["license"],
    }
