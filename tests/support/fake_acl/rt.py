"""Functions of ``acl.rt``: devices, contexts, streams, memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .api import api
from .contexts import Context, Stream

if TYPE_CHECKING:
    from .board import FakeBoard

INVALID, BAD_PARAM, BAD_DEVICE, NO_CONTEXT = 100000, 107000, 107001, 107002
FOREIGN_STREAM, UNALIGNED = 107003, 107008
SIDES = {0: ("host", "host"), 1: ("host", "device"), 2: ("device", "host"), 3: ("device", "device")}
"""Memcpy kind to source and destination."""


class Rt:
    """See the module."""

    def __init__(self, board: FakeBoard) -> None:
        self._board = board

    @api(shape="pair")
    def get_device_count(self) -> tuple[int, int]:
        """Devices of the machine."""
        return self._board.devices, 0

    @api(shape="pair")
    def get_run_mode(self) -> tuple[int, int]:
        """0 on a board, 1 with a card."""
        return self._board.run_mode, 0

    @api("i")
    def set_device(self, device: int) -> int:
        """Make the device's default context the thread's."""
        contexts = self._board.contexts
        if not 0 <= device < self._board.devices:
            return self._board.failed("ret", BAD_DEVICE, "acl.rt.set_device")
        if device not in contexts.defaults:
            contexts.defaults[device] = contexts.handles.new(Context(device, True))
        contexts.current = contexts.defaults[device]
        return 0

    @api("i", releases=True)
    def reset_device(self, device: int) -> int:
        """End the default context; explicit contexts and streams must be gone."""
        contexts = self._board.contexts
        own = contexts.of_device(device, default=False)
        if own or contexts.streams.live:
            self._board.violations.add("acl.rt.reset_device: contexts or streams still live")
        default = contexts.defaults.pop(device, None)
        if default is None:
            return BAD_DEVICE
        del contexts.handles.live[default]
        return 0

    @api(shape="pair", context=True)
    def get_device(self) -> tuple[int, int]:
        """Device of the current context."""
        current = self._board.contexts.current or 0
        return self._board.contexts.handles.get(current, "acl.rt.get_device").device, 0

    @api("i", shape="pair")
    def create_context(self, device: int) -> tuple[int, int]:
        """An explicit context, current in the calling thread."""
        contexts = self._board.contexts
        if not 0 <= device < self._board.devices:
            return 0, BAD_DEVICE
        contexts.current = handle = contexts.handles.new(Context(device, False))
        return handle, 0

    @api("k")
    def set_context(self, handle: int) -> int:
        """Make a context the thread's."""
        if handle == 0:
            return INVALID
        self._board.contexts.handles.get(handle, "acl.rt.set_context")
        self._board.contexts.current = handle
        return 0

    @api(shape="pair")
    def get_context(self) -> tuple[int, int]:
        """The thread's context."""
        current = self._board.contexts.current
        return (0, NO_CONTEXT) if current is None else (current, 0)

    @api("k", releases=True)
    def destroy_context(self, handle: int) -> int:
        """End an explicit context."""
        if handle == 0:
            return INVALID
        contexts = self._board.contexts
        if contexts.handles.get(handle, "acl.rt.destroy_context").default:
            return NO_CONTEXT
        if any(s.context == handle for s in contexts.streams.live.values()):
            self._board.violations.add("acl.rt.destroy_context: its streams still live")
        contexts.handles.pop(handle, "acl.rt.destroy_context")
        return 0

    @api(shape="pair", context=True)
    def create_stream(self) -> tuple[int, int]:
        """A stream of the current context."""
        contexts = self._board.contexts
        return contexts.streams.new(Stream(contexts.current or 0)), 0

    @api("k", context=True, releases=True)
    def destroy_stream(self, handle: int) -> int:
        """End a stream without work."""
        if handle == 0:
            return INVALID
        stream = self._board.contexts.streams.get(handle, "acl.rt.destroy_stream")
        if stream.context != self._board.contexts.current:
            return self._board.failed("ret", FOREIGN_STREAM, "acl.rt.destroy_stream")
        if stream.pending:
            self._board.violations.add("acl.rt.destroy_stream: work is pending")
        self._board.contexts.streams.pop(handle, "acl.rt.destroy_stream")
        return 0

    @api("k", context=True, releases=True)
    def synchronize_stream(self, handle: int) -> int:
        """Everything on the stream takes effect."""
        if handle == 0:
            return INVALID
        stream = self._board.contexts.streams.get(handle, "acl.rt.synchronize_stream")
        if stream.context != self._board.contexts.current:
            return self._board.failed("ret", FOREIGN_STREAM, "acl.rt.synchronize_stream")
        pending, stream.pending = stream.pending, []
        for work in pending:
            work()
        return 0

    @api("ki", context=True, releases=True)
    def synchronize_stream_with_timeout(self, handle: int, milliseconds: int) -> int:
        """The same; the fake is never late."""
        return BAD_PARAM if milliseconds < -1 else int(self.synchronize_stream(handle))

    @api("ki", shape="pair", context=True)
    def malloc(self, size: int, policy: int) -> tuple[int, int]:
        """Poisoned device memory."""
        return (0, INVALID) if size == 0 else (self._board.memory.allocate(size, "device"), 0)

    @api("k", releases=True, context=True)
    def free(self, pointer: int) -> int:
        """Give device memory back."""
        if pointer == 0:
            return INVALID
        self._board.memory.free(pointer, "device", "acl.rt.free")
        return 0

    @api("k", shape="pair", context=True)
    def malloc_host(self, size: int) -> tuple[int, int]:
        """Poisoned pinned memory."""
        return (0, INVALID) if size == 0 else (self._board.memory.allocate(size, "host"), 0)

    @api("k", releases=True, context=True)
    def free_host(self, pointer: int) -> int:
        """Give pinned memory back."""
        if pointer == 0:
            return INVALID
        self._board.memory.free(pointer, "host", "acl.rt.free_host")
        return 0

    @api("kkkki", context=True)
    def memcpy(self, to: int, room: int, source: int, count: int, kind: int) -> int:
        """Copy now."""
        code = self._checked(to, room, source, count, kind)
        if code == 0 and count:
            memory = self._board.memory
            memory.write(to, memory.read(source, count, "acl.rt.memcpy"), "acl.rt.memcpy")
        return code

    @api("kkkkik", context=True)
    def memcpy_async(
        self, to: int, room: int, source: int, count: int, kind: int, stream: int
    ) -> int:
        """Copy at the next synchronise; poison until then."""
        code = self._checked(to, room, source, count, kind)
        if code or not count:
            return code
        if to % 64 or source % 64:
            return UNALIGNED
        memory, name = self._board.memory, "acl.rt.memcpy_async"
        memory.poison(to, count, name)
        work = self._board.contexts.streams.get(stream, name).pending
        work.append(lambda: memory.write(to, memory.read(source, count, name), name))
        return 0

    @api("kkik", context=True)
    def memset(self, pointer: int, room: int, value: int, count: int) -> int:
        """Fill."""
        if count > room:
            return BAD_PARAM
        self._board.memory.write(pointer, bytes([value % 256]) * count, "acl.rt.memset")
        return 0

    @api("i", shape="triple", context=True)
    def get_mem_info(self, attribute: int) -> tuple[int, int, int]:
        """Free and total bytes."""
        return 6 << 30, 12 << 30, 0

    def _checked(self, to: int, room: int, source: int, count: int, kind: int) -> int:
        if count == 0:
            return 0
        if not to or not source or kind not in SIDES:
            return self._board.failed("ret", INVALID, "acl.rt.memcpy")
        if count > room:
            return self._board.failed("ret", BAD_PARAM, "acl.rt.memcpy")
        real = self._board.memory.room(to)
        if real is not None and room > real:
            self._board.violations.add(f"acl.rt.memcpy: dst_max {room} but the block has {real} B")
        if self._board.run_mode == 1:
            self._check_sides(to, source, kind)
        return 0

    def _check_sides(self, to: int, source: int, kind: int) -> None:
        memory = self._board.memory
        for address, side in zip((source, to), SIDES[kind], strict=True):
            found = memory.kind(address)
            if (found == "device") != (side == "device"):
                self._board.violations.add(
                    f"acl.rt.memcpy kind {kind}: {address:#x} is {found}, not {side} memory"
                )
