"""The parent's side of a child process that speaks JSON lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any, cast

from ... import errors
from ...errors import FartrackError

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


class ChildError(FartrackError):
    """A child process could not do what it was asked for."""


class ChildEndedError(ChildError):
    """A child process is not there, or no longer."""


class Child:
    """One process that answers requests.

    Args:
        command: program and arguments.
        name: for messages.
        threads: limit for numerical libraries, set before they are loaded.
    """

    def __init__(self, command: Sequence[str], name: str, threads: int | None = None) -> None:
        self.name = name
        self._unread = 0
        # A file, not a pipe: nobody reads it until something goes wrong.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        try:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                env=_environment(threads),
                text=True,
                encoding="utf-8",
                # Ctrl-C is the parent's to handle: it still has questions to ask.
                start_new_session=True,
            )
        except OSError as error:
            self._stderr.close()
            raise ChildEndedError(f"expected a program at {command[0]}: {error}") from error

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """One request and its answer.

        Answers that nobody fetched, because Ctrl-C came in between, are dropped first.

        Raises:
            ChildEndedError: there is nobody to ask.
            FartrackError: what the child raised, as the same class where it is one of ours.
        """
        while self._unread:
            self._read_line()
        self._send(do, arguments)
        return self._receive()

    def _send(self, do: str, arguments: dict[str, Any]) -> None:
        self._unread += 1
        try:
            pipe = cast(Any, self._process.stdin)
            pipe.write(json.dumps({"do": do, **arguments}) + "\n")
            pipe.flush()
        except (BrokenPipeError, OSError) as error:
            raise self._ended() from error

    def _read_line(self) -> str:
        line: str = cast(Any, self._process.stdout).readline()
        if not line:
            raise self._ended()
        self._unread -= 1
        return line

    def _receive(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._read_line())
        if "error" in answer:
            raise _as_ours(answer["kind"], f"{self.name}: {answer['error']}")
        return answer

    def close(self) -> None:
        """End the process; twice is fine."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._stderr):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue

    def _ended(self) -> ChildEndedError:
        status = self._process.wait()
        self._stderr.seek(0)
        tail = self._stderr.read()[-1500:].decode(errors="replace").strip()
        return ChildEndedError(f"{self.name}: its process ended with status {status}.\n{tail}")


def module_command(module: str) -> list[str]:
    """Runs a module of this package in this interpreter.

    Not by ``-m``, which looks in the working directory first: in a checkout a folder of
    the package's name lies there that is not the installed package.
    """
    root = __package__.rpartition(".")[0]
    code = (
        "import runpy, sys\n"
        "if sys.path[0] == '': del sys.path[0]\n"
        f"runpy.run_module('{root}.{module}', run_name='__main__', alter_sys=True)"
    )
    return [sys.executable, "-c", code]


def _environment(threads: int | None) -> Mapping[str, str]:
    limits = {} if threads is None else dict.fromkeys(THREAD_VARIABLES, str(threads))
    return {**os.environ, **limits}


def _as_ours(kind: str, message: str) -> FartrackError:
    found = getattr(errors, kind, None)
    ours = isinstance(found, type) and issubclass(found, FartrackError)
    if ours and "__init__" not in vars(found):
        return cast(FartrackError, cast(Any, found)(message))
    if kind in {"MissingDependencyError", "DeviceUnavailableError"}:
        return errors.RuntimeUnavailableError(message)
    return ChildError(message)
