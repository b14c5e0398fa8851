"""Where the numbers of a run go: the screen and TensorBoard."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..errors import MissingDependencyError
from .checkpoint import Progress as RunProgress
from .config import RunConfig
from .curve import Point


class ScreenReport:
    """A progress bar on stderr with the latest numbers; a context manager and a listener.

    Args:
        config: the run.
    """

    def __init__(self, config: RunConfig) -> None:
        self._stages = config.stages
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[numbers]}"),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("", total=None, numbers="")

    def __enter__(self) -> ScreenReport:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def __call__(self, progress: RunProgress) -> None:
        """Show where the run stands."""
        stage = self._stages[progress.stage]
        numbers = "  ".join(f"{k} {v:.4g}" for k, v in progress.scalars.items())
        self._bar.update(
            self._task,
            description=stage.name,
            completed=progress.step,
            total=stage.steps,
            numbers=numbers,
        )

    def validated(self, point: Point) -> None:
        """A line above the bar that stays."""
        scores = "  ".join(f"{name} {value:.3f}" for name, value in point.scores.items())
        self._bar.console.print(f"{point.samples} samples, validation: {scores}")


class TensorBoardReport:
    """A listener that writes scalars over samples seen.

    Args:
        folder: of the event files.

    Raises:
        MissingDependencyError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ModuleNotFoundError as error:
            raise MissingDependencyError("tensorboard", "train", "to log a run") from error
        self._writer = SummaryWriter(str(folder))

    def __call__(self, progress: RunProgress) -> None:
        """Write the scalars of the last steps."""
        for name, value in progress.scalars.items():
            self._writer.add_scalar(f"train/{name}", value, progress.samples)
        self._writer.flush()

    def validated(self, point: Point) -> None:
        """Write the scores of a validation pass."""
        for name, value in point.scores.items():
            self._writer.add_scalar(f"validation/{name}", value, point.samples)
        self._writer.flush()

    def close(self) -> None:
        """Close the event file."""
        self._writer.close()
