"""What tells one measured tracker from another, so that kept results are never mixed up."""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol


class Subject(Protocol):
    """Whatever is measured: a tracker of this package or one of OpenCV's."""

    @property
    def name(self) -> str:
        """For tables."""
        ...

    def fingerprint(self) -> str:
        """Hash of everything that the results depend on."""
        ...


def digest(description: str, files: Iterable[Path] = ()) -> str:
    """Hash of a description, of the bytes of model files and of this package's code."""
    found = hashlib.sha256(description.encode())
    found.update(_code())
    _take(found, files)
    return found.hexdigest()


@functools.cache
def _code() -> bytes:
    """A version says too little: results of a checkout change with every edit."""
    root = __name__.partition(".")[0]
    # An editable install has the runtimes in another folder than the core.
    folders = [Path(str(importlib.resources.files(name))) for name in (root, f"{root}.runtimes")]
    found = hashlib.sha256()
    _take(found, sorted({file for folder in folders for file in folder.rglob("*.py")}))
    return found.digest()


def _take(found: Any, files: Iterable[Path]) -> None:
    for file in files:
        found.update(file.name.encode())
        found.update(hashlib.sha256(file.read_bytes()).digest())


def file_name(name: str, fingerprint: str) -> str:
    """A name for files: readable, and one of its own for every fingerprint."""
    kept = "".join(c if c.isalnum() else "-" for c in name).strip("-")
    return f"{kept}-{fingerprint[:8]}"
