"""Whether a configuration gives the boxes that the model gave on another machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ConfigDict

from ...boxes import Box
from ...errors import ConfigError
from ...reference import BUNDLED_CLIP, ReferenceBoxes, checksum
from ..reporting.table import Table
from .config import SpeedOptions


class ParityRow(BaseModel):
    """A configuration beside the reference; see `fartrack_sdk.reference.Agreement`.

    Attributes:
        name: of the configuration.
        limits: smallest overlap of a frame, and smallest mean overlap, that pass.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    frames: int
    least_iou: float
    mean_iou: float
    largest_px: float
    first_frame_below: int | None
    other_frames: int
    passed: bool
    limits: tuple[float, float]


def on_the_clip_of(reference: ReferenceBoxes, options: SpeedOptions) -> SpeedOptions:
    """The options with the reference's first box.

    Raises:
        ConfigError: they name another clip or another box.
    """
    bundled = reference.clip == BUNDLED_CLIP
    if bundled and options.source is not None:
        raise ConfigError(
            f"the reference of --parity was made on the clip that ships; got --source "
            f"{options.source}. Leave it out, or export with --verify-video and --box."
        )
    if not bundled and options.source is None:
        raise ConfigError(
            f"the reference of --parity was made on '{reference.clip}'; name it with --source."
        )
    if options.box is not None and Box(*options.box) != reference.box:
        raise ConfigError(
            f"expected --box {','.join(f'{v:g}' for v in reference.box)}, as the reference of "
            "--parity has it; leave it out."
        )
    return options.model_copy(update={"box": tuple(reference.box)})


def replayed(tracker: Any, source: Any, box: tuple[float, ...], count: int) -> dict[str, Any]:
    """Boxes of a number of frames, and checksums of all that were read.

    Args:
        tracker: anything with ``init`` and ``track``.
        source: at its beginning.
        box: the target in the first frame.
        count: frames to track at most.
    """
    frame = source.read()
    boxes: list[list[float]] = []
    checksums: list[int] = []
    while frame is not None:
        checksums.append(checksum(frame.image))
        if len(checksums) == 1:
            tracker.init(frame.image, box)
        else:
            boxes.append([float(v) for v in tracker.track(frame.image).box])
        frame = source.read() if len(boxes) < count else None
    return {"boxes": boxes, "checksums": checksums}


def parity_row(name: str, reference: ReferenceBoxes, answer: dict[str, Any]) -> ParityRow:
    """Compare what `replayed` gave."""
    found = reference.compare([Box(*row) for row in answer["boxes"]], answer["checksums"])
    return ParityRow(name=name, limits=reference.limits, **asdict(found))


def parity_table(rows: list[ParityRow]) -> Table:
    """Overlaps with the reference, and the verdict."""
    columns = ["configuration", "frames", "IoU min", "IoU mean", "largest px"]
    table = Table(
        "Boxes beside the reference",
        [*columns, "first below 0.9", "frames decoded otherwise", "verdict"],
        decimals={"IoU min": 4, "IoU mean": 4, "largest px": 3},
        note="".join(
            f"Passes with IoU min {row.limits[0]:g} and mean {row.limits[1]:g}." for row in rows[:1]
        ),
    )
    for row in rows:
        verdict = "PASS" if row.passed else "FAIL"
        figures = [row.frames, row.least_iou, row.mean_iou, row.largest_px]
        table.rows.append([row.name, *figures, row.first_frame_below, row.other_frames, verdict])
    return table
