"""Ctrl-C at any time, without half-written files."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Ctrl-C, a stopped service, a closed terminal (which Windows does not signal)."""


class Interrupts:
    """While entered, these signals raise KeyboardInterrupt, but never in a ``deferred`` block.

    A signal that the process was started to ignore (``nohup``, a job in the background) stays
    ignored. Outside the main thread, where Python delivers no signals, it does nothing.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._pending = False
        self._came = False
        self._previous: dict[int, Any] = {}

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Hold an interrupt back until the end of the block."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
        self._raise_pending()

    def _raise_pending(self) -> None:
        if self._pending and not self._depth:
            self._pending = False
            raise KeyboardInterrupt

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._came = self._pending = True
        self._raise_pending()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            before = {number: signal.getsignal(number) for number in SIGNALS}
            # None: set by something other than Python, which cannot put it back.
            self._previous = {
                number: handler
                for number, handler in before.items()
                if handler not in (signal.SIG_IGN, None)
            }
            for number in self._previous:
                signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the signals back.

        Raises:
            KeyboardInterrupt: an error came after a signal. Others may have caught the
                interrupt and raised an error of their own, as C extensions do that are
                being imported; the error is the cause.
        """
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}
        if self._came and isinstance(error, Exception):
            raise KeyboardInterrupt from error
