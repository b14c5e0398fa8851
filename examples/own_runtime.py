"""Bring your own runtime: run the model in another process, so that a crash there is not yours.

A runtime has three members: ``info``, ``run(graph, feeds)`` and ``close()``. Everything
else (crops, template memory, decoding, states) stays as it is.

    python examples/own_runtime.py video.mp4 118,126,140,150
"""

import sys
from multiprocessing import get_context

import cv2

from fartrack_sdk import RuntimeInfo, Tracker, load_pretrained
from fartrack_sdk.loading import assemble


def serve(pipe):
    """The child: holds the weights and answers one pass at a time."""
    model = load_pretrained()
    pipe.send((model.config, model.thresholds, model.runtime.info))
    while (request := pipe.recv()) is not None:
        pipe.send(model.runtime.run(*request))
    model.close()


class ProcessRuntime:
    """Sends each pass through a pipe; one tracker at a time."""

    def __init__(self):
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True)
        self._process.start()
        self.config, self.thresholds, inner = self._pipe.recv()
        self._info = RuntimeInfo(
            "process", inner.device, inner.provider, inner.precision, inner.threads
        )

    @property
    def info(self):
        return self._info

    def run(self, graph, feeds):
        self._pipe.send((graph, dict(feeds)))
        return self._pipe.recv()

    def close(self):
        if self._process.is_alive():
            self._pipe.send(None)
            self._process.join(timeout=10)


def main(path, box):
    runtime = ProcessRuntime()
    model = assemble(runtime.config, runtime, runtime.thresholds)
    video = cv2.VideoCapture(path)
    with Tracker(model, owns_model=True) as tracker:
        tracker.init(video.read()[1], [float(v) for v in box.split(",")])
        while True:
            ok, frame = video.read()
            if not ok:
                break
            result = tracker.track(frame)
            print(result.frame_index, result.box.as_int(), result.state.value)


if __name__ == "__main__":
    main(*sys.argv[1:])
