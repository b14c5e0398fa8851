"""Runs on disk: written whole, checked when read, bound to one configuration."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...atomic import write_atomically
from ...errors import ConfigError, InputError
from ..datasets import Dataset, Sequence
from ..identity import Subject, file_name
from .run import Run

MANIFEST = "manifest.json"
FORMAT = 1


class RunStore:
    """The runs of one tracker on one data set.

    Each run is a file that appears only when it is complete and carries a checksum, so that
    a process killed at any moment leaves nothing that could be taken for a result.

    Args:
        out: gets a folder for this tracker on this data set, if it is not there.
        tracker: what tracks.
        dataset: what is tracked.

    Attributes:
        slug: name of the folder, and for other files of the same results.
        discarded: sequences whose kept run could not be used.

    Raises:
        InputError: the folder cannot be made.
        ConfigError: the folder holds runs of something else.
    """

    def __init__(self, out: Path, tracker: Subject, dataset: Dataset) -> None:
        description = _description(tracker, dataset)
        self.slug = file_name(tracker.name, description["hash"])
        self.discarded: list[str] = []
        self._folder = out / self.slug
        self._runs = made_folder(self._folder / "runs")
        for torn in self._runs.glob(".*.part-*"):
            torn.unlink(missing_ok=True)
        self._bind(description)

    def load(self, sequence: Sequence) -> Run | None:
        """The finished run of a sequence; a damaged file is noted, removed and None."""
        path = self._path(sequence.name)
        if not path.is_file():
            return None
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            run = Run.model_validate(value["run"])
            sound = value["sha256"] == _checksum(run) and value["input"] == _input(sequence)
        except (ValueError, KeyError, TypeError, ValidationError):
            sound = False
        if not sound:
            self.discarded.append(sequence.name)
            path.unlink()
            return None
        return run

    def save(self, sequence: Sequence, run: Run) -> None:
        """Keep a finished run."""
        value = {
            "sha256": _checksum(run),
            "input": _input(sequence),
            "run": run.model_dump(mode="json"),
        }
        write_atomically(self._path(sequence.name), json.dumps(value))

    def clear(self) -> None:
        """Forget all runs."""
        for path in self._runs.glob("*.json"):
            path.unlink()

    def _path(self, name: str) -> Path:
        return self._runs / f"{name.replace('/', '_')}.json"

    def _bind(self, description: dict[str, Any]) -> None:
        path = self._folder / MANIFEST
        try:
            before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        except ValueError:
            before = None
        if before is not None and before.get("hash") != description["hash"]:
            raise ConfigError(
                f"{self._folder} holds runs of another tracker or data set "
                f"({before.get('tracker')} on {before.get('dataset')}). Choose another --out, or "
                "remove the folder."
            )
        write_atomically(path, json.dumps(description, indent=1))


def made_folder(path: Path) -> Path:
    """A folder that is there.

    Raises:
        InputError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"expected a folder that can be written to with --out; {path} cannot be made: {error}"
        ) from error
    return path


def _description(tracker: Subject, dataset: Dataset) -> dict[str, Any]:
    """What a resumed run has to agree on. Which sequences are taken may change."""
    fixed = {
        "format": FORMAT,
        "tracker": tracker.fingerprint(),
        "dataset": str(dataset.root.resolve()),
        "layout": dataset.layout,
    }
    digest = hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()
    return {**fixed, "hash": digest, "tracker": tracker.name}


def _input(sequence: Sequence) -> str:
    """Hash of what a run depends on: file names, sizes and the first box."""
    digest = hashlib.sha256(repr(sequence.first_box).encode())
    for frame in sequence.frames:
        digest.update(f"{frame.name}:{frame.stat().st_size}".encode())
    return digest.hexdigest()


def _checksum(run: Run) -> str:
    return hashlib.sha256(run.model_dump_json().encode()).hexdigest()
