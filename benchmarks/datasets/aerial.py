"""Layouts that keep annotations apart or in a form of their own: UAV123 and NfS."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..metrics.conventions import OTB as OTB_CONVENTION
from ..metrics.overlap import Floats
from .files import assemble, list_frames, read_boxes, read_flags, read_numbers
from .layout import Layout, any_file
from .sequence import Dataset

UAV123_CUTS = {
    "bird1": (1, 253, 775, 1477, 1573, 2437),
    "car1": (1, 751, 751, 1627, 1627, 2629),
    "car6": (1, 487, 487, 1807, 1807, 2953, 2953, 3925, 3925, 4861),
    "car8": (1, 1357, 1357, 2575),
    "car16": (1, 415, 415, 1993),
    "group1": (1, 1333, 1333, 2515, 2515, 3925, 3925, 4873),
    "group2": (1, 907, 907, 1771, 1771, 2683),
    "group3": (1, 1567, 1567, 2827, 2827, 4369, 4369, 5527),
    "person2": (1, 1189, 1189, 2623),
    "person4": (1, 1501, 1501, 2743),
    "person5": (1, 877, 877, 2101),
    "person7": (1, 1249, 1249, 2065),
    "person8": (1, 1075, 1075, 1525),
    "person12": (1, 601, 601, 1621),
    "person14": (1, 847, 847, 1813, 1813, 2923),
    "person17": (1, 1501, 1501, 2347),
    "person19": (1, 1243, 1243, 2791, 2791, 4357),
    "truck4": (1, 577, 577, 1261),
    "uav1": (1, 1555, 1555, 2377, 2473, 3469),
}
"""Folders that UAV123 cuts into parts ``NAME_1``, ``NAME_2``...: first and last image of each."""

UAV123_ATTRIBUTES = ("SV", "ARC", "LR", "FM", "FOC", "POC", "OV", "BC", "IV", "VC", "CM", "SOB")


def uav123_range(name: str) -> tuple[str, int | None, int | None]:
    """Folder, first and last image (from 1) of a UAV123 sequence; None for all of them."""
    folder, _, part = name.rpartition("_")
    cuts = UAV123_CUTS.get(folder)
    if cuts is None or not part.isdigit():
        return name, None, None
    i = 2 * (int(part) - 1)
    return folder, cuts[i], cuts[i + 1]


def _read_uav123(root: Path, dataset: Dataset) -> None:
    images = next((p for p in sorted((root / "data_seq").glob("*")) if p.is_dir()), root)
    annotations = root / "anno" / "UAV123"
    if not annotations.is_dir():
        annotations = next((p for p in sorted((root / "anno").iterdir()) if p.is_dir()), root)
    for file in sorted(annotations.glob("*.txt")):
        folder, first, last = uav123_range(file.stem)
        frames = list_frames(images / folder)
        if first is not None and last is not None:
            frames = frames[first - 1 : last]
        boxes, problems = read_boxes(file, file.stem)
        flags = read_flags(annotations / "att" / file.name, len(UAV123_ATTRIBUTES))
        attributes = tuple(a for a, on in zip(UAV123_ATTRIBUTES, flags, strict=True) if on)
        dataset.add(*assemble(file.stem, frames, boxes, problems, attributes=attributes))


def _read_nfs(root: Path, dataset: Dataset) -> None:
    rate = "30" if any_file(root, "*/30/*.txt") else "240"
    for file in sorted(root.glob(f"*/{rate}/*.txt")):
        frames = list_frames(file.parent / file.stem)
        boxes = _nfs_boxes(file)
        if len(boxes) > len(frames) > 0 and abs(len(boxes) / len(frames) - 8) < 1:
            boxes = boxes[::8]
        if abs(len(boxes) - len(frames)) == 1:
            count = min(len(boxes), len(frames))
            frames, boxes = frames[:count], boxes[:count]
        dataset.add(*assemble(file.stem, frames, boxes, []))


def _nfs_boxes(path: Path) -> Floats:
    """Rows ``id left top right bottom frame ...`` (VATIC) as (x, y, w, h)."""
    rows = [(row + [np.nan] * 5)[1:5] for row in read_numbers(path)]
    corners = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]])


UAV123 = Layout(
    "uav123",
    "data_seq/UAV123/NAME/*.jpg and anno/UAV123/NAME.txt",
    lambda root: (root / "data_seq").is_dir() and (root / "anno").is_dir(),
    _read_uav123,
    OTB_CONVENTION,
)
NFS = Layout(
    "nfs",
    "NAME/30/NAME/*.jpg and NAME/30/NAME.txt",
    lambda root: any_file(root, "*/30/*.txt", "*/240/*.txt"),
    _read_nfs,
    OTB_CONVENTION,
)
