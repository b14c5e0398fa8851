"""From a folder to a data set: recognise the layout, read it, name what is wrong."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

from ...errors import ConfigError, InputError
from ..metrics.conventions import CONVENTIONS, Convention
from .aerial import NFS, UAV123
from .large import GOT10K, LASOT, LASOT_EXT, TRACKINGNET
from .layout import Layout
from .sequence import Dataset, Problem
from .simple import OTB, PLAIN, VASTTRACK, VOT

LAYOUTS = {
    layout.name: layout
    for layout in (TRACKINGNET, UAV123, NFS, GOT10K, LASOT, LASOT_EXT, VASTTRACK, OTB, VOT, PLAIN)
}
"""Every layout by name, in the order in which they are tried: the most telling first."""


def load_dataset(
    root: str | Path,
    *,
    layout: str = "auto",
    convention: str | None = None,
    only: list[str] | None = None,
) -> Dataset:
    """Find the sequences below a folder.

    Args:
        root: the folder.
        layout: a name of ``LAYOUTS``, or ``auto``.
        convention: a name of ``CONVENTIONS``; by default the layout's own.
        only: names of sequences to take; by default all.

    Returns:
        The sequences that can be evaluated, and what is wrong with the others. A file
        ``attributes.json`` in the folder, ``{"sequence": ["attribute", ...]}``, adds attributes.

    Raises:
        InputError: no folder, no known layout, or nothing in it.
        ConfigError: an unknown layout or convention.
    """
    folder = Path(root).expanduser()
    if not folder.is_dir():
        raise InputError(f"expected a folder of sequences; {folder} is none. Check the path.")
    found = _layout(folder, layout)
    dataset = Dataset(folder, found.name, _convention(found, convention))
    found.read(folder, dataset)
    _require_unique(dataset)
    _select(dataset, only)
    _add_attributes(dataset)
    if not dataset.sequences and not dataset.problems:
        raise InputError(f"expected sequences of layout {found.name} in {folder}; found none.")
    return dataset


def _layout(root: Path, name: str) -> Layout:
    if name != "auto":
        if name not in LAYOUTS:
            raise ConfigError(f"expected a layout out of auto, {', '.join(LAYOUTS)}; got {name!r}.")
        return LAYOUTS[name]
    for layout in LAYOUTS.values():
        if layout.matches(root):
            return layout
    known = "\n".join(f"  {layout.name}: {layout.summary}" for layout in LAYOUTS.values())
    raise InputError(
        f"expected one of these layouts in {root}; found none of them.\n{known}\n"
        "Name one with --layout to see what is missing."
    )


def _convention(layout: Layout, name: str | None) -> Convention:
    if name is None:
        return layout.convention
    if name not in CONVENTIONS:
        raise ConfigError(f"expected a convention out of {', '.join(CONVENTIONS)}; got {name!r}.")
    return CONVENTIONS[name]


def _require_unique(dataset: Dataset) -> None:
    counts = Counter(s.name for s in dataset.sequences)
    for name, count in counts.items():
        if count > 1:
            message = f"expected unique names; {count} sequences are called so. The first is used."
            dataset.problems.append(Problem(sequence=name, message=message))
    unique = {s.name: s for s in reversed(dataset.sequences)}
    dataset.sequences = sorted(unique.values(), key=lambda s: s.name)


def _select(dataset: Dataset, only: list[str] | None) -> None:
    if not only:
        return
    known = {s.name for s in dataset.sequences} | {p.sequence for p in dataset.problems}
    missing = sorted(set(only) - known)
    if missing:
        raise InputError(
            f"expected sequences of {dataset.root}; there is no {', '.join(missing)}. "
            f"Known: {', '.join(sorted(known)[:20])}."
        )
    dataset.sequences = [s for s in dataset.sequences if s.name in only]
    dataset.problems = [p for p in dataset.problems if p.sequence in only]


def _add_attributes(dataset: Dataset) -> None:
    file = dataset.root / "attributes.json"
    if not file.is_file():
        return
    try:
        extra = json.loads(file.read_text(encoding="utf-8"))
        dataset.sequences = [
            replace(s, attributes=(*s.attributes, *map(str, extra.get(s.name, ()))))
            for s in dataset.sequences
        ]
    except (ValueError, AttributeError, TypeError) as error:
        raise InputError(
            f'expected {{"sequence": ["attribute", ...]}} in {file}; got something else: {error}'
        ) from error
