"""Functions of ``acl.util``: between Python objects and addresses."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from .api import api

if TYPE_CHECKING:
    from .board import FakeBoard


class Util:
    """See the module."""

    def __init__(self, board: FakeBoard) -> None:
        self._board = board

    @api("O", shape="count", init=False)
    def bytes_to_ptr(self, value: Any) -> int:
        """The address of a ``bytes`` object, which the caller keeps alive."""
        if type(value) is not bytes:
            raise ValueError(f"acl.util.bytes_to_ptr needs bytes, got {type(value).__name__}")
        return self._board.memory.lend(value)

    @api("kk", shape="value", init=False)
    def ptr_to_bytes(self, pointer: int, size: int) -> bytes:
        """A copy of readable memory."""
        board = self._board
        if board.run_mode == 1 and board.memory.kind(pointer) == "device":
            board.violations.add("acl.util.ptr_to_bytes: device memory is not readable here")
        return board.memory.read(pointer, size, "acl.util.ptr_to_bytes")

    @api("O", shape="count", init=False)
    def numpy_to_ptr(self, array: Any) -> int:
        """Deprecated."""
        self._deprecated("acl.util.numpy_to_ptr")
        return int(array.ctypes.data)

    @api("kOi", shape="value", init=False)
    def ptr_to_numpy(self, pointer: int, shape: Any, kind: int) -> None:
        """Deprecated."""
        self._deprecated("acl.util.ptr_to_numpy")

    def _deprecated(self, name: str) -> None:
        warnings.warn(f"{name} is deprecated", DeprecationWarning, stacklevel=3)
        self._board.violations.note(f"{name}: deprecated call")
