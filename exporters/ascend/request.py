"""What an export for Ascend is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

OPSET, OPSETS = 14, (13, 14, 15, 16)
"""LayerNormalization exists from 17 on, and ATC fuses the decomposed form."""


@dataclass(frozen=True)
class AscendRequest:
    """What to export for.

    Attributes:
        soc_version: the chip; there is no default.
        precision: ``origin``, ``mixed`` or ``fp16``.
        normalise: ``graph``, ``aipp`` or ``host``; see `runtimes.ascend.aipp`.
        opset: of the ONNX graphs, 13 to 16.
        dry_run: stop before ``atc``.
        atc: the compiler's name or path.
        python_bin: folder of the Python that ATC compiles operators with.
    """

    soc_version: str | None
    precision: str = "origin"
    normalise: str = "graph"
    opset: int = OPSET
    dry_run: bool = False
    atc: str = "atc"
    python_bin: Path | None = None
