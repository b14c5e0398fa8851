"""An artifact directory appears under its name only when it is complete."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from ..artifact import METADATA_FILE
from ..atomic import behind_links
from ..errors import InputError


@contextmanager
def pending_directory(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """A folder to write into, beside the target, that takes its name at the end.

    Whatever ends the block early (an error, a full disk, Ctrl-C) removes the folder and
    leaves the target as it was.

    Args:
        target: the final name; of a link, the folder behind it is meant.
        overwrite: replace an artifact that is there.

    Raises:
        InputError: something is there that must not be replaced, no folder is above it, or
            that folder cannot be written to.
    """
    target = behind_links(target)
    _check(target, overwrite)
    pending = _new_folder(target)
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


def _new_folder(target: Path) -> Path:
    """Beside the target, so that it can be renamed; with the permissions of any new folder."""
    mask = os.umask(0)
    os.umask(mask)
    try:
        folder = Path(mkdtemp(dir=target.parent, prefix=f".{target.name}.part-"))
        folder.chmod(0o777 & ~mask)
    except OSError as error:
        raise _failure(target, error) from error
    return folder


def _swap(pending: Path, target: Path) -> None:
    try:
        if target.exists():
            _exchange(pending, target)
        else:
            pending.rename(target)
    except OSError as error:
        raise _failure(target, error) from error


def _exchange(pending: Path, target: Path) -> None:
    old = Path(mkdtemp(dir=target.parent, prefix=f".{target.name}.old-"))
    old.rmdir()
    target.rename(old)
    try:
        pending.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _failure(target: Path, error: OSError) -> InputError:
    return InputError(f"'{target}' cannot be written: {error}. Check its folder and the space.")
