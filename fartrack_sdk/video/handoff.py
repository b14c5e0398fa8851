"""A bounded queue between the thread that reads frames and the one that takes them."""

from __future__ import annotations

import threading
from collections import deque
from time import monotonic
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Handoff(Generic[Item]):
    """Hands items from one thread to another, in order.

    With ``drop_oldest`` a full queue loses its oldest item, so the producer never
    waits; without, the producer waits and nothing is lost.
    """

    def __init__(self, capacity: int, *, drop_oldest: bool) -> None:
        self._capacity = capacity
        self._drop_oldest = drop_oldest
        self._items: deque[Item] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._closed = False
        self._error: Exception | None = None
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Items lost to newer ones."""
        return self._dropped

    @property
    def ended(self) -> bool:
        """Whether the producer has finished."""
        return self._ended

    def put(self, item: Item) -> bool:
        """Add an item; False when the taker has closed."""
        with self._changed:
            while not self._closed and not self._drop_oldest and self._full:
                self._changed.wait()
            if self._closed:
                return False
            if self._full:
                self._items.popleft()
                self._dropped += 1
            self._items.append(item)
            self._changed.notify_all()
            return True

    def take(self, timeout_s: float) -> Item | None:
        """The oldest item; None at the end.

        Raises:
            TimeoutError: nothing came within ``timeout_s`` seconds.
            Exception: what the producer ended with, once the queue is empty.
        """
        deadline = monotonic() + timeout_s
        with self._changed:
            while not self._items:
                if self._error is not None:
                    raise self._error
                if self._ended or self._closed:
                    return None
                if not self._changed.wait(max(0.0, deadline - monotonic())) and not self._ready:
                    raise TimeoutError
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def end(self, error: Exception | None = None) -> None:
        """The producer has no more items, and why."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def close(self) -> None:
        """The taker wants no more; a waiting producer goes on."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    @property
    def _ready(self) -> bool:
        return bool(self._items) or self._ended or self._closed

    @property
    def _full(self) -> bool:
        return len(self._items) >= self._capacity
