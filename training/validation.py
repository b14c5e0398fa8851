"""Real sequences, tracked from time to time while a run goes on, and the best weights so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ..atomic import PendingFile
from ..benchmarks.datasets import load_dataset
from ..errors import InputError
from .config import RunConfig, ValidationConfig
from .curve import CURVE_FILE, Point, read_curve, write_curve
from .evaluate import evaluate_checkpoint
from .export import save_released

BEST_FILE = "best.safetensors"


class Validation:
    """Tracks the sequences with the averaged weights; keeps the curve and the best weights.

    ``validation.csv`` and ``best.safetensors`` (highest AO) in the run's folder are up to
    date after each pass.

    Args:
        run: whose weights are measured.
        config: the sequences, and how often.
        samples: seen so far; later points of the curve belong to steps that were not saved
            and will be done again.

    Raises:
        InputError: there are no sequences with true boxes, or the curve cannot be read.
    """

    def __init__(self, run: RunConfig, config: ValidationConfig, samples: int) -> None:
        if not any(sequence.has_truth for sequence in load_dataset(config.sequences).sequences):
            raise InputError(
                "expected sequences with true boxes after their first frame, to validate on; "
                f"found none in {config.sequences}."
            )
        self._run, self._config = run, config
        self._listeners: tuple[Callable[[Point], None], ...] = ()
        file = run.out / CURVE_FILE
        known = read_curve(file) if file.is_file() else ()
        self._points = [point for point in known if point.samples <= samples]

    @property
    def best(self) -> Point | None:
        """The point with the highest AO, the first of equals."""
        return max(self._points, key=lambda point: point.ao, default=None)

    def listen(self, *listeners: Callable[[Point], None]) -> None:
        """Call these with every new point."""
        self._listeners += listeners

    def due(self, samples: int, batch: int) -> bool:
        """Whether a pass belongs after the step of ``batch`` samples that ends at ``samples``."""
        return samples // self._config.every > (samples - batch) // self._config.every

    def measure(self, tensors: Mapping[str, Tensor], samples: int) -> None:
        """Track every sequence once.

        Args:
            tensors: of `TrainableNet` by parameter name.
            samples: seen so far.
        """
        run, best = self._run, PendingFile(self._run.out / BEST_FILE, overwrite=True)
        try:
            source = f"fartrack_sdk.training, {samples} samples"
            save_released(tensors, best.part, run.variant, source=source)
            threads = torch.get_num_threads()
            found = evaluate_checkpoint(best.part, self._config.sequences, threads=threads)
            point = Point(samples, found.total.ao, found.total.sr50, found.total.auc)
            self._points.append(point)
            if self.best is point:
                best.commit()
        finally:
            best.discard()
        write_curve(run.out / CURVE_FILE, self._points)
        for listener in self._listeners:
            listener(point)
