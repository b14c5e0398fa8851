"""Requests and answers as JSON lines between a parent and its child process.

Only the standard library: a child may run in another interpreter, without this package.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

Handler = Callable[[dict[str, Any]], dict[str, Any]]


def serve(handlers: dict[str, Handler]) -> None:
    """Answer requests until stdin ends.

    A request is ``{"do": NAME, ...}``; the answer is what the handler returns, or
    ``{"error": TEXT, "kind": CLASS}``. Whatever libraries print goes to stderr.

    Args:
        handlers: by the name of what is asked for.
    """
    answers = _own_stdout()
    for line in sys.stdin:
        request = json.loads(line)
        answers.write(json.dumps(_answer(handlers, request)) + "\n")
        answers.flush()


def _answer(handlers: dict[str, Handler], request: dict[str, Any]) -> dict[str, Any]:
    try:
        return handlers[request.pop("do")](request)
    except Exception as error:
        return {"error": str(error), "kind": type(error).__name__}


def _own_stdout() -> TextIO:
    """The real stdout; from now on descriptor 1 is stderr."""
    kept = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return kept
