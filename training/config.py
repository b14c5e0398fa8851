"""Everything a training run is told, as frozen values with no I/O."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """A frozen value that refuses unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DataConfig(Frozen):
    """What pairs look like. World unit: the square root of the target's area.

    Attributes:
        search_size, template_size: crops in pixels; the crops span 4 and 2 units.
        num_templates: template slots per sample, in the order of the history.
        real_share: share of pairs whose target is a boxed object in its own photo; the
            others are pasted objects.
        cut_share: share of pasted objects that were cut out of photos.
        near_share: share of searches with small motion, the rest with large.
        near_motion, far_motion: standard deviation of the target's offset, units.
        scale_jitter: standard deviation of the log of the search crop's scale error.
        window: side in patches of the part of the search crop that is rendered and
            given to the network (0: all of it). Positions stay those of the full crop.
        template_keep: tokens per template that are given to the network, the centre and
            a random rest, as pruning leaves them (0: all).
    """

    search_size: int = Field(default=128, multiple_of=16, gt=0)
    template_size: int = Field(default=64, multiple_of=16, gt=0)
    num_templates: int = Field(default=1, ge=1, le=5)
    real_share: float = Field(default=0.45, ge=0.0, le=1.0)
    cut_share: float = Field(default=0.5, ge=0.0, le=1.0)
    near_share: float = Field(default=0.6, ge=0.0, le=1.0)
    near_motion: float = Field(default=0.2, ge=0.0)
    far_motion: float = Field(default=0.6, ge=0.0)
    scale_jitter: float = Field(default=0.18, ge=0.0)
    window: int = Field(default=0, ge=0)
    template_keep: int = Field(default=0, ge=0)


class LossConfig(Frozen):
    """Weights of the losses; see `losses`."""

    coordinates: float = 1.0
    siou: float = 2.0
    distance: float = 5.0
    inside: float = 2.0
    matches: float = 2.0
    focus: float = 0.5
    distill: float = 0.0
    sigma: float = Field(default=4.0, gt=0.0)


class StageConfig(Frozen):
    """One stage of a run: data, losses and length.

    Attributes:
        name: for logs.
        samples: training samples the stage sees; the schedule is laid out over them.
        batch: samples a step.
        rate: peak learning rate.
        warmup: steps of linear warm-up.
        floor: share of the peak rate that is left at the end.
        predict_from: first layer (from 0) that predicts; None: the last alone.
    """

    name: str = "pretrain"
    samples: int = Field(default=100_000, gt=0)
    batch: int = Field(default=64, gt=0)
    rate: float = Field(default=5e-4, gt=0.0)
    warmup: int = Field(default=300, ge=0)
    floor: float = Field(default=0.01, ge=0.0, le=1.0)
    predict_from: int | None = None
    data: DataConfig = DataConfig()
    loss: LossConfig = LossConfig()


class RunConfig(Frozen):
    """A whole run.

    Attributes:
        out: folder for checkpoints and logs.
        bank: packed bank.
        depth: encoder layers (6 pico, 10 nano, 15 tiny).
        stages: in order; each goes on with the weights of the one before.
        seed: of start values and of the sample stream.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        amp: bfloat16 autocast.
        compiled: whether blocks go through torch.compile.
        workers: processes that make samples.
        threads: threads of the training process (0: torch's choice).
        average: decay of the averaged weights per step.
        save_seconds: time between checkpoints.
    """

    out: Path
    bank: Path
    depth: int = Field(default=6, ge=1, le=15)
    stages: tuple[StageConfig, ...] = (StageConfig(),)
    seed: int = 0
    device: str = "cpu"
    amp: bool = True
    compiled: bool = False
    workers: int = Field(default=1, ge=0)
    threads: int = Field(default=0, ge=0)
    weight_decay: float = 0.05
    clip: float = 1.0
    average: float = 0.999
    save_seconds: float = 120.0
    log_every: int = 50
