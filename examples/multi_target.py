"""Several targets in one video, batched over one model.

python examples/multi_target.py video.mp4 118,126,140,150 300,40,60,80
"""

import sys

import cv2

from fartrack_sdk import MultiTracker, load_pretrained


def main(video, *boxes):
    capture = cv2.VideoCapture(video)
    ok, frame = capture.read()
    if not ok:
        sys.exit(f"cannot read {video}")
    targets = {i: [float(value) for value in box.split(",")] for i, box in enumerate(boxes)}
    tracker = MultiTracker(load_pretrained()).init(frame, targets)
    while capture.read(frame)[0]:
        for i, result in tracker.track(frame).items():
            print(f"frame {result.frame_index} target {i} {result.box.as_int()} {result.score:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
