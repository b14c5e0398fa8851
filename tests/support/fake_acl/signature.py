"""Argument parsing as pyACL's C code does it: positional, exact types, silent wrapping.

====  =============================================  ============================
code  accepts                                        result
====  =============================================  ============================
k K   ``int`` (no numpy integer, no float)           modulo 2**64
I     ``int`` or an object with ``__index__``        modulo 2**32
i     the same                                       must fit into int32
s     ``str`` without NUL                            as it is
O     anything                                       as it is
====  =============================================  ============================
"""

from __future__ import annotations

import operator
from typing import Any


def parse(function: str, codes: str, args: tuple[Any, ...]) -> list[Any]:
    """The arguments as C sees them; ``|`` starts the optional ones.

    Raises:
        TypeError: ``acl.<fn> args parse failed``.
    """
    required, _, optional = codes.partition("|")
    if not codes:
        return []
    wanted = (required + optional)[: max(len(args), len(required))]
    if len(args) != len(wanted):
        raise _failed(function)
    return [_one(function, code, value) for code, value in zip(wanted, args, strict=True)]


def _one(function: str, code: str, value: Any) -> Any:
    if code == "s":
        if not isinstance(value, str) or "\0" in value:
            raise _failed(function)
        return value
    if code in "kK":
        if not isinstance(value, int):
            raise _failed(function)
        return int(value) % 2**64
    if code in "iI":
        return _index(function, code, value)
    return value


def _index(function: str, code: str, value: Any) -> int:
    try:
        number = operator.index(value)
    except TypeError as error:
        raise _failed(function) from error
    if code == "I":
        return number % 2**32
    if not -(2**31) <= number < 2**31:
        raise _failed(function)
    return number


def _failed(function: str) -> TypeError:
    return TypeError(f"{function} args parse failed")
