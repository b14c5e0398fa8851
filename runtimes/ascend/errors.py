"""Failed ACL calls as exceptions."""

from __future__ import annotations

from ...errors import ArtifactError, RuntimeUnavailableError
from .codes import MODEL_CODES, meaning


class AclError(RuntimeUnavailableError):
    """A call of CANN's ``acl`` failed.

    Attributes:
        function: for example ``acl.rt.malloc``.
        code: its return code, or what a function without one returns on failure: 0 or -1.
    """

    def __init__(self, function: str, code: int, detail: str | None = None) -> None:
        self.function, self.code = function, code
        name, remedy = meaning(code)
        said = f" CANN says: {detail.strip()}." if detail else ""
        super().__init__(f"{function} failed, ret={code} ({name}).{said} {remedy}")


class AclModelError(AclError, ArtifactError):
    """CANN refused the ``.om`` file."""


def failure(function: str, code: int, detail: str | None) -> AclError:
    """The exception for a failed call."""
    kind = AclModelError if code in MODEL_CODES else AclError
    return kind(function, code, detail)
