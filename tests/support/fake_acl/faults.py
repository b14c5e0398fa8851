"""Failures on demand: the n-th call of all, or the n-th call of one function."""

from __future__ import annotations

CODES = {
    "acl.init": 500000,
    "acl.rt.malloc": 207001,
    "acl.rt.malloc_host": 207001,
    "acl.rt.create_context": 107001,
    "acl.rt.set_device": 107001,
    "acl.rt.memcpy": 507899,
    "acl.rt.synchronize_stream": 507011,
    "acl.rt.synchronize_stream_with_timeout": 507046,
    "acl.mdl.load_from_file": 545001,
    "acl.mdl.get_desc": 145003,
    "acl.mdl.add_dataset_buffer": 100000,
    "acl.mdl.execute": 500002,
    "acl.mdl.execute_async": 500002,
    "acl.mdl.unload": 145003,
}
"""The code a device is likely to give; 500000 for the rest."""


class Faults:
    """Counts the calls and says which of them fails."""

    def __init__(self) -> None:
        self.total = 0
        self._by_name: dict[str, int] = {}
        self._at: int | None = None
        self._named: dict[tuple[str, int], int] = {}
        self.struck: str | None = None

    def at_call(self, number: int) -> None:
        """Fail the call with this number, counted over all functions from 1."""
        self._at = number

    def at(self, name: str, count: int = 1, code: int | None = None) -> None:
        """Fail the ``count``-th call of ``name`` from now on, with a code."""
        due = self._by_name.get(name, 0) + count
        self._named[name, due] = CODES.get(name, 500000) if code is None else code

    def due(self, name: str) -> int | None:
        """Count a call; the code it fails with, or None."""
        self.total += 1
        self._by_name[name] = count = self._by_name.get(name, 0) + 1
        code = self._named.pop((name, count), None)
        if self.total == self._at:
            code = CODES.get(name, 500000)
        if code is not None:
            self.struck = name
        return code
