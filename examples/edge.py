"""Track on an edge device without torch: an exported model and its runtime, nothing else.

pip install fartrack-sdk
python examples/edge.py ARTIFACT video.mp4 118,126,140,150
"""

import sys

import cv2

from fartrack_sdk import Tracker


def main(artifact, video, box):
    capture = cv2.VideoCapture(video)
    ok, frame = capture.read()
    if not ok:
        sys.exit(f"cannot read {video}")
    with Tracker.from_exported(artifact) as tracker:
        info = tracker.runtime_info()
        print(f"{info.name} on {info.device}, {info.precision}, {info.threads} threads")
        tracker.init(frame, [float(value) for value in box.split(",")])
        while capture.read(frame)[0]:
            result = tracker.track(frame)
            x, y, w, h = result.box.as_int()
            print(f"{result.frame_index} {x} {y} {w} {h} {result.score:.2f} {result.state.value}")


if __name__ == "__main__":
    main(*sys.argv[1:])
