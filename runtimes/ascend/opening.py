"""From an exported folder to the runtime; ``ascend.json`` lies beside the ``.om`` files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import ConfigError
from ..files import ModelFiles, Options
from .codes import ARITHMETIC
from .runtime import AscendRuntime
from .sidecar import read_sidecar


def open_ascend(files: ModelFiles, options: Options) -> AscendRuntime:
    """The runtime on an artifact's files.

    Args:
        files: the ``.om`` files and borders.
        options: device ``auto``, ``npu`` or ``npu:N``; the precision was chosen when the
            graphs were compiled, so asking for another one is an error.

    Raises:
        ArtifactError: ``ascend.json`` is missing, damaged or of other graphs.
        ConfigError: a precision that the files do not have.
        RuntimeUnavailableError: as of `AscendRuntime`.
    """
    folder = next(iter(files.graphs.values())).parent
    facts = read_sidecar(folder)
    compiled = ARITHMETIC.get(facts.precision, facts.precision)
    if options.fast or options.precision not in (None, compiled):
        asked = "fast=True" if options.fast else f"precision {options.precision}"
        raise ConfigError(
            f"expected precision {compiled}, as the model was compiled; got {asked}. Export again "
            "with --precision origin, mixed or fp16."
        )
    graphs = {
        name: facts.graph(name, path, files.specs[name]) for name, path in files.graphs.items()
    }
    return AscendRuntime(
        graphs, options.device, soc_version=facts.soc_version, precision=facts.precision
    )


def open_folder(folder: Path, device: str = "auto", **options: Any) -> AscendRuntime:
    """The runtime on a folder of ``.om`` files, by ``ascend.json`` alone.

    Args:
        folder: with ``ascend.json`` and the ``.om`` files.
        device: ``npu:0``, ``npu`` or ``auto``.
        **options: ``execution``, ``zero_copy`` and ``timeout_ms`` of `AscendRuntime`.

    Raises:
        ArtifactError: as of `open_ascend`.
    """
    facts = read_sidecar(folder)
    graphs = {name: facts.graph(name, folder / f"{name}.om") for name in facts.graphs}
    known = {"soc_version": facts.soc_version, "precision": facts.precision}
    return AscendRuntime(graphs, device, **{**known, **options})
