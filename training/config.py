"""Everything a training run is told, as frozen values with no I/O."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..families.fartrack.config import VARIANT_DEPTHS

SourceKind = Literal["photos", "centred", "objects"]
StageKind = Literal["pretrain", "distill", "sequence"]
Variant = Literal["tiny", "nano", "pico"]


class Frozen(BaseModel):
    """A frozen value that refuses unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceConfig(Frozen):
    """A zip or folder of images, and what it holds (see `bank`)."""

    path: Path
    kind: SourceKind


class DataConfig(Frozen):
    """What pairs look like. World unit: the square root of the target's area.

    Attributes:
        search_size: search crop in pixels; it spans 4 units.
        template_size: template crop in pixels; it spans 2 units.
        num_templates: templates per sample, out of the five slots of the memory.
        real_share: share of pairs whose target is part of its own photo; the others are
            pasted objects.
        region_share: share of those that are any piece of a photo, not a boxed object.
        cut_share: share of pasted objects that were cut out of photos.
        near_share: share of searches with small motion, the rest with large.
        near_motion: standard deviation of a small offset of the target, units.
        far_motion: the same of a large one.
        stretch: standard deviation of what is added to the log aspect of targets. Boxes of
            photos and drawn objects are squarer than people and animals upright: without it,
            a tracker makes long boxes too square.
        scale_jitter: standard deviation of the log of the search crop's scale error.
        template_error: mean of the misplacement (units) and log scale error of templates
            after the first, which sit on the tracker's own boxes. Too small, and a
            tracker drifts away on its own templates.
        wrong_share: share of templates after the first that missed the target.
        window: side in patches of the part of the search crop that is rendered and
            given to the network (0: all of it). Positions stay those of the full crop.
        template_keep: tokens per template that are given to the network, the centre and
            a random rest, as pruning leaves them (0: all).
    """

    search_size: int = Field(default=128, multiple_of=16, gt=0)
    template_size: int = Field(default=64, multiple_of=16, gt=0)
    num_templates: int = Field(default=1, ge=1, le=5)
    real_share: float = Field(default=0.45, ge=0.0, le=1.0)
    region_share: float = Field(default=0.2, ge=0.0, le=1.0)
    cut_share: float = Field(default=0.5, ge=0.0, le=1.0)
    near_share: float = Field(default=0.6, ge=0.0, le=1.0)
    near_motion: float = Field(default=0.2, ge=0.0)
    far_motion: float = Field(default=0.6, ge=0.0)
    stretch: float = Field(default=0.45, ge=0.0)
    scale_jitter: float = Field(default=0.2, ge=0.0)
    template_error: float = Field(default=0.12, ge=0.0)
    wrong_share: float = Field(default=0.06, ge=0.0, le=1.0)
    window: int = Field(default=0, ge=0)
    template_keep: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _inside_the_crops(self) -> DataConfig:
        if self.window > self.search_size // 16:
            raise ValueError(f"window ({self.window}) exceeds the search crop's patches")
        if self.template_keep > (self.template_size // 16) ** 2:
            raise ValueError(f"template_keep ({self.template_keep}) exceeds the template's tokens")
        return self


class ClipConfig(Frozen):
    """Clips for training on sequences.

    Attributes:
        frames: tracked frames after the first.
        size: side of a frame in pixels; it shows 6 units.
        keys: key frames between which everything moves.
        occluded: share of frames with something over the target.
        kept_tokens: tokens that stay of a template once it is not the newest.
    """

    frames: int = Field(default=8, ge=2)
    size: int = Field(default=320, ge=64)
    keys: int = Field(default=3, ge=2)
    occluded: float = Field(default=0.1, ge=0.0, le=1.0)
    kept_tokens: int = Field(default=37, ge=1, le=49)


class LossConfig(Frozen):
    """Weights of the losses; see `losses`. ``sigma`` is the soft targets' width in bins."""

    coordinates: float = Field(default=1.0, ge=0.0)
    siou: float = Field(default=2.0, ge=0.0)
    distance: float = Field(default=5.0, ge=0.0)
    inside: float = Field(default=2.0, ge=0.0)
    matches: float = Field(default=2.0, ge=0.0)
    focus: float = Field(default=0.5, ge=0.0)
    reading: float = Field(default=8.0, ge=0.0)
    distill: float = Field(default=0.0, ge=0.0)
    sigma: float = Field(default=4.0, gt=0.0)


class StageConfig(Frozen):
    """One stage of a run: data, losses and length.

    Attributes:
        name: for logs.
        kind: ``pretrain`` (pairs), ``distill`` (pairs, every layer from ``predict_from``
            on predicts) or ``sequence`` (clips, own boxes and keep masks fed forward).
        samples: training samples the stage sees; the schedule is laid out over them.
        batch: samples a step.
        rate: peak learning rate.
        warmup: steps of linear warm-up.
        floor: share of the peak rate that is left at the end.
        predict_from: first layer (from 1) that predicts in a ``distill`` stage (paper: 5).
        frozen: layers, with all that lies outside of layers, that the stage leaves as they
            are, so that a finished shallow model stays what it is while deeper ones grow.
    """

    name: str = "pretrain"
    kind: StageKind = "pretrain"
    samples: int = Field(default=100_000, gt=0)
    batch: int = Field(default=64, gt=0)
    rate: float = Field(default=5e-4, gt=0.0)
    warmup: int = Field(default=300, ge=0)
    floor: float = Field(default=0.01, ge=0.0, le=1.0)
    predict_from: int = Field(default=5, ge=1)
    frozen: int = Field(default=0, ge=0)
    data: DataConfig = DataConfig()
    clip: ClipConfig = ClipConfig()
    loss: LossConfig = LossConfig()

    @property
    def steps(self) -> int:
        """Optimizer steps of the stage."""
        return max(1, self.samples // self.batch)


class ValidationConfig(Frozen):
    """Real sequences that a run tracks from time to time.

    Attributes:
        sequences: folder of them, in any layout that ``fartrack-bench`` knows. Scores on
            what the best weights were chosen by flatter: keep other sequences for the
            figures that you publish.
        every: training samples between two passes; each stage ends with one.
    """

    sequences: Path
    every: int = Field(default=20_000, gt=0)


class RunConfig(Frozen):
    """A whole run.

    Attributes:
        out: folder for checkpoints and logs.
        bank: packed bank; made from ``sources`` by ``fartrack-train pack``.
        sources: what the bank is packed from.
        init: what a new run begins from: the folder of another run, or a checkpoint, also
            a shallower one; None for start values of its own.
        variant: deepest model that is trained; ``distill`` stages give the smaller ones too.
        stages: in order; each goes on with the weights of the one before.
        validation: sequences to measure the averaged weights on; the best ones are kept.
        seed: of start values and of the sample stream.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        amp: bfloat16 autocast.
        compiled: whether the blocks go through torch.compile; on a CPU that needs a C++
            compiler, takes about a minute at the start, and makes steps 1.4 times as fast.
        workers: processes that make samples.
        draw_on: who draws the samples' pictures: ``workers``, or the ``device``, with workers
            that only plan them (about 1 ms each); for a GPU that waits for its samples (the
            logged share ``waiting``). The bank is copied to the device.
        threads: threads of the training process (0: torch's choice).
        optimizer: ``adamw``, or ``muon``: Muon (Jordan et al., 2024; scaled as in Liu et al.,
            2025) for the matrices of the blocks, AdamW for the rest.
        weight_decay: of the optimizer.
        clip: largest norm of the gradient.
        average: decay per step of the averaged weights, which are what is saved.
        save_seconds: time between checkpoints.
        log_every: steps between reports.
    """

    out: Path
    bank: Path
    sources: tuple[SourceConfig, ...] = ()
    init: Path | None = None
    variant: Variant = "pico"
    stages: tuple[StageConfig, ...] = (StageConfig(),)
    validation: ValidationConfig | None = None
    seed: int = 0
    device: str = "cpu"
    amp: bool = True
    compiled: bool = False
    workers: int = Field(default=1, ge=0)
    draw_on: Literal["workers", "device"] = "workers"
    threads: int = Field(default=0, ge=0)
    optimizer: Literal["adamw", "muon"] = "adamw"
    weight_decay: float = Field(default=0.05, ge=0.0)
    clip: float = Field(default=1.0, gt=0.0)
    average: float = Field(default=0.999, ge=0.0, lt=1.0)
    save_seconds: float = Field(default=120.0, ge=0.0)
    log_every: int = Field(default=50, gt=0)

    @model_validator(mode="after")
    def _something_to_train(self) -> RunConfig:
        for stage in self.stages:
            if stage.frozen >= self.depth:
                raise ValueError(
                    f"stage '{stage.name}': frozen ({stage.frozen}) leaves none of the "
                    f"{self.depth} layers of {self.variant} to train"
                )
        return self

    @property
    def depth(self) -> int:
        """Encoder layers."""
        return VARIANT_DEPTHS[self.variant]
