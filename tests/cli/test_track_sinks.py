import cv2
import numpy as np
import pytest
from typer.testing import CliRunner
from video_media import FakeTracker, write_images, write_video

from fartrack_sdk.cli import track_run
from fartrack_sdk.cli.track import app
from fartrack_sdk.video import ThreadedSource

BOX = ("--box", "20,15,30,30")


class Clip:
    """An opened file whose frames have the given times."""

    fps = 30.0

    def __init__(self, times):
        self.times, self.count, self.given = times, round(30 * times[-1]), 0

    def read(self):
        self.given += 1
        return np.zeros((64, 96, 3), np.uint8) if self.given <= len(self.times) else None

    def position_s(self, index):
        return self.times[index]

    def release(self):
        pass


@pytest.fixture
def track(tmp_path, monkeypatch):
    """(source, arguments) -> result, frames of the written video and its length in seconds."""
    monkeypatch.setattr(track_run, "open_tracker", lambda options: FakeTracker())

    def run(source, *arguments):
        if isinstance(source, list):
            clip = ThreadedSource(lambda: Clip(source), "clip", live=False)
            monkeypatch.setattr(track_run, "open_source", lambda *args, **options: clip)
            source = "clip.mkv"
        written = tmp_path / "o.mp4"
        result = CliRunner().invoke(
            app, [str(source), *BOX, "--output", str(written), *map(str, arguments)]
        )
        assert result.exit_code == 0, result.stderr
        capture = cv2.VideoCapture(str(written))
        frames = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        return result, frames, frames / capture.get(cv2.CAP_PROP_FPS)

    return run


def test_every_frame_of_a_file_is_written_although_its_times_step_back(track):
    times = [i / 30 for i in range(60)] + [59 / 30, 58 / 30, 59 / 30]
    _, frames, _ = track(times)
    assert frames == 63


def test_a_file_of_variable_rate_keeps_its_length(track):
    times = [i / 30 for i in range(90)] + [3 + i / 10 for i in range(30)]
    result, _, seconds = track(times)
    assert seconds == pytest.approx(5.93, abs=0.05)
    assert "Note" not in result.stderr


def test_a_pause_of_a_file_is_kept_up_to_a_minute_and_said(track):
    result, _, seconds = track([0.0, 90.0])
    assert seconds == pytest.approx(60.03, abs=0.05)
    assert "30.0 s shorter" in result.stderr


def test_frames_at_a_constant_rate_are_written_once_each(track):
    # Matroska rounds times to milliseconds.
    assert track([round(i / 30, 3) for i in range(100)])[1] == 100


@pytest.mark.parametrize("policy", ["every", "latest"])
def test_images_are_written_once_each(track, tmp_path, policy):
    folder = write_images(tmp_path / "img", [f"{i}.png" for i in range(6)])
    assert track(folder, "--policy", policy)[1] == 6


def test_a_rate_that_was_asked_for_takes_each_frame_of_a_file_once(track, tmp_path):
    video = write_video(tmp_path / "v.avi", frames=20, fps=25.0)
    _, frames, seconds = track(video, "--fps", 5)
    assert (frames, seconds) == (20, 4.0)
