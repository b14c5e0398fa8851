"""What an exporter is asked to write, and what it says it wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike

from ..artifact import WeightPrecision
from ..checkpoint.source import Checkpoint
from ..families.base import GraphSpec

LOWEST_OPSET = 18
DEFAULT_OPSET = 20
"""The lowest at which LayerNormalization and Gelu are single operators.

Attention becomes one at 23, for which users need newer runtimes; run in turns, graphs of
opset 18, 20 and 23 took equal time within 4 % in ONNX Runtime 1.31 and OpenVINO 2026.4.
"""


@dataclass(frozen=True)
class ExportOptions:
    """Choices of an export.

    Attributes:
        target: ``onnx`` or ``openvino``.
        precision: of the stored weights, ``fp32`` or ``fp16``; None for the target's default.
        opset: of ONNX graphs.
        batch: targets in one pass.
        verify: compare with PyTorch, and refuse to deliver a model that differs.
        verify_video: clip to compare on; None for the one that ships with the package.
        verify_box: the target in its first frame, (x, y, w, h) in pixels.
        verify_frames: frames to track at most.
        overwrite: replace an artifact that is there.
        weights_name: file name of the shared weights.
    """

    target: str = "onnx"
    precision: WeightPrecision | None = None
    opset: int = DEFAULT_OPSET
    batch: int = 1
    verify: bool = True
    verify_video: str | PathLike[str] | None = None
    verify_box: tuple[float, ...] | None = None
    verify_frames: int = 200
    overwrite: bool = False
    weights_name: str = "weights.safetensors"


@dataclass(frozen=True)
class Job:
    """One export, resolved.

    Attributes:
        checkpoint: the source.
        specs: the graphs' borders, batch included.
        precision: of the stored weights.
        options: as asked.
        facts: strings to store inside the files.
    """

    checkpoint: Checkpoint
    specs: Mapping[str, GraphSpec]
    precision: WeightPrecision
    options: ExportOptions
    facts: Mapping[str, str]


@dataclass(frozen=True)
class Written:
    """What an exporter wrote into the folder.

    Attributes:
        graphs: graph name to file name.
        weights: file with the weights of all graphs, if they are apart.
        opset: of ONNX graphs.
        extra: further facts for the metadata.
    """

    graphs: Mapping[str, str]
    weights: str | None = None
    opset: int | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
