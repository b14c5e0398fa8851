"""The training loop: stages, averaged weights, checkpoints from which it goes on exactly."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from ..errors import ArtifactError
from .bank import Bank
from .config import RunConfig, StageConfig
from .losses import cosine_rate
from .net import PATCH, TrainableNet, initialise
from .objective import pair_objective
from .pairs import PairDataset, Sample, to_device
from .stream import batches

STATE_FILE = "state.pt"
Listener = Callable[["Progress"], None]


@dataclass
class Progress:
    """Where a run stands.

    Attributes:
        stage: index of the stage.
        step: steps done in the stage.
        samples: samples seen in all stages.
        seconds: time spent in training, over all pieces of the run.
        scalars: mean of the logged numbers since the last report.
    """

    stage: int = 0
    step: int = 0
    samples: int = 0
    seconds: float = 0.0
    scalars: dict[str, float] = field(default_factory=dict)


class Trainer:
    """Trains one model through its stages.

    Built means ready: the constructor opens the bank, makes or loads the weights and
    stands at the step where an earlier piece of the run was stopped.

    Args:
        config: the run.
        listener: called every ``log_every`` steps and at every checkpoint.
    """

    def __init__(self, config: RunConfig, listener: Listener | None = None) -> None:
        self.config = config
        if config.threads:
            torch.set_num_threads(config.threads)
        self._listener = listener
        self._bank = Bank.open(config.bank)
        self._device = torch.device(config.device)
        self.progress = Progress()
        self.net = TrainableNet(config.depth)
        initialise(self.net, config.seed)
        self.net.to(self._device)
        self.average = [p.detach().clone() for p in self.net.parameters()]
        self._optimizer = torch.optim.AdamW(
            self.net.parameters(),
            lr=1e-3,
            betas=(0.9, 0.98),
            weight_decay=config.weight_decay,
            fused=True,
        )
        config.out.mkdir(parents=True, exist_ok=True)
        if (config.out / STATE_FILE).is_file():
            self._resume(config.out / STATE_FILE)

    def run(self, max_steps: int | None = None) -> Progress:
        """Train to the end of the last stage, or for at most ``max_steps`` steps."""
        left = max_steps if max_steps is not None else 1 << 60
        while self.progress.stage < len(self.config.stages) and left > 0:
            stage = self.config.stages[self.progress.stage]
            total = stage.samples // stage.batch
            left -= self._run_stage(stage, min(total, self.progress.step + left))
            if self.progress.step >= total:
                self.progress.stage, self.progress.step = self.progress.stage + 1, 0
        self.save()
        return self.progress

    def _run_stage(self, stage: StageConfig, until: int) -> int:
        self.net.first_predicting = (
            self.config.depth - 1 if stage.predict_from is None else stage.predict_from
        )
        begin = self.progress.step
        seed = self.config.seed * 1000 + self.progress.stage
        dataset = PairDataset(self._bank, stage.data, seed)
        stream = batches(
            dataset, begin * stage.batch, stage.batch, until - begin, self.config.workers
        )
        logged: list[dict[str, Tensor]] = []
        clock = saved = time.monotonic()
        for batch in stream:
            logged.append(self._step(stage, batch))
            now = time.monotonic()
            self.progress.seconds += now - clock
            clock = now
            if self.progress.step % self.config.log_every == 0:
                self._report(logged)
            if now - saved > self.config.save_seconds:
                self.save()
                saved = now
        return until - begin

    def _step(self, stage: StageConfig, batch: Sample) -> dict[str, Tensor]:
        """One optimizer step; returns scalars on the device."""
        progress, config = self.progress, self.config
        rate = stage.rate * min(1.0, (progress.step + 1) / max(1, stage.warmup))
        rate *= cosine_rate(progress.step * stage.batch / stage.samples, stage.floor)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self.net.train()
        grid = stage.data.search_size // PATCH
        moved = to_device(batch, self._device)
        context = torch.autocast(self._device.type, torch.bfloat16) if config.amp else nullcontext()
        with context:
            outputs = self.net(
                moved["templates"], moved["kept"], moved["search"], moved["corner"], grid
            )
        loss, scalars = pair_objective(outputs, moved, grid, stage.loss)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), config.clip)
        self._optimizer.step()
        self._average()
        progress.step += 1
        progress.samples += stage.batch
        return scalars

    @torch.no_grad()
    def _average(self) -> None:
        seen = self._steps_seen = getattr(self, "_steps_seen", 0) + 1
        decay = min(self.config.average, (1 + seen) / (10 + seen))
        current = [p.detach() for p in self.net.parameters()]
        torch._foreach_lerp_(self.average, current, 1.0 - decay)

    def _report(self, logged: list[dict[str, Tensor]]) -> None:
        names = logged[-1].keys()
        means = {n: float(torch.stack([s[n] for s in logged]).mean()) for n in names}
        self.progress.scalars = means
        logged.clear()
        if self._listener is not None:
            self._listener(self.progress)

    def save(self) -> None:
        """Write everything that `_resume` needs, replacing the last state at once."""
        path = self.config.out / STATE_FILE
        state = {
            "net": self.net.state_dict(),
            "average": self.average,
            "optimizer": self._optimizer.state_dict(),
            "steps_seen": getattr(self, "_steps_seen", 0),
            "progress": {
                "stage": self.progress.stage,
                "step": self.progress.step,
                "samples": self.progress.samples,
                "seconds": self.progress.seconds,
            },
        }
        fresh = path.with_suffix(".tmp")
        torch.save(state, fresh)
        fresh.replace(path)

    def _resume(self, path: Path) -> None:
        state = torch.load(path, map_location=self._device, weights_only=True)
        try:
            self.net.load_state_dict(state["net"])
        except RuntimeError as error:
            raise ArtifactError(f"{path} belongs to another network: {error}") from error
        self.average = [p.to(self._device) for p in state["average"]]
        self._optimizer.load_state_dict(state["optimizer"])
        self._steps_seen = int(state["steps_seen"])
        self.progress = Progress(**state["progress"])
