"""Host and device memory: poisoned, guarded, range-checked."""

from __future__ import annotations

import ctypes
import sys
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .violations import Violations

POISON, GUARD_BYTE, GUARD, ALIGN = 0xCD, 0xEE, 64, 64
FAKE_BASE = 0x21_0000_0000_0000
QUARANTINE = 64
Bytes = npt.NDArray[np.uint8]


@dataclass
class Allocation:
    """One block: ``data`` holds ``size`` bytes and the guard zone behind them."""

    start: int
    size: int
    kind: str
    data: Bytes

    def holds(self, address: int) -> bool:
        """Whether the address lies inside."""
        return self.start <= address < self.start + self.size


class Memory:
    """All blocks of a board.

    Args:
        shared: whether device memory is host memory, as in run mode ACL_DEVICE. If not,
            device addresses are not real ones and reading them crashes a real program.
    """

    def __init__(self, shared: bool, violations: Violations) -> None:
        self._shared = shared
        self._violations = violations
        self._next = FAKE_BASE
        self._freed: deque[Allocation] = deque(maxlen=QUARANTINE)
        self._lent: dict[int, tuple[bytes, int]] = {}
        self.live: dict[int, Allocation] = {}

    def allocate(self, size: int, kind: str) -> int:
        """A new block of poison; its address is a multiple of 64."""
        raw = np.full(size + GUARD + ALIGN, POISON, np.uint8)
        offset = -int(raw.ctypes.data) % ALIGN
        data = raw[offset : offset + size + GUARD]
        data[size:] = GUARD_BYTE
        start = int(data.ctypes.data)
        if kind == "device" and not self._shared:
            start = self._next
            self._next += size + GUARD + (-(size + GUARD)) % ALIGN
        self.live[start] = Allocation(start, size, kind, data)
        return start

    def free(self, address: int, kind: str, function: str) -> None:
        """Give a block back; anything but the start of a live block of that kind is a violation."""
        block = self.live.get(address)
        if block is None or block.kind != kind:
            found = "no live block starts there" if block is None else f"it is {block.kind} memory"
            self._violations.add(f"{function}({address:#x}): {found}")
            return
        if (block.data[block.size :] != GUARD_BYTE).any():
            self._violations.add(f"{function}({address:#x}): written behind its end")
        self._freed.append(self.live.pop(address))

    def kind(self, address: int) -> str:
        """``device``, ``host`` for pinned memory, or ``pageable`` for everything else."""
        block = self._find(address, "pointer")
        return block.kind if block else "pageable"

    def lend(self, value: bytes) -> int:
        """The address of a bytes object that the caller has to keep alive."""
        address = ctypes.cast(ctypes.c_char_p(value), ctypes.c_void_p).value or 0
        self._lent[address] = (value, len(value))
        return address

    def read(self, address: int, count: int, function: str) -> bytes:
        """Bytes from any memory."""
        block = self._block(address, count, function)
        if block is not None:
            offset = address - block.start
            return block.data[offset : offset + count].tobytes()
        self._check_lent(address, function)
        return ctypes.string_at(address, count)

    def write(self, address: int, values: bytes, function: str) -> None:
        """Bytes into any memory."""
        block = self._block(address, len(values), function)
        if block is None:
            ctypes.memmove(address, values, len(values))
            return
        offset = address - block.start
        block.data[offset : offset + len(values)] = np.frombuffer(values, np.uint8)

    def poison(self, address: int, count: int, function: str) -> None:
        """Fill with the pattern of memory that nobody wrote."""
        self.write(address, bytes([POISON]) * count, function)

    def room(self, address: int) -> int | None:
        """Bytes from the address to the end of its block; None for pageable memory."""
        block = self._find(address, "pointer")
        return None if block is None else block.start + block.size - address

    def _block(self, address: int, count: int, function: str) -> Allocation | None:
        block = self._find(address, function)
        if block is not None and address + count > block.start + block.size:
            self._violations.add(f"{function}: {count} bytes at {address:#x} pass the block's end")
        return block

    def _find(self, address: int, function: str) -> Allocation | None:
        for block in self.live.values():
            if block.holds(address):
                return block
        if any(block.holds(address) for block in self._freed):
            self._violations.add(f"{function}: {address:#x} was freed before")
        if FAKE_BASE <= address < self._next:
            self._violations.add(f"{function}: {address:#x} is no live device memory")
        return None

    def _check_lent(self, address: int, function: str) -> None:
        entry: Any = self._lent.pop(address, None)
        if entry is None:
            return
        value, _ = entry
        del entry
        if sys.getrefcount(value) <= 2:
            self._violations.add(f"{function}: bytes at {address:#x} dropped before the copy")
