"""Write one row per frame, as CSV or as JSON lines."""

from __future__ import annotations

import csv
import json
import os
from typing import IO, Any

from ..atomic import PendingFile
from ..closing import Closing
from ..result import Timings
from .session import Step

STAGES = Timings._fields
COLUMNS = (
    *("frame", "timestamp_s", "x", "y", "w", "h", "score", "uncertainty_px", "state"),
    *(f"{stage}_ms" for stage in STAGES),
    *("total_ms", "age_ms"),
)


def record(step: Step) -> dict[str, Any]:
    """One frame as a flat mapping with the keys of ``COLUMNS``.

    Pixels for the box and the uncertainty, milliseconds for ``*_ms``. What the tracker
    did not say is None: the first frame carries the given box and the state INIT.
    """
    result = step.result
    times = None if result is None else (*result.timings, result.timings.total)
    names = (*(f"{stage}_ms" for stage in STAGES), "total_ms")
    return {
        "frame": step.frame.index,
        "timestamp_s": round(step.frame.timestamp_s, 6),
        **{key: round(float(v), 3) for key, v in zip("xywh", step.box, strict=True)},
        "score": None if result is None else round(float(result.score), 6),
        "uncertainty_px": None if result is None else round(float(result.uncertainty), 3),
        "state": step.state,
        **{name: times and round(float(times[i]), 4) for i, name in enumerate(names)},
        "age_ms": round(step.frame.age_s * 1e3, 3),
    }


class _RowWriter(Closing):
    """A text file of rows that takes its name when it closes."""

    def __init__(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Open the file.

        Raises:
            InputError: it exists and must not be replaced, or cannot be written there.
        """
        self._pending = PendingFile(path, overwrite=overwrite)
        self._file: IO[str] = open(  # noqa: SIM115 - closed by close()
            self._pending.part, "w", encoding="utf-8", newline="", buffering=1
        )

    def close(self) -> None:
        """Finish the file; may be called any number of times."""
        if not self._file.closed:
            self._file.close()
            self._pending.commit()


class CsvWriter(_RowWriter):
    """Comma separated values with a header; empty cells where there is no value."""

    def __init__(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Open the file and write the header."""
        super().__init__(path, overwrite=overwrite)
        self._rows = csv.DictWriter(self._file, COLUMNS)
        self._rows.writeheader()

    def write(self, step: Step) -> None:
        """Append one frame."""
        self._rows.writerow(record(step))


class JsonLinesWriter(_RowWriter):
    """One JSON object per line, with null where there is no value."""

    def write(self, step: Step) -> None:
        """Append one frame."""
        self._file.write(json.dumps(record(step), allow_nan=False) + "\n")
