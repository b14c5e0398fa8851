"""Any checkpoint file as weights, configuration and provenance."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from ..config import StateThresholds, configured
from ..errors import ArtifactError, ConfigError
from ..families.base import Family, FamilyConfig, Weights
from ..families.registry import family_of
from .compact import Precision, read_compact, stored_json, write_compact
from .pickled import read_pickled

CONFIG_KEY, THRESHOLDS_KEY = "config", "thresholds"
PROVENANCE = ("license", "source", "source_sha256", "net_type", "epoch", "name")
UNKNOWN_LICENSE = "not stated in the file: ask its authors"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in memory.

    Attributes:
        family: that it belongs to.
        weights: canonical name to array, cut to the configuration's depth.
        config: the model.
        thresholds: the model's own state thresholds, or None.
        metadata: provenance: ``source``, ``source_sha256``, ``license``, ``net_type``.
    """

    family: Family
    weights: Weights
    config: FamilyConfig
    thresholds: StateThresholds | None
    metadata: dict[str, str]


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_checkpoint(
    path: str | PathLike[str], variant: str | None = None, **options: Any
) -> Checkpoint:
    """Read a ``.pth.tar`` or ``.safetensors`` checkpoint; nothing in it is executed.

    Args:
        path: the file.
        variant: of the family (FARTrack: ``tiny``, ``nano``, ``pico``); by default what
            the file says, else all layers that it holds.
        **options: fields of the family's configuration that differ from the file's.

    Raises:
        ArtifactError: the file is missing, damaged, unsafe or of another model.
        ConfigError: an option is out of range, or contradicts the file.
    """
    file = Path(path)
    if not file.is_file():
        raise ArtifactError(
            f"{file}: expected a checkpoint file; there is none. Pass a released .pth.tar or a "
            ".safetensors made by fartrack-convert; for an exported directory use from_exported."
        )
    state, stored = _read(file)
    family = family_of(set(state))
    try:
        fields = stored_json(stored, CONFIG_KEY)
        weights, config = family.read(state, fields, variant, options)
        thresholds = _thresholds(stored)
    except ArtifactError as error:
        raise ArtifactError(f"{file}: {error}") from error
    provenance = {key: stored[key] for key in PROVENANCE if key in stored}
    provenance.setdefault("source", file.name)
    provenance.setdefault("source_sha256", sha256(file))
    provenance.setdefault("license", UNKNOWN_LICENSE)
    return Checkpoint(family, weights, config, thresholds, provenance)


def checkpoint_metadata(checkpoint: Checkpoint) -> dict[str, str]:
    """The strings that a compact file carries beside the tensors."""
    metadata = {
        **checkpoint.metadata,
        "family": checkpoint.family.name,
        "variant": checkpoint.config.variant,
        CONFIG_KEY: json.dumps(checkpoint.config.model_dump()),
    }
    if checkpoint.thresholds is not None:
        metadata[THRESHOLDS_KEY] = checkpoint.thresholds.model_dump_json()
    return metadata


def write_checkpoint(
    path: str | PathLike[str],
    checkpoint: Checkpoint,
    precision: Precision = "float32",
    *,
    overwrite: bool = True,
) -> None:
    """Write a compact ``.safetensors`` that `read_checkpoint` reads.

    Args:
        path: of the file.
        checkpoint: what to write.
        precision: of the stored tensors.
        overwrite: replace an existing file.

    Raises:
        InputError: the file exists and is not to be replaced, or its folder is missing.
    """
    metadata = checkpoint_metadata(checkpoint)
    tensors = checkpoint.family.released(checkpoint.weights, checkpoint.config)
    write_compact(Path(path), tensors, metadata, precision, overwrite=overwrite)


def _thresholds(stored: dict[str, str]) -> StateThresholds | None:
    limits = stored_json(stored, THRESHOLDS_KEY)
    try:
        return configured(StateThresholds, **limits) if limits else None
    except ConfigError as error:
        raise ArtifactError(f"the stored thresholds are damaged: {error}") from error


def _read(file: Path) -> tuple[Weights, dict[str, str]]:
    if file.suffix == ".safetensors":
        return read_compact(file)
    pickled = read_pickled(file)
    stored = {"net_type": pickled.net_type}
    if pickled.epoch is not None:
        stored["epoch"] = str(pickled.epoch)
    return pickled.weights, stored
