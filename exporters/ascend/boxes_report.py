"""How far boxes of a board would be from PyTorch's, by who normalises and by arithmetic.

Run ``python -m fartrack_sdk.exporters.ascend.boxes_report CHECKPOINT``. Emulated here, on the
bundled clip; see `emulation`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import onnx
import typer
from onnx import numpy_helper

from ...checkpoint.source import Checkpoint, read_checkpoint
from ...cli.common import make_app, reported
from ...loading import assemble, open_checkpoint
from ...runtimes.ascend.aipp import NORMALISATIONS, Normalisation
from ..clips import Clip, load_clip
from ..job import ExportOptions
from ..parity import ParityReport, compare
from .emulation import EmulatedBoard
from .folder import export_ascend
from .half import SMALLEST_NORMAL
from .request import AscendRequest
from .verify import limits_for

SUMMARY = "How far boxes of an Ascend board would be from PyTorch's, emulated on the bundled clip."
app = make_app(SUMMARY)
CHIP = "Ascend310B4"
"""Any: nothing is compiled."""
BYTES = 256
"""What AIPP divides by where the graph normalises."""


@dataclass(frozen=True)
class Way:
    """One way to run a model on a board.

    Attributes:
        normalisation: who normalises images.
        half: whether everything is rounded to float16.
        report: the comparison with PyTorch.
        subnormal: share of the patch weights below float16's smallest normal number.
        subnormal_bytes: the same if AIPP passed values 0..255 on.
    """

    normalisation: Normalisation
    half: bool
    report: ParityReport
    subnormal: float
    subnormal_bytes: float

    def row(self) -> str:
        """A line of the table."""
        report = self.report
        below = "none" if report.first_frame_below is None else str(report.first_frame_below)
        cells = (
            self.normalisation,
            "float16" if self.half else "float32",
            f"{max(t.max_rel for t in report.tensors):.1e}",
            f"{report.step_pixels:.2g}",
            f"{report.trajectory_iou:.3f}",
            f"{report.trajectory_mean_iou:.4f}",
            below,
            f"{self.subnormal:.2%}",
        )
        return f"| {' | '.join(cells)} |"


HEADER = (
    "| normalise | graph in | largest tensor error | one step, px | IoU min | IoU mean "
    "| first below 0.9 | patch weights subnormal |",
    "|---|---|---|---|---|---|---|---|",
)


def emulated_ways(checkpoint: Checkpoint, clip: Clip) -> Iterable[Way]:
    """Every way to normalise, in float32 and in float16.

    Args:
        checkpoint: the model.
        clip: frames to track.
    """
    reference = open_checkpoint(checkpoint, device="cpu")
    for normalisation in NORMALISATIONS:
        with TemporaryDirectory() as name:
            folder = Path(name)
            request = AscendRequest(CHIP, normalise=normalisation, dry_run=True)
            export_ascend(checkpoint, folder, request, ExportOptions(verify=False))
            kernel = _patch_weights(folder)
            for half in (False, True):
                board = EmulatedBoard(folder, half=half)
                candidate = assemble(checkpoint.config, board, checkpoint.thresholds)
                limits = limits_for("origin", normalisation)
                yield Way(
                    normalisation,
                    half,
                    compare(reference, candidate, clip, limits),
                    float((kernel < SMALLEST_NORMAL).mean()),
                    float((kernel / BYTES < SMALLEST_NORMAL).mean()),
                )


def _patch_weights(folder: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Magnitudes of the first convolution of any graph; all share it."""
    graph = onnx.load(str(next(folder.glob("*.onnx")))).graph
    name = next(node.input[1] for node in graph.node if node.op_type == "Conv")
    tensor = next(t for t in graph.initializer if t.name == name)
    return np.abs(np.asarray(numpy_helper.to_array(tensor), np.float32))


@app.command(help=SUMMARY)
def main(
    checkpoint: Annotated[Path, typer.Argument(help="A .pth.tar or .safetensors file.")],
    variant: Annotated[str | None, typer.Option(help="Of a file with several.")] = None,
) -> None:
    """Print the table."""
    with reported():
        source, clip = read_checkpoint(checkpoint, variant), load_clip(ExportOptions())
        typer.echo("\n".join(HEADER))
        rows = []
        for found in emulated_ways(source, clip):
            typer.echo(found.row())
            rows.append(found)
        typer.echo(f"With images 0..255 in 'graph': {rows[0].subnormal_bytes:.2%} subnormal.")


if __name__ == "__main__":
    app()
