"""Layouts of the large sets: GOT-10k, LaSOT and its extension, TrackingNet."""

from __future__ import annotations

from pathlib import Path

from ..metrics import conventions
from ..metrics.scores import Flags
from .files import read_flags
from .layout import Layout, add_folder, any_file, subfolders
from .sequence import Dataset


def _got10k_splits(root: Path) -> list[Path]:
    splits = [root / name for name in ("val", "test", "train") if (root / name).is_dir()]
    return splits[:1] or [root]


def _read_got10k(root: Path, dataset: Dataset) -> None:
    split = _got10k_splits(root)[0]
    listing = split / "list.txt"
    names = listing.read_text().split() if listing.is_file() else []
    for name in names or [f.name for f in subfolders(split)]:
        folder = split / name
        add_folder(
            dataset,
            name,
            folder,
            folder / "groundtruth.txt",
            absent=lambda count, folder=folder: _got10k_absent(folder, count),  # type: ignore[misc]
            attributes=_got10k_attributes(folder / "meta_info.ini"),
            first_box_only=True,
        )


def _got10k_absent(folder: Path, count: int) -> Flags:
    """Where ``cover`` is 0 the target is not scored; without the file, ``absence`` says so."""
    if (folder / "cover.label").is_file():
        return ~read_flags(folder / "cover.label", count)
    return read_flags(folder / "absence.label", count)


def _got10k_attributes(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        return ()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = [line.split(": ", 1) for line in lines if ": " in line]
    wanted = {"motion_class", "major_class"}
    return tuple(f"{key}: {value.strip()}" for key, value in pairs if key in wanted)


def _is_got10k(root: Path) -> bool:
    labels = [f"{prefix}{name}.label" for prefix in ("*/", "*/*/") for name in ("cover", "absence")]
    return any_file(root, *labels, "GOT-10k_*/groundtruth.txt", "*/GOT-10k_*/groundtruth.txt")


def _read_lasot(root: Path, dataset: Dataset) -> None:
    for file in sorted([*root.glob("*/groundtruth.txt"), *root.glob("*/*/groundtruth.txt")]):
        folder = file.parent
        add_folder(
            dataset,
            folder.name,
            folder,
            file,
            absent=lambda count, folder=folder: _lasot_absent(folder, count),  # type: ignore[misc]
        )


def _lasot_absent(folder: Path, count: int) -> Flags:
    hidden = read_flags(folder / "full_occlusion.txt", count)
    return hidden | read_flags(folder / "out_of_view.txt", count)


def _read_trackingnet(root: Path, dataset: Dataset) -> None:
    roots = [root] if (root / "anno").is_dir() else subfolders(root)
    for split in (r for r in roots if (r / "anno").is_dir()):
        for file in sorted((split / "anno").glob("*.txt")):
            add_folder(dataset, file.stem, split / "frames" / file.stem, file, first_box_only=True)


GOT10K = Layout(
    "got10k",
    "val/list.txt, NAME/*.jpg, NAME/groundtruth.txt and NAME/cover.label",
    _is_got10k,
    _read_got10k,
    conventions.GOT10K,
)
LASOT = Layout(
    "lasot",
    "CLASS/NAME/img/*.jpg, CLASS/NAME/groundtruth.txt and CLASS/NAME/out_of_view.txt",
    lambda root: any_file(root, *(f"{p}out_of_view.txt" for p in ("*/", "*/*/"))),
    _read_lasot,
    conventions.LASOT,
)
LASOT_EXT = Layout("lasotext", LASOT.summary, lambda _: False, _read_lasot, conventions.LASOT)
TRACKINGNET = Layout(
    "trackingnet",
    "TEST/frames/NAME/*.jpg and TEST/anno/NAME.txt",
    lambda root: any((root / p / "frames").is_dir() for p in (".", "TEST", "TRAIN_0")),
    _read_trackingnet,
    conventions.TRACKINGNET,
)
