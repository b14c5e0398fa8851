"""What this machine can multiply at best, with the same threads."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..workers.child import Child, module_command
from ..workers.wire import serve

SIZE, REPEATS = 1024, 8


def measure_peak(threads: int) -> tuple[float, str]:
    """Best of several float32 matrix products of 1024 x 1024, in a process of its own.

    Args:
        threads: that may multiply.

    Returns:
        GFLOP/s and the library that did it.
    """
    child = Child(module_command("speed.roofline"), "matmul peak", threads)
    try:
        answer = child.ask("peak", threads=threads)
    finally:
        child.close()
    return float(answer["gflops"]), str(answer["library"])


def _peak(request: dict[str, Any]) -> dict[str, Any]:
    multiply, library = _multiplier(request["threads"])
    multiply()
    best = min(_timed(multiply) for _ in range(REPEATS))
    return {"gflops": 2.0 * SIZE**3 / best / 1e9, "library": library}


def _multiplier(threads: int) -> tuple[Callable[[], Any], str]:
    try:
        import torch
    except ImportError:
        import numpy as np

        a = np.ones((SIZE, SIZE), dtype=np.float32)
        return lambda: a @ a, f"numpy {np.__version__}"
    torch.set_num_threads(threads)
    matrix = torch.ones(SIZE, SIZE)
    return lambda: matrix @ matrix, f"torch {torch.__version__}"


def _timed(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    serve({"peak": _peak})
