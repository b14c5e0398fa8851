"""What the runtime is told about one ``.om`` file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

from ...families.base import GraphSpec, TensorSpec
from .aipp import Normalisation, StaticAipp

MOST_AXES = 4
"""The compiler takes no more of them at the border of a graph."""


@dataclass(frozen=True)
class AscendGraph:
    """One compiled graph.

    Attributes:
        path: the ``.om`` file.
        spec: the graph's border in the SDK's contract: images uint8 NHWC.
        images: name of each image input to what is done to it before the graph.
        normalisation: who does that and the rest of the normalisation.
    """

    path: Path
    spec: GraphSpec
    images: Mapping[str, StaticAipp] = field(default_factory=dict)
    normalisation: Normalisation = "graph"

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """Inputs as the ``.om`` has them."""
        on_host = self.images if self.normalisation == "host" else ()
        return tuple(
            float_image(tensor) if tensor.name in on_host else packed(tensor)
            for tensor in self.spec.inputs
        )

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """Outputs as the ``.om`` has them."""
        return tuple(packed(tensor) for tensor in self.spec.outputs)


def float_image(tensor: TensorSpec) -> TensorSpec:
    """An image as the compiled graph computes on it: float32 NCHW."""
    batch, height, width, channels = tensor.shape
    return TensorSpec(tensor.name, (batch, channels, height, width), "float32")


def packed(tensor: TensorSpec) -> TensorSpec:
    """The tensor with axes after the first merged until no more than four are left."""
    shape = tensor.shape
    if len(shape) <= MOST_AXES:
        return tensor
    return TensorSpec(tensor.name, (shape[0], prod(shape[1:-2]), *shape[-2:]), tensor.dtype)
