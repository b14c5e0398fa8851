"""The board: state behind the fake module, and what a test asks it."""

from __future__ import annotations

import os
import sys
import threading
import types
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from typing import Any

from .api import FAILURES, functions
from .contexts import Contexts
from .faults import Faults
from .mdl import Mdl, Models
from .memory import Memory
from .root import Root
from .rt import Rt
from .util import Util
from .violations import Violations

DEVICE_MODE, HOST_MODE = 0, 1


class FakeBoard:
    """A machine with one Ascend device.

    Args:
        soc: what ``acl.get_soc_name`` answers.
        run_mode: 0 (ACL_DEVICE: host memory is device memory, as on the boards) or
            1 (ACL_HOST: a PCIe card).
        missing: functions of newer releases to leave out, for example
            ``acl.mdl.get_first_aipp_info``.
        devices: how many there are.
    """

    def __init__(
        self,
        soc: str | None = "Ascend310B4",
        run_mode: int = DEVICE_MODE,
        missing: tuple[str, ...] = (),
        devices: int = 1,
    ) -> None:
        self.soc, self.run_mode, self.devices = soc, run_mode, devices
        self.initialised = False
        self.violations = Violations()
        self.contexts = Contexts(self.violations)
        self.memory = Memory(run_mode == DEVICE_MODE, self.violations)
        self.models = Models(self.violations)
        self.faults = Faults()
        self.calls: Counter[str] = Counter()
        self.lock = threading.RLock()
        self._message = threading.local()
        self._pid = os.getpid()
        self.acl = _module(self, missing)

    def entered(self, name: str, init: bool) -> None:
        """A call begins: the rules that hold for all of them."""
        self.calls[name] += 1
        if os.getpid() != self._pid:
            self.violations.add(f"{name}: called in a forked child")
        if init and not self.initialised and not name.endswith("finalize"):
            self.violations.add(f"{name}: called before acl.init or after acl.finalize")

    def failed(self, shape: str, code: int, name: str) -> Any:
        """A failure in the shape the function returns, with its text for the thread."""
        self.say(f"E{code % 100000:05d}: {name} failed on the fake board")
        return FAILURES[shape](code)

    def say(self, text: str) -> None:
        """Set the thread's recent error message."""
        self._message.text = text

    def heard(self) -> str | None:
        """Take the thread's recent error message."""
        text: str | None = getattr(self._message, "text", None)
        self._message.text = None
        return text

    def leaks(self) -> list[str]:
        """What is still alive, for people; empty when all is well."""
        found = [f"{b.kind} memory {b.start:#x}, {b.size} B" for b in self.memory.live.values()]
        tables = (self.models.descs, self.models.datasets, self.models.buffers)
        found += [f"{table.kind} {handle:#x}" for table in tables for handle in table.live]
        found += [f"model {number}" for number in self.models.loaded]
        found += [f"stream {handle:#x}" for handle in self.contexts.streams.live]
        own = self.contexts.handles.live.items()
        return found + [f"context {handle:#x}" for handle, c in own if not c.default]


def _module(board: FakeBoard, missing: tuple[str, ...]) -> types.ModuleType:
    """The module object; it exports functions and no constants."""
    module = types.ModuleType("acl")
    module.__spec__ = ModuleSpec("acl", None)
    groups = {
        "acl": Root(board),
        "acl.rt": Rt(board),
        "acl.mdl": Mdl(board),
        "acl.util": Util(board),
    }
    for prefix, group in groups.items():
        target = module
        if prefix != "acl":
            target = types.ModuleType(prefix)
            setattr(module, prefix.split(".")[1], target)
        for name, function in functions(board, group, prefix).items():
            if f"{prefix}.{name}" not in missing:
                setattr(target, name, function)
    return module


@contextmanager
def installed(board: FakeBoard) -> Iterator[FakeBoard]:
    """Make ``import acl`` give this board."""
    before = sys.modules.get("acl")
    sys.modules["acl"] = board.acl
    try:
        yield board
    finally:
        sys.modules.pop("acl", None)
        if before is not None:
            sys.modules["acl"] = before
