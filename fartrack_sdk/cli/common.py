"""What every command shares: exit codes, error messages, consoles, parsing of values.

Results go to stdout, progress and messages to stderr. A command's body runs inside
``reported(verbose)``, which turns the error tree into one paragraph and an exit code.
"""

from __future__ import annotations

import io
import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TextIO

import typer

from ..boxes import Box
from ..errors import (
    ArtifactError,
    ConfigError,
    FartrackError,
    InputError,
    ParityError,
    RuntimeUnavailableError,
)

if TYPE_CHECKING:
    from rich.console import Console

DEBUG_VARIABLE = "FARTRACK_DEBUG"
PRESET_HELP = (
    "MixFormerV2: search factor and update interval of the results published on a benchmark: "
    "lasot [default], trackingnet, got10k, vot2020, vot2020lt, or video."
)
VERBOSE_HELP = f"Show the traceback of an error (also: {DEBUG_VARIABLE}=1)."


class ExitCode(IntEnum):
    """What a command's exit status means."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    UNAVAILABLE = 3
    GATE = 4
    PERFORMANCE = 5
    INTERRUPTED = 130


_CODES: tuple[tuple[type[BaseException], ExitCode], ...] = (
    (InputError, ExitCode.USAGE),
    (ConfigError, ExitCode.USAGE),
    (ArtifactError, ExitCode.USAGE),
    (RuntimeUnavailableError, ExitCode.UNAVAILABLE),
    (ParityError, ExitCode.GATE),
    (KeyboardInterrupt, ExitCode.INTERRUPTED),
)

EXIT_CODES_HELP = (
    "Exit codes: 0 ok, 1 unexpected, 2 usage or bad input, "
    "3 missing package or device, 130 interrupted."
)


def exit_code(error: BaseException) -> ExitCode:
    """The exit status that stands for an error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.UNEXPECTED)


def make_app(summary: str) -> typer.Typer:
    """A Typer application with the house's settings; register one command on it."""
    return typer.Typer(
        help=summary,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )


@contextmanager
def reported(verbose: bool = False) -> Iterator[None]:
    """Run a command's body; errors become a message on stderr and an exit status.

    Args:
        verbose: let the traceback through to stderr as well.

    Raises:
        typer.Exit: with the status from ``exit_code``.
    """
    _escape_what_cannot_be_printed()
    try:
        yield
    except BrokenPipeError:
        _silence_if_closed(sys.stdout)
        raise typer.Exit(ExitCode.UNEXPECTED) from None
    except KeyboardInterrupt as error:
        if isinstance(error.__cause__, FartrackError):
            _explain(error.__cause__, verbose)
        say("Interrupted.")
        _silence_if_closed(sys.stdout)
        _silence_if_closed(sys.stderr)
        raise typer.Exit(exit_code(error)) from None
    except Exception as error:
        # Typer's own exceptions (usage errors, exits) carry their status.
        if isinstance(error, typer.Exit | typer.Abort) or hasattr(error, "exit_code"):
            raise
        _explain(error, verbose)
        raise typer.Exit(exit_code(error)) from None


def _explain(error: Exception, verbose: bool) -> None:
    if verbose or os.environ.get(DEBUG_VARIABLE, "") not in {"", "0"}:
        import traceback

        say("".join(traceback.format_exception(error)).rstrip())
    if isinstance(error, FartrackError):
        say(f"Error: {error}", style="red")
        return
    say(
        f"Unexpected {type(error).__name__}: {error}\n"
        "This is not an error that the SDK foresaw. Run again with --verbose for the traceback.",
        style="red",
    )


def _escape_what_cannot_be_printed() -> None:
    """A name that the terminal's encoding lacks must not fail a run that is done."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _silence_if_closed(stream: TextIO | None) -> None:
    """Keep the interpreter from failing on a closed pipe or terminal when it exits."""
    if stream is None:  # a process that was started without it
        return
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def stderr_console() -> Console:
    """Console for progress and messages."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def stdout_console() -> Console:
    """Console for results."""
    from rich.console import Console

    return Console(highlight=False)


def say(message: str, style: str | None = None) -> None:
    """One message on stderr, printed literally: brackets are no markup, lines do not wrap."""
    # Where the terminal is gone nobody reads it, and files may still have to be finished.
    with suppress(OSError):
        stderr_console().print(message, style=style, markup=False, soft_wrap=True)


def emit_json(value: Mapping[str, Any]) -> None:
    """One JSON object on one line of stdout, flushed at once."""
    sys.stdout.write(json.dumps(value, allow_nan=False, separators=(", ", ": ")) + "\n")
    sys.stdout.flush()


def command_line(arguments: Sequence[str | os.PathLike[str]]) -> str:
    """Arguments as a line that can be pasted into a shell."""
    return shlex.join(os.fspath(argument) for argument in arguments)


def parse_box(text: str) -> Box:
    """A box from ``x,y,w,h`` (commas, spaces or both).

    Args:
        text: four numbers in pixels of the full frame.

    Returns:
        The box; it is checked against the frame later, when there is one.

    Raises:
        InputError: not four numbers.
    """
    parts = text.replace(",", " ").split()
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if len(values) != 4:
        raise InputError(
            f"expected a box as x,y,w,h in pixels, for example 120,80,64,48; got {text!r}."
        )
    return Box(*values)
