"""The ``acl`` module of CANN behind checked calls.

Rules of that module: arguments are positional plain ``int`` and ``str``; the return code
comes last in a tuple, or alone; some functions return a bare handle, 0 on failure.
"""

from __future__ import annotations

import importlib
import logging
from functools import reduce
from types import ModuleType
from typing import Any

from ...errors import RuntimeUnavailableError
from .codes import SUCCESS
from .errors import AclError, failure

logger = logging.getLogger(__name__)
ENVIRONMENT = (
    "Run 'source /usr/local/Ascend/ascend-toolkit/set_env.sh' (CANN 8.5 and newer: "
    "/usr/local/Ascend/cann/set_env.sh) in the same shell, then start again."
)


def load_acl() -> Acl:
    """CANN's module.

    Raises:
        RuntimeUnavailableError: it is not on the path, lacks its libraries, or a foreign
            package of that name was imported.
    """
    try:
        module = importlib.import_module("acl")
    except ImportError as error:
        raise RuntimeUnavailableError(
            f"expected CANN's Python module 'acl'; importing it failed: {error}. {ENVIRONMENT}"
        ) from error
    if not (hasattr(module, "rt") and hasattr(module, "mdl")):
        place = getattr(module, "__file__", None) or "an empty module"
        raise RuntimeUnavailableError(
            f"expected CANN's module 'acl' with acl.rt and acl.mdl; {place} is not the CANN acl. "
            f"Remove PyPI packages of that name (pip uninstall acl pyacl). {ENVIRONMENT}"
        )
    return Acl(module)


class Acl:
    """Calls by name, each return code checked.

    Args:
        module: CANN's, or a fake.
    """

    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def has(self, name: str) -> bool:
        """Whether this release of CANN has the function, for example ``rt.malloc``."""
        group, _, function = name.rpartition(".")
        return hasattr(getattr(self.module, group) if group else self.module, function)

    def raw(self, name: str, *args: int | str) -> Any:
        """Whatever the function returns."""
        function = reduce(getattr, name.split("."), self.module)
        return function(*args)  # type: ignore[operator]

    def ok(self, name: str, *args: int | str) -> None:
        """A function that returns its code alone.

        Raises:
            AclError: the code is not 0.
        """
        self._check(name, int(self.raw(name, *args)))

    def value(self, name: str, *args: int | str) -> Any:
        """What a function returns before its code.

        Raises:
            AclError: the code is not 0.
        """
        value, code = self.raw(name, *args)
        self._check(name, int(code))
        return value

    def number(self, name: str, *args: int | str, failed: int = 0) -> int:
        """A bare handle, count, size or kind.

        Args:
            name: of the function.
            *args: its arguments.
            failed: what it returns on failure.

        Raises:
            AclError: it is that.
        """
        number = int(self.raw(name, *args))
        if number == failed:
            raise self.failed(name, number)
        return number

    def failed(self, name: str, code: int = 0) -> AclError:
        """The error of a call, with what CANN says about it."""
        return failure(f"acl.{name}", code, self._said())

    def release(self, name: str, *args: int | str) -> None:
        """Give something back; a failure is logged, because nobody can act on it."""
        code = int(self.raw(name, *args))
        if code != SUCCESS:
            logger.warning("%s", self.failed(name, code))

    def _check(self, name: str, code: int) -> None:
        if code != SUCCESS:
            raise self.failed(name, code)

    def _said(self) -> str | None:
        if not self.has("get_recent_err_msg"):
            return None
        text: str | None = self.raw("get_recent_err_msg")
        return text
