"""Ascend as a runtime."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from contextlib import ExitStack

from ...errors import ConfigError, DeviceUnavailableError
from ...runtime import Feeds, Outputs, RuntimeInfo
from .codes import ARITHMETIC
from .device import Device, device_index
from .graph import AscendGraph
from .library import Acl, load_acl
from .loaded import Execution
from .process import process_of
from .session import AscendSession

TIMEOUT_MS = 10_000


class AscendRuntime:
    """Runs a model's graphs on an Ascend NPU. Not run on hardware yet.

    Close it: what is dropped without ``close`` stays on the device until the next runtime
    opens, or the process ends. Passes are serialised by a lock, because a model may be
    executed by one thread at a time; a second runtime loads the model again and runs
    independently.

    Args:
        graphs: graph name to its ``.om`` and border.
        device: ``npu:0``, ``npu`` or ``auto``.
        soc_version: chip the files were compiled for; None skips the comparison.
        precision: ``origin``, ``mixed`` or ``fp16``, as the files were compiled.
        execution: ``async``, or ``sync`` (holds Python's lock during a pass).
        zero_copy: write device memory directly; None where host and NPU share memory.
        timeout_ms: longest wait for a pass; -1 for ever.

    Raises:
        RuntimeUnavailableError: CANN's module is not there, or a call failed (AclError).
        DeviceUnavailableError: the device is not there, or is another chip.
        ArtifactError: a file is damaged or does not fit its border.
        ConfigError: zero copy was asked for where memory is not shared.
    """

    def __init__(
        self,
        graphs: Mapping[str, AscendGraph],
        device: str = "auto",
        *,
        soc_version: str | None = None,
        precision: str = "origin",
        execution: Execution = "async",
        zero_copy: bool | None = None,
        timeout_ms: int = TIMEOUT_MS,
    ) -> None:
        if execution not in ("async", "sync"):
            raise ConfigError(f"expected execution 'async' or 'sync'; got {execution!r}.")
        acl = load_acl()
        process = process_of(acl)
        process.release_orphans()
        index = device_index(acl, device)
        with ExitStack() as undo:
            opened = Device(acl, process, index, timeout_ms)
            undo.callback(opened.close)
            soc = _checked_chip(acl, soc_version)
            shared = _checked_sharing(opened, zero_copy)
            self._session = AscendSession(opened, graphs, shared, execution)
            undo.pop_all()
        facts = {
            "atc precision": precision,
            "normalisation": ", ".join(dict.fromkeys(g.normalisation for g in graphs.values())),
            "execution": execution,
            "copies": "zero copy" if shared else "memcpy",
            "status": "not run on hardware",
        }
        for name, model in self._session.models.items():
            facts |= {f"{name} {key}": text for key, text in model.unverified.items()}
        self._info = RuntimeInfo(
            name="ascend",
            device=f"npu:{index}",
            provider=f"CANN acl {_version(acl)} on {soc}",
            precision=ARITHMETIC.get(precision, precision),
            threads=0,
            details=facts,
        )
        process.users.add(self._session)
        self._process = process
        weakref.finalize(self, process.orphans.append, self._session).atexit = False

    @property
    def info(self) -> RuntimeInfo:
        """What is really active."""
        return self._info

    def run(self, graph: str, feeds: Feeds) -> Outputs:
        """Run one graph once, from any thread.

        Raises:
            StateError: the runtime is closed, or the process was forked.
            InputError: a feed does not fit.
            AclError: a call failed.
        """
        return self._session.run(graph, feeds)

    def close(self) -> None:
        """Unload and release everything on the device; twice is fine."""
        self._session.close()
        self._process.users.discard(self._session)


def _checked_chip(acl: Acl, wanted: str | None) -> str:
    found = acl.raw("get_soc_name") if acl.has("get_soc_name") else None
    if wanted and found and found != wanted:
        raise DeviceUnavailableError(
            wanted,
            str(found),
            f"The model was compiled for {wanted}: export it again with --soc-version {found}.",
        )
    return str(found) if found else "unknown chip"


def _checked_sharing(device: Device, asked: bool | None) -> bool:
    if asked and not device.shares_memory:
        raise ConfigError(
            "zero_copy=True needs a board whose host and NPU share memory; this is a card with "
            "memory of its own. Use zero_copy=None."
        )
    return device.shares_memory if asked is None else asked


def _version(acl: Acl) -> str:
    major, minor, patch, code = acl.raw("get_version")
    return f"{major}.{minor}.{patch}" if code == 0 else "of unknown version"
