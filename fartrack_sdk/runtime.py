"""The seam between a tracker and whatever computes: run one named graph.

Below this line there are numpy arrays only, nothing of boxes, crops, files or
model families. A runtime holds all graphs of one model, so the weights are
loaded once and shared by any number of trackers and threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy.typing as npt

from .errors import StateError

Array = npt.NDArray[Any]
Feeds = Mapping[str, Array]
Outputs = dict[str, Array]


@dataclass(frozen=True)
class RuntimeInfo:
    """What is really active, not what was asked for.

    Attributes:
        name: ``pytorch``, ``onnxruntime``, ``openvino``, ``ascend`` or a name of your own.
        device: for example ``cpu``, ``cuda:0``.
        provider: the library's own word for what computes, with its version.
        precision: arithmetic in use, ``fp32``, ``bf16``, ``fp16`` or ``int8``.
        threads: intra-op threads; 0 where the notion does not apply.
        details: anything else worth a line in a bug report.
    """

    name: str
    device: str
    provider: str
    precision: str
    threads: int
    details: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Runtime(Protocol):
    """Runs the graphs of one model.

    ``run`` must be safe to call from several threads, must not keep references to
    its feeds, and returns arrays that later calls do not overwrite. ``close`` may be
    called any number of times.
    """

    @property
    def info(self) -> RuntimeInfo:
        """What is really active."""
        ...

    def run(self, graph: str, feeds: Feeds) -> Outputs:
        """Run one graph once.

        Args:
            graph: name of the graph (for FARTrack: ``first``, ``track``, ``embed``).
            feeds: input name to C-contiguous array, dtypes and shapes as in the contract.

        Returns:
            Output name to array.

        Raises:
            StateError: the runtime is closed, or does not run in a fork of the process that
                opened it.
        """
        ...

    def close(self) -> None:
        """Release the model; further calls do nothing."""
        ...


def closed(name: str) -> StateError:
    """What a runtime raises when it is asked to run after ``close``."""
    return StateError(f"the {name} runtime is closed: open the model again.")


def require_process(pid: int, name: str) -> None:
    """Refuse a pass in a fork of the process that opened a model.

    A fork has none of its parent's threads and no claim on its devices: the pass would
    wait for ever, or disturb the parent's.

    Args:
        pid: of the process that opened the model.
        name: of the runtime.

    Raises:
        StateError: this process is another one.
    """
    if os.getpid() != pid:
        raise StateError(
            f"expected the process that opened the {name} runtime; this is a forked child. "
            "Open the model in the child, and start it with the 'spawn' method."
        )


class ScriptedRuntime:
    """A runtime without weights, for tests and for trying an application's plumbing.

    Args:
        script: called as ``script(graph, feeds)`` for every pass, returns the outputs.
    """

    def __init__(self, script: Callable[[str, Feeds], Outputs]) -> None:
        self._script = script
        self.calls = 0
        self.closed = False

    @property
    def info(self) -> RuntimeInfo:
        """A constant description."""
        return RuntimeInfo("scripted", "cpu", "python", "fp32", 0)

    def run(self, graph: str, feeds: Feeds) -> Outputs:
        """Hand the pass to the script."""
        self.calls += 1
        return self._script(graph, feeds)

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True
