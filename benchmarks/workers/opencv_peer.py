"""Child process: one of OpenCV's own trackers. Needs numpy and cv2, not this package.

Started by path, also by an interpreter that has opencv-contrib-python, which cannot be
installed beside opencv-python.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import cv2

if __package__:
    from .wire import serve
else:
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from wire import serve  # type: ignore[import-not-found, no-redef]

CLASSIC = {"csrt": "TrackerCSRT", "kcf": "TrackerKCF", "mil": "TrackerMIL"}
PARAMETERS = {
    "nano": ("TrackerNano", {"backbone": "backbone", "neckhead": "neckhead"}),
    "vit": ("TrackerVit", {"net": "net"}),
    "dasiamrpn": (
        "TrackerDaSiamRPN",
        {"model": "model", "kernel_cls1": "kernel_cls1", "kernel_r1": "kernel_r1"},
    ),
}


class Peer:
    """The tracker of this process."""

    def __init__(self) -> None:
        self._kind = ""
        self._files: dict[str, str] = {}
        self._tracker: Any = None
        self._box: list[float] = []

    def open(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make the tracker once, to see that it is there."""
        self._kind, self._files = request["kind"], request.get("files", {})
        cv2.setNumThreads(request.get("threads") or 1)
        create(self._kind, self._files)
        return {"opencv": cv2.__version__, "threads": cv2.getNumThreads()}

    def init(self, request: dict[str, Any]) -> dict[str, Any]:
        """Start on the first frame; OpenCV takes whole pixels."""
        frame = cv2.imread(request["frame"])
        if frame is None:
            return {"unreadable": True}
        self._box = [float(v) for v in request["box"]]
        self._tracker = create(self._kind, self._files)
        start = time.perf_counter()
        self._tracker.init(frame, tuple(round(v) for v in self._box))
        elapsed = (time.perf_counter() - start) * 1e3
        return {"ms": elapsed, "size": [frame.shape[1], frame.shape[0]]}

    def track(self, request: dict[str, Any]) -> dict[str, Any]:
        """One update; a tracker that says it lost the target keeps its last box."""
        frame = cv2.imread(request["frame"])
        if frame is None:
            return {"unreadable": True, "box": self._box}
        start = time.perf_counter()
        found, box = self._tracker.update(frame)
        elapsed = (time.perf_counter() - start) * 1e3
        if found:
            self._box = [float(v) for v in box]
        return {"ms": elapsed, "box": self._box, "found": bool(found)}


def create(kind: str, files: dict[str, str]) -> Any:
    """A new tracker of this OpenCV build."""
    if kind in CLASSIC:
        name = CLASSIC[kind]
        owner = cv2 if hasattr(cv2, f"{name}_create") or hasattr(cv2, name) else legacy()
        if hasattr(owner, name):
            made = getattr(owner, name)
            return made.create() if hasattr(made, "create") else getattr(owner, f"{name}_create")()
        raise RuntimeError(
            f"this OpenCV ({cv2.__version__}) has no {name}; it comes with opencv-contrib-python"
        )
    name, fields = PARAMETERS[kind]
    parameters = getattr(cv2, f"{name}_Params")()
    for field, key in fields.items():
        setattr(parameters, field, files[key])
    return getattr(cv2, name).create(parameters)


def legacy() -> Any:
    """Where older builds keep the trackers."""
    return getattr(cv2, "legacy", cv2)


def main() -> None:
    """Answer until stdin ends."""
    peer = Peer()
    serve({"open": peer.open, "init": peer.init, "track": peer.track})


if __name__ == "__main__":
    main()
