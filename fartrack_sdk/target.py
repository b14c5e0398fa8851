"""One target's way through a frame, apart from the pass itself.

``look`` makes the feeds, ``read`` turns the outputs into a result, ``settle`` moves on.
Between the first two the caller runs the pass, alone or batched with other targets. State
changes only in ``settle``, which cannot fail.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import numpy.typing as npt

from .boxes import Box, checked_box
from .config import TrackerConfig
from .crop import Crop, Image, crop
from .errors import InputError
from .families.base import Change, Estimate, Run
from .result import Timings, TrackResult, TrackState
from .runtime import Outputs
from .state import Confidence
from .tracked_model import TrackedModel

NOTHING_SEEN = Estimate(np.zeros(4), 0.0, 0.5)
"""A blank search region: no score, and the target may be anywhere in it."""


@dataclass(frozen=True)
class Look:
    """A search region and the pass it asks for.

    Attributes:
        crop: the search region.
        graph: the graph to run; None when there is nothing to look at.
        feeds: its feeds, batch of one.
        milliseconds: time spent so far.
    """

    crop: Crop
    graph: str | None
    feeds: dict[str, npt.NDArray[np.generic]]
    milliseconds: float


@dataclass(frozen=True)
class Pass:
    """What the runtime gave for a look.

    Attributes:
        outputs: of the graph, batch of one.
        milliseconds: what the pass took.
        run: for further passes that the family may need.
    """

    outputs: Outputs
    milliseconds: float
    run: Run


@dataclass(frozen=True)
class Reading:
    """What a frame says, before the target moves on.

    Attributes:
        result: for the user, but for the time that moving on takes.
        anchor: the box that the next search region is around.
        confidence: the state after the frame.
        change: takes the frame in; None if there was nothing to look at.
        milliseconds: of the template stage so far.
    """

    result: TrackResult
    anchor: Box
    confidence: Confidence
    change: Change | None
    milliseconds: float


class Target:
    """The state of one target.

    Args:
        model: shared by all targets.
        config: of the loop.
        bgr: whether frames are BGR.
        frame: the first frame, already checked.
        box: the target in it, already checked.
        run: for passes that the family needs at the start; None for the model's runtime.
    """

    def __init__(
        self,
        model: TrackedModel,
        config: TrackerConfig,
        bgr: bool,
        frame: Image,
        box: Box,
        *,
        run: Run | None = None,
    ) -> None:
        self._model = model
        self._config = config
        self._thresholds = config.thresholds or model.thresholds
        self._bgr = bgr
        self._confidence = Confidence()
        self._box = self._anchor = box
        self.size = (frame.shape[1], frame.shape[0])
        self.frame_index = 0
        self.session = model.new_session(
            config.max_entries, self._template(frame, box), run or model.runtime.run
        )

    def look(self, frame: Image) -> Look:
        """Cut the search region and make the feeds; changes nothing."""
        start = perf_counter()
        geometry = self._model.config
        region = crop(
            frame, self._anchor, geometry.search_factor, geometry.search_size, bgr=self._bgr
        )
        if self._config.skip_blank and region.blank:
            return Look(region, None, {}, _since(start))
        graph, feeds = self.session.request(region.image)
        return Look(region, graph, feeds, _since(start))

    def read(self, frame: Image, look: Look, passed: Pass) -> Reading:
        """Read the outputs, cut the new template and prepare to take it in; changes nothing.

        Args:
            frame: the frame that ``look`` saw.
            look: what ``look`` gave.
            passed: the pass that it asked for; its outputs are empty if it asked for none.
        """
        start = perf_counter()
        if look.graph is None:
            estimate, raw_box = NOTHING_SEEN, self._box
        else:
            estimate = self.session.decode(passed.outputs)
            raw_box = look.crop.to_frame(estimate.corners)
        confidence = self._confidence.after(estimate.score, self._thresholds)
        seen = TrackResult(
            box=raw_box.clipped(*self.size),
            raw_box=raw_box,
            score=estimate.score,
            uncertainty=estimate.spread * look.crop.side,
            state=confidence.state,
            frame_index=self.frame_index + 1,
            timings=Timings(look.milliseconds, passed.milliseconds, _since(start), 0.0),
        )
        decoded = perf_counter()
        anchor = self._next_anchor(frame, seen)
        change = None
        if look.graph is not None:
            wanted = not self._paused(seen.state) and self.session.wants_template(estimate)
            template = self._template(frame, seen.box) if wanted else None
            change = self.session.prepare(passed.outputs, template, passed.run)
        return Reading(seen, anchor, confidence, change, _since(decoded))

    def settle(self, reading: Reading) -> TrackResult:
        """Update the memory and move on."""
        start, seen = perf_counter(), reading.result
        if reading.change is not None:
            reading.change()
        self._box, self._anchor, self._confidence = seen.box, reading.anchor, reading.confidence
        self.frame_index += 1
        took = reading.milliseconds + _since(start)
        return replace(seen, timings=seen.timings._replace(template=took))

    def _template(self, frame: Image, box: Box) -> Image:
        geometry = self._model.config
        cut = crop(frame, box, geometry.template_factor, geometry.template_size, bgr=self._bgr)
        return cut.image

    def _paused(self, state: TrackState) -> bool:
        rule = self._config.pause_updates
        if rule == "never" or state is TrackState.TRACKING:
            return False
        return rule == "uncertain" or state is TrackState.LOST

    def _next_anchor(self, frame: Image, result: TrackResult) -> Box:
        if result.state is not TrackState.LOST or self._config.on_lost == "follow":
            return result.box
        if self._config.on_lost == "hold":
            return self._anchor
        found = self._config.on_lost(frame, result)
        if found is None:
            return result.box
        try:
            return checked_box(found, *self.size)
        except InputError as error:
            raise InputError(f"the box that on_lost gave: {error}") from error


def _since(start: float) -> float:
    return (perf_counter() - start) * 1e3
