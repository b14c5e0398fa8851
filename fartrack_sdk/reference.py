"""Boxes that a model gave on one machine, for another machine to compare with."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from .boxes import Box
from .errors import ArtifactError, InputError

BUNDLED_CLIP = "bundled clip"
LOST_IOU = 0.9
FIELDS = ("clip", "model", "box", "boxes", "checksums", "limits")


@dataclass(frozen=True)
class Agreement:
    """How the boxes of another machine compare.

    Attributes:
        frames: that were compared.
        least_iou: smallest overlap of a frame.
        mean_iou: mean overlap.
        largest_px: largest difference of an edge, pixels.
        first_frame_below: first frame with an overlap under 0.9, counted from the box that
            was given as frame 0; None if there is none.
        other_frames: frames whose pixels differ from those of the reference.
        passed: whether both overlaps are within the limits of the reference.
    """

    frames: int
    least_iou: float
    mean_iou: float
    largest_px: float
    first_frame_below: int | None
    other_frames: int
    passed: bool


@dataclass(frozen=True)
class ReferenceBoxes:
    """A replayed clip.

    Attributes:
        clip: name of the clip; `BUNDLED_CLIP` is the one that ships with the package.
        model: what computed the boxes.
        box: the target in frame 0, (x, y, w, h) in pixels.
        boxes: of frames 1, 2, ...
        checksums: of the pixels of frames 0, 1, 2, ...; see `checksum`.
        limits: smallest overlap of a frame and smallest mean overlap that count as equal.
    """

    clip: str
    model: str
    box: Box
    boxes: tuple[Box, ...]
    checksums: tuple[int, ...]
    limits: tuple[float, float]

    def save(self, path: Path) -> Path:
        """Write it as ``.npz``."""
        np.savez_compressed(
            path,
            clip=np.array(self.clip),
            model=np.array(self.model),
            box=np.array(self.box, np.float64),
            boxes=np.array(self.boxes, np.float64),
            checksums=np.array(self.checksums, np.uint32),
            limits=np.array(self.limits, np.float64),
        )
        return path

    @classmethod
    def load(cls, path: str | PathLike[str]) -> ReferenceBoxes:
        """Read a file that ``save`` wrote.

        Raises:
            ArtifactError: it is missing, damaged or something else.
        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                values = {name: stored[name] for name in FIELDS}
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise ArtifactError(
                f"expected reference boxes, a reference.npz that fartrack-export wrote; {path} "
                f"is none ({error})."
            ) from error
        return cls(
            clip=str(values["clip"]),
            model=str(values["model"]),
            box=Box(*map(float, values["box"])),
            boxes=tuple(Box(*map(float, row)) for row in values["boxes"]),
            checksums=tuple(int(v) for v in values["checksums"]),
            limits=(float(values["limits"][0]), float(values["limits"][1])),
        )

    def compare(self, boxes: Sequence[Box], checksums: Sequence[int]) -> Agreement:
        """Compare what another machine tracked on the same clip.

        Args:
            boxes: of frames 1, 2, ...; as many as the reference has.
            checksums: of the pixels of frames 0, 1, 2, ...

        Raises:
            InputError: the clip is shorter than the reference.
        """
        if len(boxes) < len(self.boxes):
            raise InputError(
                f"expected the {len(self.boxes) + 1} frames of '{self.clip}'; the source has "
                f"{len(boxes) + 1}. Replay the clip that the reference was made on."
            )
        pairs = list(zip(self.boxes, boxes, strict=False))
        overlaps = [ours.iou(theirs) for ours, theirs in pairs]
        edges = [abs(a - b) for x, y in pairs for a, b in zip(x.xyxy, y.xyxy, strict=True)]
        below = [i + 1 for i, overlap in enumerate(overlaps) if overlap < LOST_IOU]
        least, mean = min(overlaps), float(np.mean(overlaps))
        return Agreement(
            frames=len(pairs),
            least_iou=least,
            mean_iou=mean,
            largest_px=max(edges),
            first_frame_below=below[0] if below else None,
            other_frames=sum(a != b for a, b in zip(self.checksums, checksums, strict=False)),
            passed=least >= self.limits[0] and mean >= self.limits[1],
        )


def checksum(frame: npt.NDArray[np.uint8]) -> int:
    """Of a frame's pixels: decoders of videos differ between machines."""
    return zlib.crc32(frame.tobytes())
