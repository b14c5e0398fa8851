"""From a graph's file to a compiled model of OpenVINO."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checkpoint.source import sha256
from ..errors import ArtifactError
from .compiled_cache import CompiledCache

if TYPE_CHECKING:
    import openvino as ov


class Compiler:
    """From files to compiled models of one device.

    Args:
        core: OpenVINO.
        device: its name.
        properties: of the compiled models.
    """

    def __init__(self, core: ov.Core, device: str, properties: dict[str, Any]) -> None:
        self._core, self._device, self._properties = core, device, properties

    @property
    def exports(self) -> bool:
        """Whether the device gives compiled models away and takes them back."""
        return "EXPORT_IMPORT" in self._core.get_property(self._device, "OPTIMIZATION_CAPABILITIES")

    def opened(
        self, path: Path, weights: Path | None, cache: CompiledCache | None
    ) -> ov.CompiledModel:
        """A graph, compiled or from the cache.

        Raises:
            ArtifactError: the graph cannot be read.
        """
        if cache is None:
            return self._compiled(path, weights)
        made_from = self._facts(path, weights)
        found = cache.find(path, self._device, made_from)
        if found is not None:
            # A driver may refuse a whole model that another version of it made.
            with suppress(RuntimeError):
                return self._core.import_model(found, self._device, self._properties)
        compiled = self._compiled(path, weights)
        cache.keep(path, self._device, made_from, compiled.export_model().getvalue())
        return compiled

    def _compiled(self, path: Path, weights: Path | None) -> ov.CompiledModel:
        try:
            if path.suffix == ".xml" and weights is not None:
                model = self._core.read_model(path, weights)
            else:
                model = self._core.read_model(path)
            return self._core.compile_model(model, self._device, self._properties)
        except RuntimeError as error:
            raise ArtifactError(f"{path}: OpenVINO cannot open it: {error}") from error

    def _facts(self, path: Path, weights: Path | None) -> str:
        """All that a compiled model depends on."""
        # The versions are named by the plugin: GPU, where the device is GPU.0.
        versions = self._core.get_versions(self._device).values()
        return json.dumps(
            {
                "graph": sha256(path),
                "weights": sha256(weights) if weights else None,
                "device": self._core.get_property(self._device, "FULL_DEVICE_NAME"),
                "version": [version.build_number for version in versions],
                "properties": self._properties,
            }
        )
