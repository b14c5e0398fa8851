"""Whether the graphs for ATC compute what the checkpoint computes, and a gate for the board."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...artifact import PARITY_FILE
from ...boxes import Box
from ...checkpoint.source import Checkpoint
from ...errors import ParityError
from ...loading import assemble, open_checkpoint
from ...reference import ReferenceBoxes, checksum
from ...runtimes.ascend.aipp import Normalisation
from ..clips import Clip, load_clip
from ..job import ExportOptions
from ..parity import ParityReport, compare, require
from ..tolerances import TOLERANCES, Tolerances
from .command import Precision
from .emulation import EmulatedBoard

REFERENCE_NAME = "reference.npz"


def verify(
    checkpoint: Checkpoint,
    folder: Path,
    precision: Precision,
    normalisation: Normalisation,
    options: ExportOptions,
) -> dict[str, Any]:
    """Compare the folder's graphs with PyTorch on a clip, AIPP emulated, in float32.

    Writes the report, and the boxes of PyTorch for ``fartrack-bench speed --parity``.

    Args:
        checkpoint: the source.
        folder: with ``ascend.json`` and the ONNX graphs.
        precision: that the board will compute in.
        normalisation: who normalises images.
        options: which clip.

    Returns:
        The summary for the metadata.

    Raises:
        ParityError: they differ; says where.
    """
    clip = load_clip(options)
    reference = open_checkpoint(checkpoint, device="cpu")
    candidate = assemble(checkpoint.config, EmulatedBoard(folder), checkpoint.thresholds)
    report = compare(reference, candidate, clip, limits_for("origin", normalisation))
    _require(report, normalisation)
    (folder / PARITY_FILE).write_text(report.model_dump_json(indent=2) + "\n")
    _reference(clip, report, limits_for(precision, normalisation)).save(folder / REFERENCE_NAME)
    return report.summary()


def limits_for(precision: Precision, normalisation: Normalisation) -> Tolerances:
    """Those of float32 where nothing is rounded on the way, but for the trajectory.

    There one near tie that falls the other way (the highest bin, a kept token, a crop's
    whole pixels) moves the boxes of all later frames, whatever the precision is.
    """
    exact = precision == "origin" and normalisation != "aipp"
    wide = TOLERANCES["fp16"]
    trajectory = {
        "trajectory_iou": wide.trajectory_iou,
        "trajectory_mean_iou": wide.trajectory_mean_iou,
    }
    return TOLERANCES["fp32"].model_copy(update=trajectory) if exact else wide


def _require(report: ParityReport, normalisation: Normalisation) -> None:
    try:
        require(report)
    except ParityError as error:
        if normalisation != "aipp":
            raise
        raise ParityError(
            f"{error} AIPP's float16 mean and deviation round every pixel: "
            "--normalise graph does not. --no-verify delivers the folder all the same.",
            error.report,
        ) from error


def _reference(clip: Clip, report: ParityReport, limits: Tolerances) -> ReferenceBoxes:
    # Each frame once: a short clip may have been played back and forth.
    frames = list({id(frame): frame for frame in clip.frames}.values())
    return ReferenceBoxes(
        clip=clip.name,
        model=report.reference,
        box=Box(*map(float, clip.box)),
        boxes=report.boxes[: len(frames) - 1],
        checksums=tuple(checksum(frame) for frame in frames),
        limits=(limits.trajectory_iou, limits.trajectory_mean_iou),
    )
