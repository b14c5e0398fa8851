"""What this machine can multiply at best, with the same threads."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..workers.child import Child, module_command
from ..workers.wire import serve

SIZE, REPEATS = 1024, 5


class PeakMeter:
    """Best float32 matrix product of 1024 x 1024 in a process of its own.

    The peak is the best ever seen, of numpy and, where it is installed, of PyTorch: either
    library is the slower one on some machine. Ask again between other measurements, so that
    a busy moment does not pass for the machine.

    Args:
        threads: that may multiply.

    Attributes:
        gflops: the best so far.
        library: that reached it.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._child = Child(module_command("speed.roofline"), "matmul peak", threads)
        self.gflops = 0.0
        self.library = ""

    def measure(self) -> float:
        """Try again; returns the best so far in GFLOP/s."""
        for library, gflops in self._child.ask("peak", threads=self._threads).items():
            if gflops > self.gflops:
                self.gflops, self.library = float(gflops), library
        return self.gflops

    def close(self) -> None:
        """End the process; twice is fine."""
        self._child.close()


def _peak(request: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for library, multiply in _multipliers(request["threads"]).items():
        multiply()
        best = min(_timed(multiply) for _ in range(REPEATS))
        found[library] = 2.0 * SIZE**3 / best / 1e9
    return found


def _multipliers(threads: int) -> dict[str, Callable[[], Any]]:
    import numpy as np

    ones = np.ones((SIZE, SIZE), dtype=np.float32)
    found: dict[str, Callable[[], Any]] = {f"numpy {np.__version__}": lambda: ones @ ones}
    try:
        import torch
    except ImportError:
        return found
    torch.set_num_threads(threads)
    matrix = torch.ones(SIZE, SIZE)
    found[f"torch {torch.__version__}"] = lambda: matrix @ matrix
    return found


def _timed(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    serve({"peak": _peak})
