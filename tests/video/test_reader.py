import gc
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from video_media import write_video

from fartrack_sdk import InputError
from fartrack_sdk.video import Backoff, ThreadedSource, open_source

LEFT_OPEN = """
import sys
from fartrack_sdk.video import open_source

def some(source, last):
    for frame in source:
        if frame.index == last:
            return

source = open_source(sys.argv[1])
"""
ENDS = {
    "at the end": "print(sum(1 for _ in source))",
    "in the middle": "some(source, 3)",
    "with an error": "some(source, 3)\nraise SystemExit(7)",
    "after dropping it": "some(source, 3)\ndel source",
}


class Device:
    """Frames at the given times, as a device that was opened."""

    def __init__(self, times, fps=30.0, count=None):
        self.times, self.fps, self.count = list(times), fps, count
        self.given = 0
        self.released = threading.Event()

    def read(self):
        if self.given == len(self.times):
            return None
        self.given += 1
        return np.zeros((8, 8, 3), np.uint8)

    def position_s(self, index):
        return self.times[index]

    def release(self):
        self.released.set()


def file_of(device, **options):
    return ThreadedSource(lambda: device, "file", live=False, **options)


def readers():
    return [t for t in threading.enumerate() if t.name.startswith("fartrack-reader")]


def wait_until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("end", ENDS)
def test_a_program_may_end_without_closing_its_source(tmp_path, end):
    video = write_video(tmp_path / "v.avi", frames=60)
    command = [sys.executable, "-c", LEFT_OPEN + ENDS[end], str(video)]
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert run.returncode == (7 if "error" in end else 0), run.stderr
    assert run.stderr == ""


def test_sources_that_are_dropped_leave_no_thread_and_no_file(tmp_path):
    video = write_video(tmp_path / "v.avi", frames=60)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(3):
        open_source(video).read()
    gc.collect()
    wait_until(lambda: not readers())
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before


def test_the_device_is_back_when_the_end_is_seen():
    class Slow(Device):
        def release(self):
            time.sleep(0.1)
            super().release()

    device = Slow([0.0, 0.1])
    with file_of(device) as source:
        assert len(list(source)) == 2
        assert device.released.is_set()


def test_a_device_that_fails_ends_the_source_with_its_error():
    class Broken(Device):
        def release(self):
            raise OSError("gone")

    with file_of(Broken([0.0])) as source:
        source.read()
        with pytest.raises(OSError, match="gone"):
            source.read()


def test_timestamps_count_from_the_first_frame():
    with file_of(Device([5.0, 5.5, 6.0])) as source:
        assert [frame.timestamp_s for frame in source] == [0.0, 0.5, 1.0]


def test_a_file_read_as_latest_may_pause_longer_than_the_stall_timeout():
    device = Device([0.0, 0.8])
    with file_of(device, policy="latest", stall_timeout_s=0.2) as source:
        assert [frame.index for frame in source] == [0, 1]


def test_a_device_that_gives_nothing_stalls():
    class Silent(Device):
        def read(self):
            if self.given:
                self.released.wait(1.0)
            return super().read()

    with file_of(Silent([0.0, 0.1]), stall_timeout_s=0.2) as source:
        source.read()
        with pytest.raises(InputError, match="gave no frame"):
            source.read()


@pytest.mark.parametrize(
    ("times", "count", "cut"),
    [
        ([i / 30 for i in range(90)], 90, False),
        ([i / 30 for i in range(90)], 180, True),
        # 3 s of 30 and 3 s of 10 frames a second; the container states 6 s times 30.
        ([i / 30 for i in range(90)] + [3 + i / 10 for i in range(30)], 178, False),
        ([i / 30 for i in range(90)], 178, True),
        # All frames there, the last one shown long.
        ([0.0, 0.1, 0.2], 3, False),
        # Half a second of 30, then 2 frames a second.
        ([i / 30 for i in range(15)] + [0.5, 1.0, 1.5], 60, False),
    ],
)
def test_only_files_that_end_before_their_time_are_called_truncated(times, count, cut):
    with file_of(Device(times, count=count), backoff=Backoff(attempts=0)) as source:
        assert len(list(source)) == len(times)
        assert bool(source.notes) == cut
