"""The public tracker: two verbs over whatever model and runtime."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from time import perf_counter
from typing import Any, Literal

from .boxes import checked_box
from .closing import Closing
from .config import TrackerConfig, checked_config
from .errors import StateError
from .frames import checked_frame, is_bgr
from .result import TrackResult
from .runtime import Feeds, Outputs, RuntimeInfo
from .target import Pass, Target
from .tracked_model import TrackedModel, checked_model

Color = Literal["bgr", "rgb"]


class Tracker(Closing):
    """Follows one target through the frames of a video.

    ``init(frame, box)`` names the target, ``track(frame)`` finds it in each later frame.
    A frame is uint8 [H, W, 3], a box (x, y, w, h) in pixels. A frame that raises leaves
    the tracker as it was. One tracker serves one thread; trackers made from one model
    share its weights and may run in different threads.

    Args:
        model: from ``load_checkpoint``, ``load_exported`` or ``load_pretrained``.
        config: of the loop; the defaults behave as the released tracker.
        color: channel order of the frames, ``bgr`` (OpenCV's) or ``rgb``.
        owns_model: whether ``close`` closes the model.

    Raises:
        ConfigError: an argument is something else.
    """

    def __init__(
        self,
        model: TrackedModel,
        config: TrackerConfig | None = None,
        color: Color = "bgr",
        owns_model: bool = False,
    ) -> None:
        self._model = checked_model(model)
        self._config = checked_config(config)
        self._bgr = is_bgr(color)
        self._owns_model = owns_model
        self._target: Target | None = None
        self._closed = False

    @classmethod
    def from_checkpoint(
        cls,
        path: str | PathLike[str],
        *,
        color: Color = "bgr",
        config: TrackerConfig | None = None,
        **options: Any,
    ) -> Tracker:
        """A tracker from a released ``.pth.tar`` or a ``.safetensors`` checkpoint.

        Args:
            path: the file. Nothing in it is executed.
            color: channel order of the frames.
            config: of the loop.
            **options: as of `load_checkpoint`: ``variant``, ``runtime``, ``device``,
                ``threads``; of FARTrack ``num_templates``, ``retention``, ``sampling``,
                ``saliency``; of MixFormerV2 ``preset``, ``update_interval``.

        Raises:
            ArtifactError: the file is missing, damaged, unsafe or of another model.
            ConfigError: an option is out of range.
            RuntimeUnavailableError: the runtime or device is not there.
        """
        from .loading import load_checkpoint

        return cls(load_checkpoint(path, **options), config, color, owns_model=True)

    @classmethod
    def from_exported(
        cls,
        path: str | PathLike[str],
        *,
        color: Color = "bgr",
        config: TrackerConfig | None = None,
        **options: Any,
    ) -> Tracker:
        """A tracker from a directory that ``fartrack-export`` wrote; needs no torch.

        Args:
            path: the directory.
            color: channel order of the frames.
            config: of the loop.
            **options: as of `load_exported`: ``runtime``, ``device``, ``threads``; of
                MixFormerV2 ``preset``, ``update_interval``.

        Raises:
            ArtifactError: the directory is missing, damaged or foreign.
            ConfigError: an option is fixed in the export, or out of range.
            RuntimeUnavailableError: the runtime or device is not there.
        """
        from .loading import load_exported

        return cls(load_exported(path, **options), config, color, owns_model=True)

    @classmethod
    def from_pretrained(
        cls, *, color: Color = "bgr", config: TrackerConfig | None = None, **options: Any
    ) -> Tracker:
        """A tracker with the model that ships with the package.

        Args:
            color: channel order of the frames.
            config: of the loop.
            **options: as of `load_pretrained`: ``runtime``, ``device``, ``threads``.

        Raises:
            RuntimeUnavailableError: the runtime or device is not there.
        """
        from .loading import load_pretrained

        return cls(load_pretrained(**options), config, color, owns_model=True)

    def init(self, frame: Any, box: Iterable[float]) -> Tracker:
        """Name the target; whatever the tracker knew before is forgotten.

        Args:
            frame: uint8 [H, W, 3] in the tracker's channel order.
            box: the target, (x, y, w, h) in pixels; may reach over the edge.

        Returns:
            The tracker itself.

        Raises:
            InputError: the frame or the box cannot be used; the tracker is unchanged.
            StateError: the tracker is closed.
        """
        self._require_open()
        image = checked_frame(frame)
        checked = checked_box(box, image.shape[1], image.shape[0])
        self._target = Target(self._model, self._config, self._bgr, image, checked)
        return self

    def track(self, frame: Any) -> TrackResult:
        """Find the target in the next frame.

        Args:
            frame: uint8 [H, W, 3], of the size given to ``init``.

        Raises:
            InputError: the frame cannot be used; the tracker is unchanged.
            InferenceError: the runtime gave no finite values; the tracker is unchanged.
            StateError: ``init`` was not called, or the tracker is closed.
        """
        self._require_open()
        target = self._target
        if target is None:
            raise StateError("track() before init(): call init(frame, box) with the target first.")
        image = checked_frame(frame, target.size)
        look = target.look(image)
        start = perf_counter()
        outputs = self._run(look.graph, look.feeds) if look.graph else {}
        infer_ms = (perf_counter() - start) * 1e3
        return target.settle(target.read(image, look, Pass(outputs, infer_ms, self._run)))

    def reset(self) -> None:
        """Forget the target; ``init`` starts anew."""
        self._target = None

    def close(self) -> None:
        """Forget the target and release the model if the tracker owns it; twice is fine."""
        self._target = None
        if self._owns_model and not self._closed:
            self._model.close()
        self._closed = True

    def runtime_info(self) -> RuntimeInfo:
        """What really computes: provider, device, threads, precision."""
        return self._model.runtime.info

    @property
    def model(self) -> TrackedModel:
        """The model, to share it with further trackers."""
        return self._model

    @property
    def metadata(self) -> Mapping[str, str]:
        """Facts about the model: source, sha256, licence."""
        return self._model.metadata

    def _run(self, graph: str, feeds: Feeds) -> Outputs:
        return self._model.runtime.run(graph, feeds)

    def _require_open(self) -> None:
        if self._closed:
            raise StateError("the tracker is closed: make a new one.")
