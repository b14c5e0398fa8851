"""``fartrack-bench``: speed, accuracy, comparison, endurance and environment."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ..cli.common import make_app
from .commands.accuracy import accuracy
from .commands.compare import compare
from .commands.env import env
from .commands.soak import soak
from .commands.speed import speed
from .commands.spread import spread

SUMMARY = (
    "Measure a tracker as a user meets it: speed with every stage, accuracy of the same file, "
    "others beside it, endurance. Without a sub-command: speed.\n\n"
    "Exit codes: 0 ok, 1 unexpected, 2 usage or bad input, 3 missing package or device, "
    "4 accuracy gate, 5 performance gate, 130 interrupted."
)
DEFAULT = "speed"

app = make_app(SUMMARY)
for function in (speed, accuracy, compare, soak, env):
    app.command()(spread(function))


@app.callback(help=SUMMARY)
def _group() -> None:
    """Keeps the sub-commands even when there is only one."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the command.

    Args:
        arguments: by default those of the process.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    app(args=with_default(given), prog_name="fartrack-bench")


def with_default(arguments: list[str]) -> list[str]:
    """``fartrack-bench --device cpu`` means ``fartrack-bench speed --device cpu``."""
    if arguments and (not arguments[0].startswith("-") or arguments[0] in {"-h", "--help"}):
        return arguments
    return [DEFAULT, *arguments]


if __name__ == "__main__":
    main()
