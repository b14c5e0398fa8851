"""What a layout is: how to recognise a folder and how to read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..metrics.conventions import PLAIN, Convention
from ..metrics.scores import Flags
from .files import assemble, list_frames, read_boxes
from .sequence import Dataset, Problem

FRAME_FOLDERS = ("img", "imgs", "color", "frames", "images", ".")


@dataclass(frozen=True)
class Layout:
    """A benchmark's way of laying out its folders.

    Attributes:
        name: what ``--layout`` takes.
        summary: the files that make it up, for help and error messages.
        matches: whether a folder looks like it.
        read: fills a data set from a folder.
        convention: how the benchmark counts.
    """

    name: str
    summary: str
    matches: Callable[[Path], bool]
    read: Callable[[Path, Dataset], None]
    convention: Convention = PLAIN


def any_file(root: Path, *patterns: str) -> bool:
    """Whether any of the patterns finds something below ``root``."""
    return any(next(root.glob(pattern), None) is not None for pattern in patterns)


def frame_folder(folder: Path) -> Path:
    """Where a sequence keeps its images: the first usual name that exists, or itself."""
    return next(folder / name for name in FRAME_FOLDERS if (folder / name).is_dir())


def subfolders(root: Path) -> list[Path]:
    """Visible folders directly below ``root``, by name."""
    return sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))


def add_folder(
    dataset: Dataset,
    name: str,
    folder: Path,
    annotation: Path,
    *,
    absent: Callable[[int], Flags] | None = None,
    attributes: tuple[str, ...] = (),
    first_box_only: bool = False,
) -> None:
    """Read one sequence that has its own folder and one annotation file.

    Args:
        dataset: takes the sequence or its problems.
        name: of the sequence.
        folder: holds the images, directly or in a usual subfolder.
        annotation: the file of boxes.
        absent: gives the flags for a number of frames.
        attributes: names of the challenges.
        first_box_only: one row is all the set gives.
    """
    frames = list_frames(frame_folder(folder)) if folder.is_dir() else []
    if not annotation.is_file():
        message = f"expected the annotation {annotation.name}; there is none."
        if not frames:
            message = f"expected images and the annotation {annotation.name}; found neither."
        dataset.add(None, [Problem(sequence=name, message=message, fatal=True)])
        return
    boxes, problems = read_boxes(annotation, name)
    flags = absent(len(frames)) if absent else None
    dataset.add(
        *assemble(
            name,
            frames,
            boxes,
            problems,
            absent=flags,
            attributes=attributes,
            first_box_only=first_box_only,
        )
    )
