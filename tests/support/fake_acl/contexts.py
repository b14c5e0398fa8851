"""Contexts and streams: current per thread, owned by a device."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from .handles import Handles
from .violations import Violations


@dataclass
class Context:
    """A context; the default one of a device is made by ``set_device``."""

    device: int
    default: bool


@dataclass
class Stream:
    """Work that takes effect when somebody synchronises."""

    context: int
    pending: list[Callable[[], None]] = field(default_factory=list)


class Contexts:
    """All contexts and streams, and which context each thread has."""

    def __init__(self, violations: Violations) -> None:
        self.handles: Handles[Context] = Handles("context", violations)
        self.streams: Handles[Stream] = Handles("stream", violations)
        self.defaults: dict[int, int] = {}
        self._local = threading.local()

    @property
    def current(self) -> int | None:
        """The calling thread's context, while it lives."""
        handle: int | None = getattr(self._local, "handle", None)
        return handle if handle in self.handles.live else None

    @current.setter
    def current(self, handle: int | None) -> None:
        self._local.handle = handle

    def of_device(self, device: int, default: bool) -> list[int]:
        """Live contexts of a device."""
        live = self.handles.live.items()
        return [h for h, c in live if c.device == device and c.default is default]
