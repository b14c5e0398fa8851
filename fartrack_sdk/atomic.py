"""Output files appear under their name only when they are complete."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from .errors import InputError

if TYPE_CHECKING:
    from typing_extensions import Self


STREAMS = (Path("/dev"), Path("/dev/fd"), Path("/proc"))


def is_device(path: Path) -> bool:
    """Whether a name stands for a device, a pipe or an open stream: nothing to be replaced."""
    absolute = path.absolute()
    if absolute.parent in STREAMS[:2] or STREAMS[2] in absolute.parents:
        return True
    return path.exists() and not path.is_file() and not path.is_dir()


def behind_links(path: Path) -> Path:
    """What a link leads to, whether it is there or not; any other path as it is.

    Raises:
        InputError: the link leads to itself.
    """
    if not path.is_symlink():
        return path
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: before Python 3.13
        raise InputError(f"'{path}' is a link that leads nowhere: {error}.") from error


class PendingFile:
    """A file that is written beside its final name and then moved there.

    As a context it commits at the end of the block, and discards when the block raises.

    Attributes:
        path: the final name; that of the file behind it if a link was given.
        part: the name to write to; same folder, same suffix.
    """

    def __init__(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Claim a name.

        Raises:
            InputError: the file exists and must not be replaced, is a device or a pipe,
                or its folder cannot be written to.
        """
        self.path = Path(path)
        if is_device(self.path):
            raise InputError(
                f"'{self.path}' is a device or a pipe, which would be replaced by a file; "
                "expected the name of a file to write."
            )
        self.path = behind_links(self.path)
        if self.path.is_dir():
            raise InputError(f"'{self.path}' is a folder; expected the name of a file to write.")
        if self.path.exists() and not overwrite:
            raise InputError(
                f"'{self.path}' exists. Choose another name, or replace it with --overwrite "
                "(overwrite=True)."
            )
        if not self.path.parent.is_dir():
            raise InputError(f"the folder '{self.path.parent}' does not exist: create it first.")
        if not os.access(self.path.parent, os.W_OK):
            raise InputError(f"the folder '{self.path.parent}' cannot be written to.")
        self.part = self.path.with_name(f".{self.path.stem}.part-{os.getpid()}{self.path.suffix}")

    def commit(self) -> None:
        """Give the written file its final name, and the permissions of a new file."""
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(self.part, 0o666 & ~mask)
        os.replace(self.part, self.path)

    def discard(self) -> None:
        """Remove what was written; the file of the final name stays as it was."""
        self.part.unlink(missing_ok=True)

    def failure(self, error: Exception) -> InputError:
        """What to raise when writing has failed, for example on a full disk."""
        return InputError(f"'{self.path}' cannot be written: {error}. Check the free space.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.commit()
            return
        self.discard()
        if isinstance(error, OSError):
            raise self.failure(error) from error


def write_atomically(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut.

    Args:
        path: replaced if it is there.
        content: bytes, or text that is written as UTF-8.

    Raises:
        InputError: it cannot be written there.
    """
    with PendingFile(path, overwrite=True) as pending, pending.part.open("wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
