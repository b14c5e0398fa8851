"""Opaque handles: large, unique, never used again, of disjoint ranges."""

from __future__ import annotations

from typing import Generic, TypeVar

from .violations import Violations

T = TypeVar("T")
BASES = {
    "context": 0x11_0000_0000_0000,
    "stream": 0x12_0000_0000_0000,
    "description": 0x13_0000_0000_0000,
    "dataset": 0x14_0000_0000_0000,
    "data buffer": 0x15_0000_0000_0000,
    "event": 0x16_0000_0000_0000,
}
STEP = 0x40


class Handles(Generic[T]):
    """Live objects of one kind by handle."""

    def __init__(self, kind: str, violations: Violations) -> None:
        self.kind = kind
        self.live: dict[int, T] = {}
        self._next = BASES[kind]
        self._violations = violations

    def new(self, thing: T) -> int:
        """A handle for a new object."""
        self._next += STEP
        self.live[self._next] = thing
        return self._next

    def get(self, handle: int, function: str) -> T:
        """The object; anything but a live handle of this kind is a violation."""
        if handle not in self.live:
            self._violations.add(f"{function}: {self._fault(handle)}")
        return self.live[handle]

    def pop(self, handle: int, function: str) -> T:
        """Remove the object."""
        thing = self.get(handle, function)
        del self.live[handle]
        return thing

    def _fault(self, handle: int) -> str:
        if BASES[self.kind] < handle <= self._next and handle % STEP == 0:
            return f"{self.kind} {handle:#x} was destroyed before"
        return f"{handle:#x} is no {self.kind}"
