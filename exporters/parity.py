"""Whether an exported model computes what its checkpoint computes: three levels.

1. Tensors: both run the passes that a real clip leads to, on equal feeds.
2. One step: the boxes that these outputs mean.
3. Trajectory: both track the clip on their own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ..boxes import Box
from ..crop import Crop, crop
from ..errors import InferenceError, ParityError
from ..families.base import Session
from ..families.registry import family_named
from ..loading import assemble
from ..runtime import Outputs, Runtime
from ..runtimes.recording import RecordedPass, RecordingRuntime
from ..tracked_model import TrackedModel
from ..tracker import Tracker
from .clips import Clip
from .tolerances import Tolerances

COMPARED_PASSES = 12
REHEARSED_FRAMES = 4
LOST_IOU = 0.9


class OutputDifference(BaseModel):
    """Largest differences of one output of one graph over the compared passes."""

    model_config = ConfigDict(frozen=True)

    graph: str
    output: str
    max_abs: float
    max_rel: float


class ParityReport(BaseModel):
    """What was compared and what came out.

    Attributes:
        clip: name of the clip.
        frames: of it that were tracked.
        passes: compared on equal feeds.
        reference: what computed the reference.
        candidate: what computed the exported model.
        tolerances: limits that apply.
        tensors: level 1.
        step_pixels: level 2, largest difference of a box's edge.
        step_iou: level 2, smallest overlap.
        trajectory_iou: level 3, smallest overlap.
        trajectory_mean_iou: level 3, mean overlap.
        first_frame_below: level 3, first frame with an overlap under 0.9, or None.
        failures: one sentence a level that failed; empty if the models agree.
        boxes: level 3, of the reference; not written with the rest.
    """

    model_config = ConfigDict(frozen=True)

    clip: str
    frames: int
    passes: int
    reference: str
    candidate: str
    tolerances: Tolerances
    tensors: tuple[OutputDifference, ...]
    step_pixels: float
    step_iou: float
    trajectory_iou: float
    trajectory_mean_iou: float
    first_frame_below: int | None
    failures: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = Field(default=(), exclude=True, repr=False)

    def summary(self) -> dict[str, Any]:
        """The figures that go into the metadata."""
        fields = ("clip", "frames", "step_pixels", "step_iou", "trajectory_iou")
        return self.model_dump(include={*fields, "trajectory_mean_iou", "first_frame_below"})


def compare(
    reference: TrackedModel, candidate: TrackedModel, clip: Clip, limits: Tolerances
) -> ParityReport:
    """Compare two models on a clip, and on its start where that makes further graphs run.

    Args:
        reference: the source, on PyTorch.
        candidate: the exported model.
        clip: real frames.
        limits: that apply.

    Raises:
        ParityError: one of them gives values of which no box can be made.
    """
    try:
        return _compared(reference, candidate, clip, limits)
    except InferenceError as error:
        raise ParityError(
            f"the exported model does not give boxes, nothing was written: {error}"
        ) from error


def _compared(
    reference: TrackedModel, candidate: TrackedModel, clip: Clip, limits: Tolerances
) -> ParityReport:
    config = reference.config
    family = family_named(config.family)
    report = _compare(reference, candidate, clip, limits)
    for options in family.rehearsals(config):
        other = family.reconfigured(config, options)
        source, copy = (assemble(other, model.runtime) for model in (reference, candidate))
        report = joined(report, _compare(source, copy, start_of(clip), limits))
    unused = sorted(set(family.graph_specs(config)) - {t.graph for t in report.tensors})
    if not unused:
        return report
    failure = (
        f"Level 1 (tensors): the clip of {len(clip.frames)} frames never led to graph "
        f"{', '.join(unused)}; compare on a longer one."
    )
    return report.model_copy(update={"failures": (*report.failures, failure)})


def start_of(clip: Clip) -> Clip:
    """The first frames of a clip, enough for a rehearsal."""
    return replace(clip, frames=clip.frames[: 1 + REHEARSED_FRAMES])


def joined(report: ParityReport, other: ParityReport) -> ParityReport:
    """The worst of two comparisons with equal limits; the first names clip and runtimes."""
    worst = {(t.graph, t.output): t for t in report.tensors}
    for t in other.tensors:
        known = worst.get((t.graph, t.output))
        if known is None or t.max_rel > known.max_rel:
            worst[t.graph, t.output] = t
    return report.model_copy(
        update={
            "passes": report.passes + other.passes,
            "tensors": tuple(worst.values()),
            "step_pixels": max(report.step_pixels, other.step_pixels),
            "step_iou": min(report.step_iou, other.step_iou),
            "trajectory_iou": min(report.trajectory_iou, other.trajectory_iou),
            "trajectory_mean_iou": min(report.trajectory_mean_iou, other.trajectory_mean_iou),
            "failures": (*report.failures, *other.failures),
        }
    )


def _compare(
    reference: TrackedModel, candidate: TrackedModel, clip: Clip, limits: Tolerances
) -> ParityReport:
    recorder = RecordingRuntime(reference.runtime)
    recorded = assemble(reference.config, recorder, reference.thresholds)
    boxes, regions = _trajectory(recorded, clip, recorder)
    config, session = reference.config, _new_session(reference)
    size = (clip.frames[0].shape[1], clip.frames[0].shape[0])
    tensors: dict[tuple[str, str], tuple[float, float]] = {}
    steps = []
    for done, region in zip(recorder.passes, regions, strict=True):
        outputs = candidate.runtime.run(done.graph, done.feeds)
        _note(tensors, done, outputs)
        if region is not None:
            around = crop(
                clip.frames[0], region, config.search_factor, config.search_size, bgr=True
            )
            steps.append(_step(session, around, size, done.outputs, outputs))
    own_boxes, _ = _trajectory(candidate, clip, None)
    overlaps = [a.iou(b) for a, b in zip(boxes, own_boxes, strict=True)]
    report = ParityReport(
        clip=clip.name,
        frames=len(boxes),
        passes=len(recorder.passes),
        reference=_named(reference.runtime),
        candidate=_named(candidate.runtime),
        tolerances=limits,
        tensors=tuple(
            OutputDifference(graph=graph, output=output, max_abs=largest, max_rel=relative)
            for (graph, output), (largest, relative) in tensors.items()
        ),
        step_pixels=max(pixels for pixels, _ in steps),
        step_iou=min(iou for _, iou in steps),
        trajectory_iou=min(overlaps),
        trajectory_mean_iou=float(np.mean(overlaps)),
        first_frame_below=next((i + 1 for i, v in enumerate(overlaps) if v < LOST_IOU), None),
        boxes=tuple(boxes),
    )
    return report.model_copy(update={"failures": tuple(_failures(report))})


def require(report: ParityReport) -> None:
    """Let only equal models pass.

    Raises:
        ParityError: says which level failed and where it starts.
    """
    if report.failures:
        raise ParityError(
            "the exported model does not agree with its checkpoint, nothing was written. "
            + " ".join(report.failures),
            report,
        )


def _trajectory(
    model: TrackedModel, clip: Clip, recorder: RecordingRuntime | None
) -> tuple[list[Box], list[Box | None]]:
    """Boxes of all frames, and for each recorded pass the box that its search is around."""
    tracker = Tracker(model).init(clip.frames[0], clip.box)  # some families run a pass here
    every = max(1, (len(clip.frames) - 1) // COMPARED_PASSES)
    before, boxes = Box(*clip.box), []
    regions: list[Box | None] = [None] * (len(recorder.passes) if recorder else 0)
    for i, frame in enumerate(clip.frames[1:]):
        if recorder is not None:
            recorder.recording = i < 2 or i % every == 0
            known = len(recorder.passes)
        box = tracker.track(frame).box
        if recorder is not None:
            new = len(recorder.passes) - known
            regions += [before, *[None] * (new - 1)][:new]
        before = box
        boxes.append(box)
    return boxes, regions


def _note(
    tensors: dict[tuple[str, str], tuple[float, float]], done: RecordedPass, outputs: Outputs
) -> None:
    for name, expected in done.outputs.items():
        largest = float(np.abs(outputs[name] - expected).max())
        largest = largest if np.isfinite(largest) else float(np.finfo(np.float32).max)
        relative = largest / max(float(np.abs(expected).max()), 1e-12)
        before = tensors.get((done.graph, name), (0.0, 0.0))
        tensors[done.graph, name] = (max(before[0], largest), max(before[1], relative))


def _new_session(model: TrackedModel) -> Session:
    """A session to decode with."""
    blank = np.zeros((model.config.template_size, model.config.template_size, 3), np.uint8)
    return model.new_session(2, blank, model.runtime.run)


def _step(
    session: Session, region: Crop, size: tuple[int, int], expected: Outputs, got: Outputs
) -> tuple[float, float]:
    """Largest difference of an edge in pixels, and overlap of the boxes that a user gets."""
    a, b = (region.to_frame(session.decode(outputs).corners) for outputs in (expected, got))
    pixels = max(abs(p - q) for p, q in zip(a.xyxy, b.xyxy, strict=True))
    return pixels, a.clipped(*size).iou(b.clipped(*size))


def _failures(report: ParityReport) -> list[str]:
    limits, failures = report.tolerances, []
    bad = [t for t in report.tensors if t.max_rel > limits.tensor]
    if bad:
        first = bad[0]
        failures.append(
            f"Level 1 (tensors): output '{first.output}' of graph '{first.graph}' differs by "
            f"{first.max_abs:.3g} ({first.max_rel:.2%} of its range, allowed {limits.tensor:.2%})."
        )
    if report.step_pixels > limits.step_pixels or report.step_iou < limits.step_iou:
        failures.append(
            f"Level 2 (one step): boxes differ by {report.step_pixels:.3f} px, IoU "
            f"{report.step_iou:.4f} (allowed {limits.step_pixels} px, {limits.step_iou})."
        )
    low = report.trajectory_iou < limits.trajectory_iou
    if low or report.trajectory_mean_iou < limits.trajectory_mean_iou:
        start = report.first_frame_below
        where = f"first under {LOST_IOU} at frame {start}" if start else f"never under {LOST_IOU}"
        failures.append(
            f"Level 3 (trajectory): IoU min {report.trajectory_iou:.4f}, mean "
            f"{report.trajectory_mean_iou:.4f}, {where} (allowed {limits.trajectory_iou}, "
            f"{limits.trajectory_mean_iou})."
        )
    return failures


def _named(runtime: Runtime) -> str:
    info = runtime.info
    return f"{info.name} {info.device} {info.precision}: {info.provider}"
