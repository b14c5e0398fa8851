"""Functions of ``acl`` itself: process and data buffers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .api import api
from .mdl import DataBuffer

if TYPE_CHECKING:
    from .board import FakeBoard

INVALID, REPEATED_INIT, REPEATED_FINALIZE = 100000, 100002, 100037


class Root:
    """See the module."""

    def __init__(self, board: FakeBoard) -> None:
        self._board = board

    @api("|s", init=False)
    def init(self, config: str = "") -> int:
        """A second call gives 100002."""
        if self._board.initialised:
            return REPEATED_INIT
        self._board.initialised = True
        return 0

    @api(init=False, releases=True)
    def finalize(self) -> int:
        """Whatever is still alive is a leak."""
        board = self._board
        if not board.initialised:
            return REPEATED_FINALIZE
        board.initialised = False
        leaks = board.leaks()
        if leaks:
            board.violations.add(f"acl.finalize: still alive: {'; '.join(leaks)}")
        return 0

    @api(shape="version", init=False)
    def get_version(self) -> tuple[int, int, int, int]:
        """Major, minor, patch."""
        return 1, 13, 0, 0

    @api(shape="text", init=False)
    def get_soc_name(self) -> str | None:
        """The chip."""
        return self._board.soc

    @api(shape="text", init=False)
    def get_recent_err_msg(self) -> str | None:
        """The thread's last message, cleared by reading."""
        return self._board.heard()

    @api("kk", shape="handle")
    def create_data_buffer(self, pointer: int, size: int) -> int:
        """A handle that owns nothing."""
        return self._board.models.buffers.new(DataBuffer(pointer, size))

    @api("k", releases=True)
    def destroy_data_buffer(self, handle: int) -> int:
        """The memory behind it stays."""
        if handle == 0:
            return INVALID
        self._board.models.buffers.pop(handle, "acl.destroy_data_buffer")
        return 0

    @api("k", shape="count")
    def get_data_buffer_addr(self, handle: int) -> int:
        """The pointer."""
        return self._board.models.buffers.get(handle, "acl.get_data_buffer_addr").pointer

    @api("k", shape="count")
    def get_data_buffer_size_v2(self, handle: int) -> int:
        """The size in bytes."""
        return self._board.models.buffers.get(handle, "acl.get_data_buffer_size_v2").size

    @api("kkk")
    def update_data_buffer(self, handle: int, pointer: int, size: int) -> int:
        """Bind other memory."""
        buffer: Any = self._board.models.buffers.get(handle, "acl.update_data_buffer")
        buffer.pointer, buffer.size = pointer, size
        return 0
