"""What a runtime opens: the files of a model's graphs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..families.base import GraphSpec

CACHE_VARIABLE = "FARTRACK_CACHE"


@dataclass(frozen=True)
class ModelFiles:
    """Graphs on disk.

    Attributes:
        target: format: ``onnx``, ``openvino``, ``ascend``.
        graphs: graph name to file.
        specs: graph name to border, batch included.
        weights: file with the weights of all graphs, if they are apart.
    """

    target: str
    graphs: Mapping[str, Path]
    specs: Mapping[str, GraphSpec]
    weights: Path | None = None


@dataclass(frozen=True)
class Options:
    """What a user may ask of a runtime; a value that cannot be met is an error.

    Attributes:
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``gpu``, ``npu``, ``npu:0``.
        threads: intra-op threads on the CPU; None for the default rule.
        precision: of the arithmetic, ``fp32``, ``bf16`` or ``fp16``; None for fp32.
        fast: take the fastest arithmetic of the device; boxes change, by pixels at times.
        cache: directory for compiled models; None for the default, see `cache_directory`, or
            for no cache where compiling is quick (OpenVINO on a CPU).
    """

    device: str = "auto"
    threads: int | None = None
    precision: str | None = None
    fast: bool = False
    cache: str | os.PathLike[str] | None = None


def cache_directory(asked: str | os.PathLike[str] | None) -> Path:
    """Where compiled models are kept.

    The argument, else ``$FARTRACK_CACHE``, else ``$XDG_CACHE_HOME/fartrack``, else
    ``~/.cache/fartrack``.
    """
    if asked is not None:
        return Path(asked)
    if own := os.environ.get(CACHE_VARIABLE):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "fartrack"
