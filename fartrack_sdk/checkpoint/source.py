"""Any checkpoint file as weights, configuration and provenance."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from ..config import StateThresholds, configured
from ..errors import ArtifactError, ConfigError
from ..families.fartrack.config import VARIANT_DEPTHS, FARTrackConfig
from .compact import read_compact, stored_json
from .layout import Layout, Weights, canonical, detect
from .pickled import read_pickled

CONFIG_KEY, THRESHOLDS_KEY = "config", "thresholds"
PROVENANCE = ("license", "source", "source_sha256", "net_type", "epoch", "name")


@dataclass(frozen=True)
class Checkpoint:
    """A FARTrack checkpoint in memory.

    Attributes:
        weights: canonical name to array, cut to the configuration's depth.
        config: the model.
        thresholds: the model's own state thresholds, or None.
        metadata: provenance: ``source``, ``source_sha256``, ``license``, ``net_type``.
    """

    weights: Weights
    config: FARTrackConfig
    thresholds: StateThresholds | None
    metadata: dict[str, str]

    @property
    def layout(self) -> Layout:
        """Layout of the weights."""
        return Layout(self.config.depth, self.config.protocol == "sparse")


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
    """Read a ``.pth.tar`` or ``.safetensors`` checkpoint.

    Args:
        path: the file.
        variant: ``tiny``, ``nano`` or ``pico``; by default what the file says, else all
            layers that it holds.
        **options: fields of `FARTrackConfig` that differ from the file's.

    Raises:
        ArtifactError: the file is missing, damaged, unsafe or of another model.
        ConfigError: an option is out of range.
    """
    file = Path(path)
    if not file.is_file():
        raise ArtifactError(
            f"{file}: expected a checkpoint file; there is none. Pass a released .pth.tar or a "
            ".safetensors made by fartrack-convert; for an exported directory use from_exported."
        )
    if file.suffix == ".safetensors":
        state, stored = read_compact(file)
        found = {key: stored[key] for key in PROVENANCE if key in stored}
    else:
        pickled = read_pickled(file)
        state, stored = pickled.weights, {}
        found = {"net_type": pickled.net_type, "license": "unknown: ask the authors"}
        if pickled.epoch is not None:
            found["epoch"] = str(pickled.epoch)
    config = _config(detect(set(state)), stored, variant, options)
    weights = canonical(state, config.depth)
    found.setdefault("source", file.name)
    found.setdefault("source_sha256", sha256(file))
    limits = stored_json(stored, THRESHOLDS_KEY)
    thresholds = configured(StateThresholds, **limits) if limits else None
    return Checkpoint(weights, config, thresholds, found)


def _config(
    layout: Layout, stored: dict[str, str], variant: str | None, options: dict[str, Any]
) -> FARTrackConfig:
    fields = stored_json(stored, CONFIG_KEY)
    fields.setdefault("depth", layout.depth)
    fields.setdefault("variant", stored.get("variant", _variant_name(layout.depth)))
    fields.setdefault("protocol", layout.protocol)
    fields.setdefault("layer_norm_eps", layout.layer_norm_eps)
    if variant is not None:
        if variant not in VARIANT_DEPTHS:
            raise ConfigError(
                f"expected variant {', '.join(VARIANT_DEPTHS)}; got {variant!r}."
            )
        depth = VARIANT_DEPTHS[variant]
        if depth > layout.depth:
            raise ArtifactError(
                f"variant '{variant}' needs {depth} layers; the file holds {layout.depth} "
                f"(a {_variant_name(layout.depth)})."
            )
        fields.update(depth=depth, variant=variant)
    return configured(FARTrackConfig, **{**fields, **options})


def _variant_name(depth: int) -> str:
    names = {layers: name for name, layers in VARIANT_DEPTHS.items()}
    return names.get(depth, f"{depth}-layer")
