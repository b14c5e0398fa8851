"""Child process of one configuration: real frames through every stage."""

from __future__ import annotations

import importlib
import sys
import time
from typing import Any

from ...errors import InputError
from ..clip import clip_of
from ..trackers import describe
from ..workers.wire import serve
from .config import SpeedCase, SpeedOptions
from .parity import replayed
from .targets import Targets, targets_of

STAGES = ("read", "crop", "infer", "decode", "template")


class Bench:
    """The targets and the source of this process."""

    def __init__(self) -> None:
        self._tracker: Any = None
        self._targets: Targets
        self._source: Any = None
        self._name = ""
        self._box: tuple[float, ...] = ()

    def open(self, request: dict[str, Any]) -> dict[str, Any]:
        """Load the model; the times are part of the cold start."""
        case = SpeedCase.model_validate(request["case"])
        options = SpeedOptions.model_validate(request["options"])
        start = time.perf_counter()
        self._tracker = case.tracker.open()
        loaded = time.perf_counter()
        self._targets = targets_of(self._tracker, case)
        self._name, self._box = clip_of(options.source, options.box)
        self._rewind()
        first_ms = self._frames(1)["total"][0]
        return {"load_s": loaded - start, "first_ms": first_ms}

    def about(self, _: dict[str, Any]) -> dict[str, Any]:
        """What is active, and the model's configuration where it has one."""
        config = getattr(getattr(self._tracker, "model", None), "config", None)
        dumped = config.model_dump(mode="json") if config is not None else None
        return {"active": describe(self._tracker), "config": dumped}

    def block(self, request: dict[str, Any]) -> dict[str, Any]:
        """Measure a number of frames."""
        return self._frames(request["frames"])

    def replay(self, request: dict[str, Any]) -> dict[str, Any]:
        """Boxes from the beginning of the source; measuring begins there again."""
        from ...video.sources import open_source

        with open_source(self._name) as source:
            found = replayed(self._tracker, source, self._box, request["frames"])
        self._rewind()
        return found

    def stats(self, _: dict[str, Any]) -> dict[str, Any]:
        """Peak resident memory of this process in bytes."""
        return {"peak_rss": peak_rss()}

    def _rewind(self) -> None:
        from ...video.sources import open_source

        if self._source is not None:
            self._source.close()
        self._source = open_source(self._name)
        first = self._source.read()
        if first is None:
            raise InputError(f"expected frames in {self._name}; it has none.")
        self._targets.init(first.image, self._box)

    def _frames(self, count: int) -> dict[str, Any]:
        """Milliseconds a frame by stage (all targets together), and wall seconds."""
        found: dict[str, list[float]] = {name: [] for name in (*STAGES, "total")}
        wall = 0.0
        for _ in range(count):
            image, start, read = self._next()
            results = list(self._targets.track(image))
            end = time.perf_counter()
            wall += end - start
            found["read"].append((read - start) * 1e3)
            found["total"].append((end - read) * 1e3)
            for stage in STAGES[1:]:
                found[stage].append(sum(_stage(r, stage) for r in results))
        return {**found, "wall_s": wall}

    def _next(self) -> tuple[Any, float, float]:
        """An image, and when reading it began and ended; a source that is over begins again."""
        for _ in range(2):
            start = time.perf_counter()
            frame = self._source.read()
            read = time.perf_counter()
            if frame is not None:
                return frame.image, start, read
            self._rewind()
        raise InputError(f"expected at least two frames in {self._name}; got one.")


def _stage(result: Any, name: str) -> float:
    return float(getattr(getattr(result, "timings", None), name, 0.0))


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
    serve(
        {
            "open": bench.open,
            "about": bench.about,
            "replay": bench.replay,
            "block": bench.block,
            "stats": bench.stats,
        }
    )


if __name__ == "__main__":
    main()
