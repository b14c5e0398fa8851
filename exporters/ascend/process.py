"""Running ``atc``: in a folder of its own, streamed, its result checked three times."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from ...errors import ExportError, MissingDependencyError
from .command import SAFE, AtcJob
from .failures import recognised

SUCCESS = "ATC run success"
LINES_KEPT = 60
SINGLE_CORE = {"TE_PARALLEL_COMPILER": "1", "MAX_COMPILE_CORE_NUMBER": "1"}
"""A board runs out of memory when ATC compiles in parallel."""

Say = Callable[[str], None]


class AtcMissingError(MissingDependencyError):
    """``atc`` is not on the PATH."""

    def __init__(self, atc: str) -> None:
        super().__init__("CANN toolkit", "ascend", f"'{atc}' compiles the graphs")
        self.args = (
            f"expected CANN's compiler '{atc}' on the PATH; it is not there. Install the CANN "
            "toolkit and source its set_env.sh (it is not on PyPI), or copy the folder to a "
            "machine that has it and run the commands in atc_commands.sh.",
        )


def find_atc(atc: str = "atc") -> str:
    """Path of the compiler.

    Raises:
        AtcMissingError: it is not there.
    """
    found = shutil.which(atc)
    if found is None:
        raise AtcMissingError(atc)
    return found


def compile_graph(
    job: AtcJob, folder: Path, atc: str, python_bin: Path | None = None, say: Say | None = None
) -> Path:
    """Compile ``<graph>.onnx`` in a folder to ``<graph>.om`` in the same folder.

    ATC takes no spaces in paths and leaves files behind, so it runs in a temporary
    folder on copies.

    Args:
        job: the graph.
        folder: with the ONNX graph and the AIPP file.
        atc: the compiler.
        python_bin: folder of the Python that compiles operators, put first on the PATH.
        say: takes each line of output.

    Raises:
        ExportError: ATC failed; names the class of the failure, the remedy and the last lines.
    """
    with tempfile.TemporaryDirectory(prefix="atc-", dir=_safe_parent()) as work:
        _copy_inputs(job, folder, Path(work))
        started = time.time()
        code, lines = _run(job.argv(atc), Path(work), _environment(python_bin), say)
        output = _output(Path(work), job.graph, started)
        if code != 0 or output is None or not any(SUCCESS in line for line in lines):
            raise _failed(job, code, output, lines)
        target = folder / f"{job.graph}.om"
        shutil.move(str(output), str(target))
        return target


def _safe_parent() -> str:
    """A place for temporary folders whose path ATC accepts."""
    place = tempfile.gettempdir()
    return place if SAFE.fullmatch(place) else "/tmp"


def _copy_inputs(job: AtcJob, folder: Path, work: Path) -> None:
    for name in filter(None, (f"{job.graph}.onnx", job.aipp_file)):
        shutil.copy(folder / name, work / name)


def _environment(python_bin: Path | None) -> dict[str, str]:
    own = {**SINGLE_CORE, **os.environ}
    if python_bin is not None:
        own["PATH"] = f"{python_bin}{os.pathsep}{own.get('PATH', '')}"
    return own


def _run(
    argv: list[str], work: Path, environment: Mapping[str, str], say: Say | None
) -> tuple[int, list[str]]:
    """Exit code and last lines; the process ends with us, whatever happens."""
    process = subprocess.Popen(
        argv,
        cwd=work,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    lines: deque[str] = deque(maxlen=LINES_KEPT)
    try:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if say is not None:
                say(lines[-1])
        return process.wait(), list(lines)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _output(work: Path, graph: str, started: float) -> Path | None:
    """``<graph>.om``, or ``<graph>_linux_<arch>.om``; the newer of the two."""
    named = (*work.glob(f"{graph}.om"), *work.glob(f"{graph}_linux_*.om"))
    found = [p for p in named if p.stat().st_size]
    fresh = [p for p in found if p.stat().st_mtime >= started - 1]
    return max(fresh, key=lambda p: p.stat().st_mtime, default=None)


def _failed(job: AtcJob, code: int, output: Path | None, lines: list[str]) -> ExportError:
    text = "\n".join(lines)
    kind = recognised(text)
    made = "no .om file" if output is None else f"{output.name} (not kept)"
    return ExportError(
        f"atc failed on graph '{job.graph}' ({kind.name}): exit code {code}, {made}. "
        f"{kind.remedy}\nCommand: {' '.join(job.argv())}\nLast lines:\n{text}"
    )
