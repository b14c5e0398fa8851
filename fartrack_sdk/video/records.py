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
    """A text file of rows that takes its name when it closes; without a row none is left."""

    def __init__(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Open the file.

        Raises:
            InputError: it exists and must not be replaced, or cannot be written there.
        """
        self._pending = PendingFile(path, overwrite=overwrite)
        self._broken = False
        self.rows = 0
        try:
            self._file: IO[str] = open(  # noqa: SIM115 - closed by close()
                self._pending.part, "w", encoding="utf-8", newline="", buffering=1
            )
        except OSError as error:
            raise self._pending.failure(error) from error

    def write(self, step: Step) -> None:
        """Append one frame.

        Raises:
            InputError: the disk is full; the file will not appear.
        """
        try:
            self._append(record(step))
        except OSError as error:
            self._broken = True
            raise self._pending.failure(error) from error
        self.rows += 1

    def close(self) -> None:
        """Finish the file; may be called any number of times.

        Raises:
            InputError: the disk is full; no file is left.
        """
        if self._file.closed:
            return
        try:
            self._file.close()
        except OSError as error:
            self._pending.discard()
            raise self._pending.failure(error) from error
        if self.rows and not self._broken:
            self._pending.commit()
        else:
            self._pending.discard()

    def _append(self, row: dict[str, Any]) -> None:
        raise NotImplementedError


class CsvWriter(_RowWriter):
    """Comma separated values with a header; empty cells where there is no value."""

    def _append(self, row: dict[str, Any]) -> None:
        table = csv.DictWriter(self._file, COLUMNS)
        if not self.rows:
            table.writeheader()
        table.writerow(row)


class JsonLinesWriter(_RowWriter):
    """One JSON object per line, with null where there is no value."""

    def _append(self, row: dict[str, Any]) -> None:
        self._file.write(json.dumps(row, allow_nan=False) + "\n")
