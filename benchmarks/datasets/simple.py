"""Layouts whose sequences are folders with their own annotation: plain, OTB, VOT, VastTrack."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..metrics.conventions import LASOT as LASOT_CONVENTION
from ..metrics.conventions import OTB as OTB_CONVENTION
from ..metrics.scores import Flags
from .files import assemble, list_frames, read_boxes, read_flags
from .layout import Layout, add_folder, any_file, frame_folder, subfolders
from .sequence import Dataset, Problem

OTB_RANGES = {
    "David": (300, 770),
    "Football1": (1, 74),
    "Freeman3": (1, 460),
    "Freeman4": (1, 283),
    "Diving": (1, 215),
}
"""First and last image, from 1, of OTB sequences that have more images than boxes."""


def _read_plain(root: Path, dataset: Dataset) -> None:
    if (root / "groundtruth.txt").is_file():
        add_folder(dataset, root.name, root, root / "groundtruth.txt")
        return
    for folder in subfolders(root):
        add_folder(dataset, folder.name, folder, folder / "groundtruth.txt")


def _read_otb(root: Path, dataset: Dataset) -> None:
    for folder in subfolders(root):
        files = sorted(folder.glob("groundtruth_rect*.txt"))
        files = [f for f in files if f.stat().st_size] or files[:1]
        if not files:
            add_folder(dataset, folder.name, folder, folder / "groundtruth_rect.txt")
        for i, file in enumerate(files):
            name = folder.name if len(files) == 1 else f"{folder.name}.{i + 1}"
            _add_otb(dataset, name, folder, file)


def _add_otb(dataset: Dataset, name: str, folder: Path, file: Path) -> None:
    frames = list_frames(frame_folder(folder))
    boxes, problems = read_boxes(file, name)
    first, last = OTB_RANGES.get(folder.name, (1, len(frames)))
    if len(frames) != len(boxes):
        frames = frames[first - 1 : last]
    dataset.add(*assemble(name, frames, boxes, problems))


def _read_vot(root: Path, dataset: Dataset) -> None:
    listing = root / "list.txt"
    names = listing.read_text().split() if listing.is_file() else []
    for name in names or [f.name for f in subfolders(root)]:
        folder = root / name
        if not folder.is_dir():
            message = "expected a folder, as list.txt names it; there is none."
            dataset.add(None, [Problem(sequence=name, message=message, fatal=True)])
            continue
        add_folder(dataset, name, folder, folder / "groundtruth.txt", attributes=_vot_tags(folder))


def _vot_tags(folder: Path) -> tuple[str, ...]:
    """Tags that are set in any frame."""
    files = sorted([*folder.glob("*.tag"), *folder.glob("*.label")])
    return tuple(f.stem for f in files if read_flags(f, 1_000_000).any())


def _read_vasttrack(root: Path, dataset: Dataset) -> None:
    for file in sorted([*root.glob("*/Groundtruth.txt"), *root.glob("*/*/Groundtruth.txt")]):
        add_folder(
            dataset,
            file.parent.name,
            file.parent,
            file,
            absent=lambda _, file=file: _vasttrack_absent(file),  # type: ignore[misc]
        )


def _vasttrack_absent(annotation: Path) -> Flags:
    """A row of zeros says that the target is not there, as the set's own toolkit reads it."""
    boxes, _ = read_boxes(annotation, annotation.parent.name)
    return np.asarray((boxes == 0.0).all(axis=1))


def _is_vot(root: Path) -> bool:
    tagged = any_file(root, "*/*.tag", "*/color/*")
    listed = (root / "list.txt").is_file() and any_file(root, "*/groundtruth.txt")
    return (tagged or listed) and any_file(root, "*/groundtruth.txt")


PLAIN = Layout(
    "plain",
    "NAME/img/*.jpg and NAME/groundtruth.txt",
    lambda root: any_file(root, "groundtruth.txt", "*/groundtruth.txt"),
    _read_plain,
)
OTB = Layout(
    "otb",
    "NAME/img/*.jpg and NAME/groundtruth_rect.txt",
    lambda root: any_file(root, "*/groundtruth_rect*.txt"),
    _read_otb,
    OTB_CONVENTION,
)
VOT = Layout("vot", "list.txt, NAME/color/*.jpg and NAME/groundtruth.txt", _is_vot, _read_vot)
VASTTRACK = Layout(
    "vasttrack",
    "CLASS/NAME/imgs/*.jpg and CLASS/NAME/Groundtruth.txt",
    lambda root: any_file(root, "*/Groundtruth.txt", "*/*/Groundtruth.txt"),
    _read_vasttrack,
    LASOT_CONVENTION,
)
