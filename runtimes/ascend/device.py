"""A context and a stream of our own on one device."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ...errors import DeviceUnavailableError
from ...runtime import require_process
from .codes import RUN_MODE_DEVICE
from .errors import AclError
from .library import Acl
from .process import Process


class Device:
    """Everything a runtime does on the NPU happens inside ``entered()``.

    The current context belongs to the thread, and other libraries change it, so it is
    set at every entry; if ACL was initialised by somebody else, theirs is restored.

    Args:
        acl: the module.
        process: of this process.
        index: device number.
        timeout_ms: longest wait for a pass, where CANN supports it; -1 for ever.

    Raises:
        AclError: a call failed; nothing is left behind.
    """

    def __init__(self, acl: Acl, process: Process, index: int, timeout_ms: int) -> None:
        self.acl, self.index, self._process = acl, index, process
        self._timeout_ms = timeout_ms
        self._stack = ExitStack()
        with self._guest_context(), ExitStack() as undo:
            process.use(index)
            self._context = int(acl.value("rt.create_context", index))
            undo.callback(acl.release, "rt.destroy_context", self._context)
            self.stream = int(acl.value("rt.create_stream"))
            undo.callback(acl.release, "rt.destroy_stream", self.stream)
            self.shares_memory = acl.value("rt.get_run_mode") == RUN_MODE_DEVICE
            self._stack = undo.pop_all()

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Our context is the thread's.

        Raises:
            StateError: the process was forked after the device was opened.
        """
        require_process(self._process.pid, "ascend")
        with self._guest_context():
            self.acl.ok("rt.set_context", self._context)
            yield

    @contextmanager
    def entered_for_release(self) -> Iterator[None]:
        """The same, for closing: a failure is logged, and closing goes on."""
        with self._guest_context():
            self.acl.release("rt.set_context", self._context)
            yield

    @property
    def foreign(self) -> bool:
        """Whether this process is a fork of the one that opened the device."""
        return os.getpid() != self._process.pid

    def synchronize(self) -> None:
        """Wait for the stream.

        Raises:
            AclError: a pass failed on the device, or the time is over.
        """
        if self.acl.has("rt.synchronize_stream_with_timeout"):
            self.acl.ok("rt.synchronize_stream_with_timeout", self.stream, self._timeout_ms)
        else:
            self.acl.ok("rt.synchronize_stream", self.stream)

    def close(self) -> None:
        """Destroy stream and context, in our context."""
        if not self.foreign:
            with self.entered_for_release():
                self._stack.close()

    @contextmanager
    def _guest_context(self) -> Iterator[None]:
        theirs, code = self.acl.raw("rt.get_context") if self._process.guest else (0, 1)
        try:
            yield
        finally:
            if code == 0:
                self.acl.release("rt.set_context", theirs)


def device_index(acl: Acl, asked: str) -> int:
    """The number in ``npu:1``; 0 for ``npu`` and ``auto``.

    Raises:
        DeviceUnavailableError: the name is not one of an NPU, or there are fewer.
    """
    kind, _, number = asked.partition(":")
    index = 0 if asked in ("auto", "npu") else int(number) if number.isdecimal() else -1
    count = _count(acl)
    if kind not in ("auto", "npu") or not 0 <= index < count:
        found = ", ".join(f"npu:{i}" for i in range(count)) or "no NPU"
        raise DeviceUnavailableError(asked, found, "Use device='npu:0', and check npu-smi info.")
    return index


def _count(acl: Acl) -> int:
    try:
        return int(acl.value("rt.get_device_count"))
    except AclError as error:
        raise DeviceUnavailableError("npu", "no NPU", str(error)) from error
