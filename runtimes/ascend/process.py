"""What a process has once: ``acl.init`` and its devices."""

from __future__ import annotations

import atexit
import os
import threading
from contextlib import ExitStack
from types import ModuleType
from typing import Protocol
from weakref import WeakKeyDictionary

from .codes import REPEATED_INIT
from .errors import failure
from .library import Acl


class Closable(Protocol):
    """Something that must be closed before the process lets go of ACL."""

    def close(self) -> None:
        """Release it."""
        ...


class Process:
    """ACL in this process; a guest if somebody else initialised it.

    Args:
        acl: the module.
    """

    def __init__(self, acl: Acl) -> None:
        self._acl = acl
        code = int(acl.raw("init"))
        if code not in (0, REPEATED_INIT):
            raise failure("acl.init", code, None)
        self.guest = code == REPEATED_INIT
        self.pid = os.getpid()
        self._devices: set[int] = set()
        self.users: set[Closable] = set()
        self.orphans: list[Closable] = []

    def use(self, device: int) -> None:
        """Claim a device for this process and thread."""
        self._acl.ok("rt.set_device", device)
        self._devices.add(device)

    def release_orphans(self) -> None:
        """Close what was dropped unclosed; not from a finaliser, which may run anywhere."""
        while self.orphans:
            orphan = self.orphans.pop()
            orphan.close()
            self.users.discard(orphan)

    def end(self) -> None:
        """Close all users, then devices, then ACL; only what is ours."""
        for user in list(self.users):
            user.close()
        self.users.clear()
        if self.guest:
            return
        with ExitStack() as stack:
            stack.callback(self._acl.release, "finalize")
            for device in self._devices:
                stack.callback(self._acl.release, "rt.reset_device", device)


_lock = threading.RLock()
_processes: WeakKeyDictionary[ModuleType, Process] = WeakKeyDictionary()


def process_of(acl: Acl) -> Process:
    """ACL's state in this process, initialised at the first call.

    Raises:
        AclError: ``acl.init`` failed.
    """
    with _lock:
        if acl.module not in _processes:
            _processes[acl.module] = Process(acl)
            atexit.unregister(shutdown)
            atexit.register(shutdown)
        return _processes[acl.module]


def shutdown() -> None:
    """Close every Ascend runtime and finalise ACL; runs by itself at exit, twice is fine."""
    with _lock:
        processes = [p for p in _processes.values() if p.pid == os.getpid()]
        _processes.clear()
    for process in processes:
        process.end()
