"""Child process: a tracker of this package, or one made by a factory."""

from __future__ import annotations

import time
from typing import Any

import cv2

from ..trackers import BenchTracker, TrackerSpec, describe
from .wire import serve


class Peer:
    """The tracker of this process."""

    def __init__(self) -> None:
        self._tracker: BenchTracker | None = None
        self._box: list[float] = []

    def open(self, request: dict[str, Any]) -> dict[str, Any]:
        """Load the model."""
        spec = TrackerSpec.model_validate(request["spec"])
        cv2.setNumThreads(spec.threads or 1)
        self._tracker = spec.open()
        return describe(self._tracker)

    def init(self, request: dict[str, Any]) -> dict[str, Any]:
        """Start on the first frame."""
        frame = cv2.imread(request["frame"])
        if frame is None:
            return {"unreadable": True}
        self._box = [float(v) for v in request["box"]]
        start = time.perf_counter()
        self._opened().init(frame, self._box)
        elapsed = (time.perf_counter() - start) * 1e3
        return {"ms": elapsed, "size": [frame.shape[1], frame.shape[0]]}

    def track(self, request: dict[str, Any]) -> dict[str, Any]:
        """One frame."""
        frame = cv2.imread(request["frame"])
        if frame is None:
            return {"unreadable": True, "box": self._box}
        start = time.perf_counter()
        result = self._opened().track(frame)
        elapsed = (time.perf_counter() - start) * 1e3
        self._box = [float(v) for v in result.box]
        return {"ms": elapsed, "box": self._box, "found": True}

    def _opened(self) -> BenchTracker:
        if self._tracker is None:
            raise RuntimeError("open comes first")
        return self._tracker


def main() -> None:
    """Answer until stdin ends."""
    peer = Peer()
    serve({"open": peer.open, "init": peer.init, "track": peer.track})


if __name__ == "__main__":
    main()
