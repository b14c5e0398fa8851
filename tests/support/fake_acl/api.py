"""How a fake function is declared and called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .signature import parse

if TYPE_CHECKING:
    from .board import FakeBoard

NO_CONTEXT = 107002
FAILURES: dict[str, Callable[[int], Any]] = {
    "ret": lambda code: code,
    "pair": lambda code: (0, code),
    "triple": lambda code: (0, 0, code),
    "version": lambda code: (0, 0, 0, code),
    "dims": lambda code: ({}, code),
    "aipp": lambda code: (None, code),
    "handle": lambda code: 0,
    "count": lambda code: 0,
    "kind": lambda code: -1,
    "name": lambda code: "",
    "text": lambda code: None,
    "value": lambda code: None,
}
"""Return value of a failed call, by the shape of what the function returns."""


@dataclass(frozen=True)
class Declaration:
    """The rules that hold before a function's own work."""

    codes: str
    shape: str
    context: bool
    init: bool
    releases: bool


def api(
    codes: str = "",
    shape: str = "ret",
    context: bool = False,
    init: bool = True,
    releases: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a method as a function of the module.

    Args:
        codes: of the arguments, see `signature`.
        shape: of what it returns, a key of `FAILURES`.
        context: whether the thread needs a current context.
        init: whether ``acl.init`` must have been called.
        releases: whether an injected failure still releases the object.
    """

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        method.declaration = Declaration(codes, shape, context, init, releases)
        return method

    return mark


def functions(board: FakeBoard, group: Any, prefix: str) -> dict[str, Callable[..., Any]]:
    """The functions of a group, ready for a module object."""
    return {
        name: _function(board, getattr(group, name), f"{prefix}.{name}")
        for name in dir(type(group))
        if hasattr(getattr(type(group), name), "declaration")
    }


def _function(board: FakeBoard, method: Any, name: str) -> Callable[..., Any]:
    rules: Declaration = method.declaration

    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            raise TypeError(f"{name}() takes no keyword arguments")
        values = parse(name, rules.codes, args)
        board.entered(name, rules.init)
        code = board.faults.due(name)
        if code is not None:
            if rules.releases:
                method(*values)
            return board.failed(rules.shape, code, name)
        if rules.init and not board.initialised:
            return board.failed(rules.shape, 100001, name)
        if rules.context and board.contexts.current is None:
            return board.failed(rules.shape, NO_CONTEXT, name)
        return method(*values)

    call.__name__ = call.__qualname__ = name
    return call
