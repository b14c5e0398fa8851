"""What the runtime is told about one ``.om`` file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ...families.base import GraphSpec, TensorSpec
from .aipp import StaticAipp

Normalisation = Literal["aipp", "host"]


@dataclass(frozen=True)
class AscendGraph:
    """One compiled graph.

    Attributes:
        path: the ``.om`` file.
        spec: the graph's border in the SDK's contract: images uint8 NHWC.
        images: name of each image input to its normalisation.
        normalisation: who applies it, ``aipp`` on the NPU or ``host``; exactly one does.
    """

    path: Path
    spec: GraphSpec
    images: Mapping[str, StaticAipp] = field(default_factory=dict)
    normalisation: Normalisation = "aipp"

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """Inputs as the ``.om`` has them."""
        return tuple(self._input(tensor) for tensor in self.spec.inputs)

    def _input(self, tensor: TensorSpec) -> TensorSpec:
        if self.normalisation == "aipp" or tensor.name not in self.images:
            return tensor
        batch, height, width, channels = tensor.shape
        return TensorSpec(tensor.name, (batch, channels, height, width), "float32")
