"""An artifact directory appears under its name only when it is complete."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..artifact import METADATA_FILE
from ..errors import InputError


@contextmanager
def pending_directory(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """A folder to write into, beside the target, that takes its name at the end.

    Whatever ends the block early (an error, a full disk, Ctrl-C) removes the folder and
    leaves the target as it was.

    Args:
        target: the final name.
        overwrite: replace an artifact that is there.

    Raises:
        InputError: something is there that must not be replaced, or no folder above it.
    """
    _check(target, overwrite)
    pending = target.with_name(f".{target.name}.part-{os.getpid()}")
    pending.mkdir()
    try:
        yield pending
        _swap(pending, target)
    except BaseException:
        shutil.rmtree(pending, ignore_errors=True)
        raise


def _check(target: Path, overwrite: bool) -> None:
    if not target.parent.is_dir():
        raise InputError(f"the folder '{target.parent}' does not exist: create it first.")
    if not os.access(target.parent, os.W_OK):
        raise InputError(f"the folder '{target.parent}' cannot be written to.")
    if not target.exists():
        return
    if not overwrite:
        raise InputError(f"'{target}' exists. Choose another name, or replace it with --overwrite.")
    empty = target.is_dir() and not any(target.iterdir())
    if not empty and not (target / METADATA_FILE).is_file():
        raise InputError(f"'{target}' is not an exported model: it will not be replaced.")


def _swap(pending: Path, target: Path) -> None:
    if not target.exists():
        pending.rename(target)
        return
    old = target.with_name(f".{target.name}.old-{os.getpid()}")
    target.rename(old)
    try:
        pending.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
