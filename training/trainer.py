"""The training loop: stages, averaged weights, checkpoints from which it goes on exactly."""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from ..errors import ArtifactError, ConfigError, DeviceUnavailableError
from .average import AveragedWeights
from .bank import Bank
from .checkpoint import STATE_FILE, Progress, diverged, load_state, save_state
from .config import RunConfig, StageConfig
from .device_render import DeviceRenderer
from .losses import cosine_rate
from .net import TrainableNet
from .optimizer import make_optimizer
from .stage import Batch, Stage, make_stage
from .start import initialise
from .validation import Validation
from .warm_start import begin_from

Listener = Callable[[Progress], None]


class Trainer:
    """Trains one model through its stages.

    Built means ready: the constructor opens the bank, makes or loads the weights and
    stands at the step at which an earlier piece of the run was saved.

    Args:
        config: the run.
        listeners: called every ``log_every`` steps.

    Attributes:
        validation: what measures the weights as the run goes on; None unless it is asked for.

    Raises:
        ConfigError: there is no bank, or no compiler for a compiled run.
        InputError: there are no sequences to validate on.
        ArtifactError: the saved state belongs to another model.
        ConfigError: it belongs to a run with another seed, or with other stages so far.
        DeviceUnavailableError: the device is not there.
    """

    def __init__(self, config: RunConfig, listeners: Iterable[Listener] = ()) -> None:
        self.config = config
        if config.threads:
            torch.set_num_threads(config.threads)
        self._listeners = tuple(listeners)
        self._device = _device(config.device)
        self._bank = Bank.open(config.bank)
        self.net = TrainableNet(config.depth)
        initialise(self.net, config.seed)
        goes_on = (config.out / STATE_FILE).is_file()
        if config.init is not None and not goes_on:
            begin_from(config.init, self.net)
        self.net.to(self._device)
        on_device = config.draw_on == "device"
        self._renderer = DeviceRenderer(self._bank, self._device) if on_device else None
        if config.compiled:
            _require_compiler(self._device)
            for block in self.net.core.blocks:
                block.compile()
        self.average = AveragedWeights(self.net.parameters(), config.average)
        self._optimizer = make_optimizer(config, self.net)
        self._stop = False
        self.progress = Progress()
        if goes_on:
            self.progress = load_state(
                config, self.net, self.average, self._optimizer, self._device
            )
        self.validation: Validation | None = None
        if config.validation is not None:
            self.validation = Validation(config, config.validation, self.progress.samples)
        config.out.mkdir(parents=True, exist_ok=True)

    def run(self, max_steps: int | None = None) -> Progress:
        """Train to the end of the last stage, for ``max_steps`` steps, or until `stop`.

        Raises:
            ArtifactError: the run has diverged; the state saved last stays.
        """
        left = max_steps if max_steps is not None else 1 << 60
        progress = self.progress
        while progress.stage < len(self.config.stages) and left > 0 and not self._stop:
            config = self.config.stages[progress.stage]
            begin = progress.step
            self._run_stage(config, min(config.steps, begin + left))
            left -= progress.step - begin
            if progress.step >= config.steps:
                progress.stage, progress.step = progress.stage + 1, 0
        self.save()
        return progress

    def listen(self, *listeners: Listener) -> None:
        """Further listeners."""
        self._listeners += listeners

    def stop(self) -> None:
        """End the run after the step that is being done; its state is saved."""
        self._stop = True

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stop

    def save(self) -> None:
        """Write the state of the run."""
        save_state(self.config, self.net, self.average, self._optimizer, self.progress)

    def _run_stage(self, config: StageConfig, until: int) -> None:
        progress = self.progress
        self.net.freeze(config.frozen)
        seed, index = self.config.seed, progress.stage
        stage = make_stage(config, self._bank, seed, index, self._renderer)
        stream = stage.batches(progress.step, until - progress.step, self.config.workers)
        logged: list[dict[str, Tensor]] = []
        clock = saved = time.monotonic()
        for batch in stream:
            waited = time.monotonic() - clock
            scalars = self._step(config, stage, batch)
            now = time.monotonic()
            share = torch.tensor(waited / max(now - clock, 1e-9))
            logged.append({**scalars, "waiting": share})
            progress.seconds += now - clock
            clock = now
            if progress.step % self.config.log_every == 0 or progress.step == until:
                self._report(logged)
            if self._validated(config):
                clock = time.monotonic()
            if now - saved > self.config.save_seconds:
                self.save()
                saved = now
            if self._stop:
                break

    def _step(self, config: StageConfig, stage: Stage, batch: Batch) -> dict[str, Tensor]:
        """One optimizer step; returns scalars on the device."""
        self._set_rate(config)
        self.net.train()
        loss, scalars = stage.loss(self.net, batch, self._device, self.config.amp)
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.config.clip)
        self._optimizer.step()
        self.average.update()
        self.progress.step += 1
        self.progress.samples += config.batch
        return scalars

    def _validated(self, stage: StageConfig) -> bool:
        """Measure the averaged weights, if it is time to."""
        samples, ends = self.progress.samples, self.progress.step == stage.steps
        if self.validation is None or not (ends or self.validation.due(samples, stage.batch)):
            return False
        self.save()
        names = (name for name, _ in self.net.named_parameters())
        self.validation.measure(dict(zip(names, self.average.values, strict=True)), samples)
        return True

    def _set_rate(self, config: StageConfig) -> None:
        step = self.progress.step
        rate = config.rate * min(1.0, (step + 1) / max(1, config.warmup))
        rate *= cosine_rate(step / config.steps, config.floor)
        self._optimizer.rate = rate

    def _report(self, logged: list[dict[str, Tensor]]) -> None:
        names = logged[-1].keys()
        means = {n: float(torch.stack([s[n] for s in logged]).mean()) for n in names}
        if not math.isfinite(means["loss"]):
            raise ArtifactError(diverged(self.config, "the losses"))
        means["rate"] = self._optimizer.rate
        self.progress.scalars = means
        logged.clear()
        for listener in self._listeners:
            listener(self.progress)


def _require_compiler(device: torch.device) -> None:
    """torch.compile calls a C++ compiler; say so before the first step does."""
    wanted = [os.environ.get("CXX", "c++"), "g++", "clang++"]
    if device.type == "cpu" and not any(shutil.which(name) for name in wanted):
        raise ConfigError(
            "compiled = true: expected a C++ compiler (c++, g++, clang++ or $CXX); found none. "
            "Install one, for example with: apt install g++. Or set compiled to false."
        )


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ConfigError(f"device = {name!r}: expected cpu, cuda or cuda:N.") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise DeviceUnavailableError(name, "cpu", "Set device to cpu, or install a CUDA build.")
    return device
