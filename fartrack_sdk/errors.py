"""Every error the SDK raises on purpose.

::

    FartrackError
    ├── InputError (ValueError)        a frame, box or source that cannot be used
    ├── ConfigError (ValueError)       an option or a combination of options that has no meaning
    ├── StateError                     calls in the wrong order, or after close()
    ├── ArtifactError                  a model file that is damaged, foreign or unsafe
    ├── InferenceError                 a runtime gave something no box can be made of
    ├── RuntimeUnavailableError
    │   ├── MissingDependencyError     a package is not installed (says the pip command)
    │   └── DeviceUnavailableError     a named device or provider is not active
    ├── ExportError                    a graph could not be written
    ├── ParityError                    an exported model disagrees with its source
    └── CalibrationError               quantisation could not be calibrated

Each message says what was expected, what came, and what to do.
"""

from __future__ import annotations

from typing import Any


class FartrackError(Exception):
    """Root of all errors raised on purpose by this package."""


class InputError(FartrackError, ValueError):
    """A frame, box or video source that cannot be used."""


class ConfigError(FartrackError, ValueError):
    """An option, or a combination of options, that has no meaning."""


class StateError(FartrackError):
    """A call in the wrong order (``track`` before ``init``) or after ``close``."""


class ArtifactError(FartrackError):
    """A checkpoint or exported model that is damaged, foreign or unsafe."""


class InferenceError(FartrackError):
    """A runtime returned values from which no box can be made (for example NaN)."""


class RuntimeUnavailableError(FartrackError):
    """A runtime cannot be used on this machine."""


class MissingDependencyError(RuntimeUnavailableError):
    """A package that this feature needs is not installed."""

    def __init__(self, package: str, extra: str, purpose: str = "") -> None:
        self.package = package
        self.extra = extra
        self.purpose = purpose
        needed = f" ({purpose})" if purpose else ""
        super().__init__(
            f"The package '{package}' is needed{needed} and is not installed. "
            f"Install it with: pip install 'fartrack-sdk[{extra}]'"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Travels between processes with its parts, not with its message."""
        return type(self), (self.package, self.extra, self.purpose)


class DeviceUnavailableError(RuntimeUnavailableError):
    """A device or provider asked for by name is not active."""

    def __init__(self, asked: str, found: str, remedy: str) -> None:
        self.asked = asked
        self.found = found
        self.remedy = remedy
        super().__init__(f"Device '{asked}' is not available. Found: {found}. {remedy}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Travels between processes with its parts, not with its message."""
        return type(self), (self.asked, self.found, self.remedy)


class ExportError(FartrackError):
    """A graph could not be exported."""


class ParityError(FartrackError):
    """An exported model does not agree with the model it was made from."""

    def __init__(self, message: str, report: Any = None) -> None:
        self.report = report
        super().__init__(message)


class CalibrationError(FartrackError):
    """Quantisation could not be calibrated."""
