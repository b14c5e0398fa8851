"""Results in the form in which each benchmark takes them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from .run import Run

Files = dict[str, str]


def write_submission(layout: str, tracker: str, runs: Mapping[str, Run], folder: Path) -> Path:
    """Write the results of one tracker as the layout's benchmark wants them.

    GOT-10k: a zip of ``NAME/NAME_001.txt`` (x,y,w,h) and ``NAME/NAME_time.txt`` (seconds).
    TrackingNet: a zip of ``NAME.txt``. All others: a folder of ``NAME.txt``, as OTB's and
    LaSOT's toolkits read them.

    Args:
        layout: name of the data set's layout.
        tracker: name of the files' parent.
        runs: sequence name to what the tracker made of it.
        folder: where to write.

    Returns:
        The zip file or the folder.
    """
    files = _BUILDERS.get(layout, _plain)(runs)
    folder.mkdir(parents=True, exist_ok=True)
    if layout in _BUILDERS:
        return _write_zip(files, folder / f"{tracker}.zip")
    return _write_folder(files, folder / tracker)


def _got10k(runs: Mapping[str, Run]) -> Files:
    files: Files = {}
    for name, run in runs.items():
        files[f"{name}/{name}_001.txt"] = _rows(run)
        times = (f"{ms / 1e3:.8f}\n" for ms in run.times_ms)
        files[f"{name}/{name}_time.txt"] = "".join(times)
    return files


def _plain(runs: Mapping[str, Run]) -> Files:
    return {f"{name}.txt": _rows(run) for name, run in runs.items()}


def _rows(run: Run) -> str:
    """Three decimals, as the GOT-10k toolkit writes them."""
    return "".join(",".join(f"{v:.3f}" for v in box) + "\n" for box in run.boxes)


def _write_zip(files: Files, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(files.items()):
            # A fixed date makes equal results equal files.
            archive.writestr(
                zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED
            )
    return path


def _write_folder(files: Files, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


_BUILDERS: dict[str, Callable[[Mapping[str, Run]], Files]] = {
    "got10k": _got10k,
    "trackingnet": _plain,
}
