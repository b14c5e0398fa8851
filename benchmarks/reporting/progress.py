"""Progress on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console


class Progress(Protocol):
    """Told after every step."""

    def __call__(self, done: int, total: int, what: str) -> None:
        """``done`` of ``total`` steps; ``what`` was the last."""
        ...


def silent(done: int, total: int, what: str) -> None:
    """Progress nobody looks at."""


@contextmanager
def bar(console: Console, title: str) -> Iterator[Progress]:
    """A progress bar for as long as the context lasts.

    Args:
        console: on stderr.
        title: before the bar.

    Yields:
        The function to call after each step.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[what]}", markup=False),
    ]
    with RichProgress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(title, total=None, what="")

        def step(done: int, total: int, what: str) -> None:
            """Move the bar."""
            shown.update(task, completed=done, total=total, what=what)

        yield step
