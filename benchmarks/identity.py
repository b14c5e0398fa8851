"""What tells one measured tracker from another, so that kept results are never mixed up."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol


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
    """Hash of a description, of the bytes of model files and of this package's version."""
    found = hashlib.sha256(description.encode())
    found.update(importlib.metadata.version("fartrack-sdk").encode())
    for file in files:
        found.update(file.name.encode())
        found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()


def file_name(name: str, fingerprint: str) -> str:
    """A name for files: readable, and one of its own for every fingerprint."""
    kept = "".join(c if c.isalnum() else "-" for c in name).strip("-")
    return f"{kept}-{fingerprint[:8]}"
