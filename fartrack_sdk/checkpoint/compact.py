"""Compact checkpoints: safetensors under the released names, cut to a variant's depth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ..atomic import PendingFile
from ..errors import ArtifactError
from ..families.base import Weights

FORMAT_VERSION = "1"
Precision = Literal["float32", "float16"]


def read_compact(path: Path) -> tuple[Weights, dict[str, str]]:
    """Released name to array, and the metadata strings.

    Raises:
        ArtifactError: not a safetensors file, or damaged.
    """
    try:
        with safe_open(path, framework="np") as file:
            metadata = dict(file.metadata() or {})
            return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ArtifactError(
            f"{path}: expected a safetensors file; it is damaged or something else ({error})."
        ) from error


def write_compact(
    path: Path,
    tensors: Weights,
    metadata: dict[str, str],
    precision: Precision = "float32",
    *,
    overwrite: bool = True,
) -> None:
    """Write weights, via a temporary file that is renamed when it is complete.

    Args:
        path: of the file.
        tensors: released name to array.
        metadata: strings to store; format fields are added.
        precision: of the stored tensors.
        overwrite: replace an existing file.

    Raises:
        InputError: the file exists and is not to be replaced, its folder is missing, or
            the disk is full.
    """
    stored = {name: np.ascontiguousarray(t, dtype=precision) for name, t in tensors.items()}
    header = {"format": "pt", "format_version": FORMAT_VERSION, "dtype": precision, **metadata}
    with PendingFile(path, overwrite=overwrite) as pending:
        try:
            save_file(stored, pending.part, metadata=header)
        except SafetensorError as error:
            raise pending.failure(error) from error


def stored_json(metadata: dict[str, str], key: str) -> dict[str, object]:
    """A JSON object stored under a metadata key; empty if the key is absent.

    Raises:
        ArtifactError: the value is not a JSON object.
    """
    text = metadata.get(key)
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"metadata '{key}' is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ArtifactError(f"metadata '{key}' is not a JSON object: {text[:60]}")
    return value
