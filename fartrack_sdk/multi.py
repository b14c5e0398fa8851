"""Several targets at once, in batched passes over one model."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from time import perf_counter
from typing import Any, Literal

import numpy as np

from .boxes import checked_box
from .closing import Closing
from .config import TrackerConfig, checked_config
from .crop import Image
from .errors import InputError, StateError
from .frames import checked_frame, is_bgr
from .result import TrackResult
from .runtime import Outputs
from .target import Look, Pass, Target
from .tracked_model import TrackedModel, checked_model

Id = Hashable
Boxes = Mapping[Id, Iterable[float]]


class MultiTracker(Closing):
    """Follows any number of targets through one video, or through several.

    Each target has its own memory; the passes of all of them are batched by graph. The
    results are those of one `Tracker` a target, to rounding. With a model that was
    exported with ``--batch N`` a pass takes N targets, and fewer are padded; PyTorch
    takes any number in one pass.

    Args:
        model: from ``load_checkpoint``, ``load_exported`` or ``load_pretrained``.
        config: of the loop, the same for all targets.
        color: channel order of the frames, ``bgr`` or ``rgb``.

    Raises:
        ConfigError: an argument is something else.
    """

    def __init__(
        self,
        model: TrackedModel,
        config: TrackerConfig | None = None,
        color: Literal["bgr", "rgb"] = "bgr",
    ) -> None:
        self._model = checked_model(model)
        self._config = checked_config(config)
        self._bgr = is_bgr(color)
        self._targets: dict[Id, Target] = {}

    @property
    def ids(self) -> tuple[Id, ...]:
        """The targets, in the order in which they were added."""
        return tuple(self._targets)

    def init(self, frame: Any, boxes: Boxes) -> MultiTracker:
        """Name all targets; those known before are forgotten.

        Args:
            frame: uint8 [H, W, 3], or a mapping from id to the frame of that target.
            boxes: id to (x, y, w, h) in pixels.

        Returns:
            The tracker itself.

        Raises:
            InputError: a frame or a box cannot be used; the tracker is unchanged.
        """
        self._targets = self._made(frame, boxes)
        return self

    def add(self, frame: Any, boxes: Boxes) -> None:
        """Name further targets.

        Raises:
            InputError: an id is taken, or a frame or a box cannot be used.
        """
        taken = [key for key in _by_id(boxes) if key in self._targets]
        if taken:
            raise InputError(f"the ids {taken} are being tracked; remove() them first.")
        self._targets |= self._made(frame, boxes)

    def remove(self, *ids: Id) -> None:
        """Forget targets.

        Raises:
            InputError: an id is not tracked.
        """
        for key in ids:
            self._known(key)
        for key in ids:
            self._targets.pop(key, None)

    def track(self, frame: Any) -> dict[Id, TrackResult]:
        """Find the targets in the next frame.

        Args:
            frame: uint8 [H, W, 3] for all targets, or a mapping from id to frame; then
                only the targets that it names move on.

        Returns:
            Id to result.

        Raises:
            InputError: a frame cannot be used; no target has moved, nor has one when
                ``on_lost`` raises.
            InferenceError: the runtime gave no finite values; no target has moved.
            StateError: there are no targets.
        """
        if not self._targets:
            raise StateError("track() without targets: call init(frame, {id: box}) first.")
        frames = self._frames(frame)
        looks = {key: self._targets[key].look(image) for key, image in frames.items()}
        passes = self._passes(looks)
        readings = {
            key: self._targets[key].read(image, looks[key], passes[key])
            for key, image in frames.items()
        }
        return {key: self._targets[key].settle(reading) for key, reading in readings.items()}

    def close(self) -> None:
        """Forget all targets; the model stays open for others."""
        self._targets = {}

    def _made(self, frame: Any, boxes: Boxes) -> dict[Id, Target]:
        targets = {}
        given = _by_id(boxes)
        if isinstance(frame, Mapping) and (bare := [key for key in given if key not in frame]):
            raise InputError(f"expected a frame for each box; got none for the ids {bare}.")
        for key, box in given.items():
            image = checked_frame(frame[key] if isinstance(frame, Mapping) else frame)
            checked = checked_box(box, image.shape[1], image.shape[0])
            targets[key] = Target(self._model, self._config, self._bgr, image, checked)
        return targets

    def _frames(self, frame: Any) -> dict[Id, Image]:
        given = frame if isinstance(frame, Mapping) else dict.fromkeys(self._targets, frame)
        return {key: checked_frame(image, self._known(key).size) for key, image in given.items()}

    def _known(self, key: Id) -> Target:
        if key not in self._targets:
            raise InputError(f"expected one of the ids {list(self._targets)}; got {key!r}.")
        return self._targets[key]

    def _passes(self, looks: Mapping[Id, Look]) -> dict[Id, Pass]:
        """Run what all looks ask for, one batch a graph."""
        groups: dict[str, list[Id]] = {}
        run = self._model.runtime.run
        passes = {key: Pass({}, 0.0, run) for key in looks}
        for key, look in looks.items():
            if look.graph is not None:
                groups.setdefault(look.graph, []).append(key)
        for graph, keys in groups.items():
            start = perf_counter()
            feeds = [looks[key].feeds for key in keys]
            batch = {name: np.concatenate([feed[name] for feed in feeds]) for name in feeds[0]}
            outputs = run(graph, batch)
            share = (perf_counter() - start) * 1e3 / len(keys)
            for i, key in enumerate(keys):
                passes[key] = Pass(_row(outputs, i), share, run)
        return passes


def _by_id(boxes: Any) -> Boxes:
    if not isinstance(boxes, Mapping):
        raise InputError(
            f"expected a mapping from id to box (x, y, w, h); got {type(boxes).__name__}. For a "
            "list of boxes pass dict(enumerate(boxes))."
        )
    return boxes


def _row(outputs: Outputs, index: int) -> Outputs:
    return {name: array[index : index + 1] for name, array in outputs.items()}
