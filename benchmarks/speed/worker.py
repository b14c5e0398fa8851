"""Child process of one configuration: real frames through every stage."""

from __future__ import annotations

import importlib
import sys
import time
from typing import Any

from ..trackers import describe
from ..workers.wire import serve
from .config import SpeedCase, SpeedOptions

STAGES = ("read", "crop", "infer", "decode", "template")


class Bench:
    """The trackers and the source of this process."""

    def __init__(self) -> None:
        self._trackers: list[Any] = []
        self._options = SpeedOptions()
        self._source: Any = None
        self._name = ""
        self._box: tuple[float, ...] = ()

    def open(self, request: dict[str, Any]) -> dict[str, Any]:
        """Load the model; the times are part of the cold start."""
        case = SpeedCase.model_validate(request["case"])
        self._options = SpeedOptions.model_validate(request["options"])
        start = time.perf_counter()
        first: Any = case.tracker.open()
        loaded = time.perf_counter()
        self._trackers = [first, *(_sibling(first, case) for _ in range(case.targets - 1))]
        self._name, self._box = _clip(self._options)
        self._rewind()
        first_ms = self._frames(1)["total"][0]
        return {"load_s": loaded - start, "first_ms": first_ms}

    def about(self, _: dict[str, Any]) -> dict[str, Any]:
        """What is active, and the model's configuration where it has one."""
        first = self._trackers[0]
        config = getattr(getattr(first, "model", None), "config", None)
        dumped = config.model_dump(mode="json") if config is not None else None
        return {"active": describe(first), "config": dumped}

    def block(self, request: dict[str, Any]) -> dict[str, Any]:
        """Measure a number of frames."""
        return self._frames(request["frames"])

    def stats(self, _: dict[str, Any]) -> dict[str, Any]:
        """Peak resident memory of this process in bytes."""
        return {"peak_rss": peak_rss()}

    def _rewind(self) -> None:
        from ...video.sources import open_source

        if self._source is not None:
            self._source.close()
        self._source = open_source(self._name)
        frame = self._source.read()
        for i, tracker in enumerate(self._trackers):
            tracker.init(frame.image, _shifted(self._box, i))

    def _frames(self, count: int) -> dict[str, Any]:
        """Milliseconds a frame by stage (all targets together), and wall seconds."""
        found: dict[str, list[float]] = {name: [] for name in (*STAGES, "total")}
        wall = 0.0
        while len(found["total"]) < count:
            start = time.perf_counter()
            frame = self._source.read()
            read = time.perf_counter()
            if frame is None:
                self._rewind()
                continue
            results = [tracker.track(frame.image) for tracker in self._trackers]
            end = time.perf_counter()
            wall += end - start
            found["read"].append((read - start) * 1e3)
            found["total"].append((end - read) * 1e3)
            for stage in STAGES[1:]:
                found[stage].append(sum(_stage(r, stage) for r in results))
        return {**found, "wall_s": wall}


def _stage(result: Any, name: str) -> float:
    return float(getattr(getattr(result, "timings", None), name, 0.0))


def _sibling(first: Any, case: SpeedCase) -> Any:
    """One more target with the same weights."""
    if hasattr(first, "model"):
        return type(first)(first.model)
    return case.tracker.open()


def _shifted(box: tuple[float, ...], i: int) -> tuple[float, ...]:
    """Targets beside each other, so that no two do exactly the same work."""
    x, y, w, h = box
    return (x + (i % 4) * w / 8, y + (i // 4) * h / 8, w, h)


def _clip(options: SpeedOptions) -> tuple[str, tuple[float, ...]]:
    if options.source is None:
        from ...video.demo import demo_clip

        clip = demo_clip()
        return str(clip.path), tuple(options.box or clip.box)
    if options.box is None:
        from ...errors import ConfigError

        raise ConfigError("expected --box x,y,w,h with --source: where is the target at first?")
    return options.source, tuple(options.box)


def peak_rss() -> int:
    """Peak resident memory of this process in bytes."""
    try:
        import resource
    except ImportError:
        psutil: Any = importlib.import_module("psutil")
        return int(psutil.Process().memory_info().peak_wset)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(kilobytes) if sys.platform == "darwin" else int(kilobytes) * 1024


def main() -> None:
    """Answer until stdin ends."""
    bench = Bench()
    serve({"open": bench.open, "about": bench.about, "block": bench.block, "stats": bench.stats})


if __name__ == "__main__":
    main()
