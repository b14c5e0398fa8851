"""What a device would answer with a crash or with garbage."""

from __future__ import annotations


class FakeAclViolation(AssertionError):  # noqa: N818
    """A call that is undefined behaviour on a device."""


class Violations(list[str]):
    """All violations so far; ``add`` records one and raises it."""

    def add(self, text: str) -> None:
        """Record and raise."""
        self.append(text)
        raise FakeAclViolation(text)

    def note(self, text: str) -> None:
        """Record without raising: the device would go on, our own rules would not."""
        self.append(text)
