"""Small data sets and trackers that exist only for the tests."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from fartrack_sdk.benchmarks.cli import app
from fartrack_sdk.benchmarks.trackers import TrackerSpec

SIZE = (96, 72)
EVALUATION = Path(__file__).parents[3] / "shared" / "data" / "eval"

STILL = '''
from types import SimpleNamespace


class Still:
    """Answers with the first box, moved by a pixel a frame."""

    def init(self, frame, box):
        self.box, self.n = tuple(box), 0
        return self

    def track(self, frame):
        self.n += 1
        x, y, w, h = self.box
        return SimpleNamespace(box=(x + self.n, y, w, h), score=0.5)

    def close(self):
        pass


class Slow(Still):
    """Takes so long that a test can interrupt it."""

    def track(self, frame):
        import time

        time.sleep(0.02)
        return super().track(frame)


class Stopping(Still):
    """Ctrl-C in the eighth frame."""

    def track(self, frame):
        if self.n == 7:
            raise KeyboardInterrupt
        return super().track(frame)


class Stopped(Still):
    """Ctrl-C before anything is tracked."""

    def init(self, frame, box):
        raise KeyboardInterrupt


class Failing(Still):
    """Raises in the third frame it tracks, what nobody foresaw."""

    def track(self, frame):
        result = super().track(frame)
        if self.n == 3:
            raise RuntimeError("lost its mind")
        return result


class Picky(Still):
    """Starts on no small box."""

    def init(self, frame, box):
        if box[2] < 10:
            from fartrack_sdk.errors import InputError

            raise InputError("expected a larger box.")
        return super().init(frame, box)


class Undecided(Still):
    """Gives no number in the third frame it tracks."""

    def track(self, frame):
        result = super().track(frame)
        return SimpleNamespace(box=(float("nan"),) * 4, score=0.5) if self.n == 3 else result


class Leaking(Still):
    """Opens a file a frame and closes none."""

    held = []

    def track(self, frame):
        self.held.append(open(__file__))
        return super().track(frame)
'''


def frame(i):
    image = np.full((SIZE[1], SIZE[0], 3), 40, dtype=np.uint8)
    cv2.circle(image, (24 + i, 30), 9, (40, 200, 220), -1)
    return image


def boxes(count):
    """A target that moves two pixels to the right and one down a frame."""
    return np.array([[15.0 + 2 * i, 21.0 + i, 18.0, 18.0] for i in range(count)])


@pytest.fixture
def write_frames():
    def write(folder, count=6, pattern="{:06d}.jpg", first=1):
        folder.mkdir(parents=True, exist_ok=True)
        for i in range(count):
            cv2.imwrite(str(folder / pattern.format(first + i)), frame(i))
        return count

    return write


@pytest.fixture
def write_boxes():
    def write(path, values=None, separator=",", count=6):
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = boxes(count) if values is None else values
        path.write_text("\n".join(separator.join(f"{v:g}" for v in row) for row in rows) + "\n")
        return np.asarray(rows)

    return write


@pytest.fixture
def plain_set(tmp_path, write_frames, write_boxes):
    """Four sequences in the plain layout."""
    root = tmp_path / "set"
    for name in ("ball", "car", "dog", "egg"):
        write_frames(root / name / "img")
        write_boxes(root / name / "groundtruth.txt")
    return root


@pytest.fixture(scope="session")
def tracker_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("trackers") / "still.py"
    path.write_text(STILL)
    return path


@pytest.fixture
def still(tracker_file):
    return TrackerSpec(factory=f"{tracker_file}:Still", label="still")


@pytest.fixture
def still_option(tracker_file):
    return ["--factory", f"still={tracker_file}:Still"]


@pytest.fixture
def bench():
    """Runs a command line; output without colours."""

    def invoke(*arguments):
        result = CliRunner().invoke(app, [str(a) for a in arguments])
        result.text = re.sub(r"\x1b\[[0-9;]*m", "", result.output)
        return result

    return invoke


@pytest.fixture(scope="session")
def evaluation_set():
    if not EVALUATION.is_dir():
        pytest.skip(f"the evaluation sequences are not at {EVALUATION}")
    return EVALUATION
