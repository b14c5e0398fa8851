import csv
import json
import os
import resource
from collections import deque
from contextlib import contextmanager

import cv2
import numpy as np
import pytest
from video_media import FakeTracker, picture, write_images

from fartrack_sdk import ArtifactError, Box, ConfigError, InputError, StateError
from fartrack_sdk.video import demo, display, open_source
from fartrack_sdk.video.frames import Frame
from fartrack_sdk.video.history import History
from fartrack_sdk.video.overlay import COLORS, draw
from fartrack_sdk.video.pacing import Pacer
from fartrack_sdk.video.plot import save_plot
from fartrack_sdk.video.records import COLUMNS, CsvWriter, JsonLinesWriter
from fartrack_sdk.video.session import Step, steps
from fartrack_sdk.video.writer import VideoWriter

BOX = Box(20, 15, 30, 30)


def some_steps(count=9):
    tracker = FakeTracker().init(picture(0), BOX)
    yield Step(Frame(picture(0), 0, 0.0), BOX, None)
    for index in range(1, count):
        result = tracker.track(picture(index))
        yield Step(Frame(picture(index), index, index / 25), result.box, result)


def frames_in(path):
    capture, frames = cv2.VideoCapture(str(path)), []
    while (read := capture.read())[0]:
        frames.append(read[1])
    return frames


@contextmanager
def full_disk(free_bytes):
    """Files may grow up to a size, as on a disk that is full after it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (free_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mkv"])
def test_video_appears_complete_when_the_writer_closes(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    with VideoWriter(path, 25) as writer:
        for number in range(10):
            writer.write(picture(number))
        assert not path.exists()
    writer.close()
    assert len(frames_in(path)) == 10
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    with pytest.raises(StateError, match="closed"):
        writer.write(picture(0))


def test_writer_without_frames_leaves_nothing(tmp_path):
    VideoWriter(tmp_path / "out.mp4").close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_video_that_a_full_disk_cut_off_is_removed_and_said(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (20, 64, 96, 3), np.uint8)
    writer = VideoWriter(tmp_path / f"out{suffix}")
    with full_disk(4096):
        for image in noise:
            writer.write(image)
        with pytest.raises(InputError, match=r"incomplete.*free space"):
            writer.close()
    writer.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [CsvWriter, JsonLinesWriter])
def test_rows_that_a_full_disk_cut_off_leave_no_file(tmp_path, kind):
    path = tmp_path / "rows"
    path.write_text("mine")
    writer = kind(path, overwrite=True)
    with full_disk(500), pytest.raises(InputError, match=r"rows' cannot be written.*free space"):
        deque(map(writer.write, some_steps()), maxlen=0)
    writer.close()
    assert [p.name for p in tmp_path.iterdir()] == ["rows"]
    assert path.read_text() == "mine"


@pytest.mark.parametrize("kind", [CsvWriter, JsonLinesWriter])
def test_rows_without_a_frame_keep_what_was_there(tmp_path, kind):
    path = tmp_path / "rows"
    path.write_text("mine")
    kind(path, overwrite=True).close()
    assert path.read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_pipe_is_not_replaced_by_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="device or a pipe"):
        CsvWriter(tmp_path / "pipe", overwrite=True)


def test_frames_of_another_size_are_fitted_and_explained(tmp_path):
    with VideoWriter(tmp_path / "out.mp4") as writer:
        writer.write(picture(0, (97, 65)))
        writer.write(picture(1, (97, 65)))
        writer.write(picture(2, (40, 90)))
    frames = frames_in(tmp_path / "out.mp4")
    assert [frame.shape for frame in frames] == [(64, 96, 3)] * 3
    assert writer.notes == ("1 frames of another size were scaled to 96x64.",)


def test_existing_files_are_kept_unless_overwriting(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_text("mine")
    with pytest.raises(InputError, match="--overwrite"):
        VideoWriter(path)
    writer = VideoWriter(path, overwrite=True)
    writer.write(picture(0))
    assert path.read_text() == "mine"
    writer.close()
    assert len(frames_in(path)) == 1


def test_impossible_outputs_raise_before_any_work(tmp_path):
    with pytest.raises(InputError, match=r"\.mp4"):
        VideoWriter(tmp_path / "out.gif")
    with pytest.raises(InputError, match="does not exist"):
        VideoWriter(tmp_path / "no" / "out.mp4")
    with pytest.raises(ConfigError, match="fps"):
        VideoWriter(tmp_path / "out.mp4", fps=0)


def test_csv_has_one_row_per_frame(tmp_path):
    with CsvWriter(tmp_path / "b.csv") as writer:
        for step in some_steps():
            writer.write(step)
    rows = list(csv.DictReader((tmp_path / "b.csv").open()))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 9
    assert (rows[0]["state"], rows[0]["score"], rows[0]["x"]) == ("INIT", "", "20.0")
    assert (rows[2]["state"], rows[2]["x"], rows[2]["infer_ms"]) == ("LOST", "22.0", "2.0")
    assert float(rows[2]["total_ms"]) == pytest.approx(2.4)


def test_json_lines_have_the_same_keys(tmp_path):
    with JsonLinesWriter(tmp_path / "b.jsonl") as writer:
        for step in some_steps():
            writer.write(step)
    rows = [json.loads(line) for line in (tmp_path / "b.jsonl").read_text().splitlines()]
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["score"] is None
    assert rows[8]["frame"] == 8


def test_overlay_draws_on_a_copy_in_the_colour_of_the_state():
    for step in some_steps(4):
        before = step.frame.image.copy()
        image = draw(step)
        assert np.array_equal(step.frame.image, before)
        assert (np.abs(image.astype(int) - COLORS[step.state]).sum(axis=2) < 30).any()


@pytest.mark.parametrize("box", [(-50, -50, 20, 20), (90, 60, 500, 500), (0, 0, 96, 64)])
@pytest.mark.parametrize("size", [(16, 16), (96, 64), (3840, 2160)])
def test_overlay_takes_any_box_and_size(box, size):
    image = draw(Step(Frame(picture(0, size), 0, 0.0), Box(*box), None))
    assert image.shape == (size[1], size[0], 3)


def test_history_is_exact_until_full_and_bounded_after():
    history = History(capacity=64)
    for step in some_steps(1001):
        history.add(step)
    assert history.frames == 1000
    assert sum(history.states.values()) == 1000
    kept = history.column("frame")
    assert 32 <= len(kept) <= 64
    assert len(set(np.diff(kept))) == 1
    assert history.latency_ms()["overhead"]["mean"] == pytest.approx(0.4)
    assert history.mean_score() == pytest.approx(0.5)


def test_empty_history_has_zeros():
    assert History().latency_ms()["total"] == {"mean": 0.0, "p50": 0.0, "p99": 0.0}


@pytest.mark.parametrize(("suffix", "magic"), [(".png", b"\x89PNG"), (".svg", b"<?xml")])
@pytest.mark.parametrize("count", [2, 30])
def test_plot_is_saved_by_suffix(tmp_path, suffix, magic, count):
    pytest.importorskip("matplotlib")
    history = History()
    for step in some_steps(count):
        history.add(step)
    path = tmp_path / f"plot{suffix}"
    save_plot(history, path, "title")
    assert path.read_bytes().startswith(magic)


@pytest.mark.parametrize("title", ["a$x^$b.mp4", "\udcff.mp4"])
def test_any_file_name_may_be_the_title_of_a_plot(tmp_path, title):
    pytest.importorskip("matplotlib")
    history = History()
    for step in some_steps():
        history.add(step)
    save_plot(history, tmp_path / "p.png", title)
    assert (tmp_path / "p.png").exists()


def test_plot_that_a_full_disk_cut_off_is_removed(tmp_path):
    pytest.importorskip("matplotlib")
    history = History()
    for step in some_steps():
        history.add(step)
    with full_disk(500), pytest.raises(InputError, match="free space"):
        save_plot(history, tmp_path / "p.svg")
    assert list(tmp_path.iterdir()) == []


def test_plot_of_nothing_or_of_a_wrong_kind_raises(tmp_path):
    pytest.importorskip("matplotlib")
    with pytest.raises(InputError, match="at least one"):
        save_plot(History(), tmp_path / "p.png")
    with pytest.raises(InputError, match=r"\.svg"):
        save_plot(History(), tmp_path / "p.jpg")


def test_pacer_keeps_a_video_in_step_with_the_clock():
    pacer = Pacer(10.0)
    assert [pacer.copies(t) for t in (5.0, 5.1, 5.12, 5.5)] == [1, 1, 0, 4]
    assert pacer.copies(65.0) == 20
    assert pacer.copies(65.1) == 1
    assert pacer.shortened_s == pytest.approx(57.5)


def test_pacer_that_leaves_nothing_out_makes_up_for_it_later():
    pacer = Pacer(10.0, lossless=True)
    assert [pacer.copies(t) for t in (0.0, 0.03, 0.06, 0.09, 0.5, 0.4)] == [1, 1, 1, 1, 2, 1]


def test_pacer_goes_on_when_timestamps_start_anew():
    pacer = Pacer(10.0)
    assert [pacer.copies(t) for t in (0.0, 0.1, 0.2, 30.0)] == [1, 1, 1, 20]
    assert [pacer.copies(t) for t in (0.0, 0.1, 0.05, 0.3)] == [1, 1, 0, 2]


def test_steps_follow_a_source_up_to_a_number(tmp_path):
    folder = write_images(tmp_path / "img", [f"{i}.png" for i in range(6)])
    with open_source(folder) as source:
        found = list(steps(FakeTracker(), source, source.read(), BOX, max_frames=4))
    assert [step.frame.index for step in found] == [0, 1, 2, 3]
    assert [step.state for step in found] == ["INIT", "UNCERTAIN", "LOST", "TRACKING"]


def test_steps_name_the_frame_that_cannot_be_used(tmp_path):
    class Picky(FakeTracker):
        def track(self, frame):
            raise InputError("too dark")

    folder = write_images(tmp_path / "img", ["0.png", "1.png"])
    with (
        open_source(folder) as source,
        pytest.raises(InputError, match="frame 1: too dark"),
    ):
        list(steps(Picky(), source, source.read(), BOX))


def test_windows_without_a_display_raise(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(InputError, match="--box x,y,w,h"):
        display.select_box(picture(0))
    with pytest.raises(InputError, match="--output"):
        display.Window("title")


def test_demo_clip_is_readable_and_its_box_lies_inside():
    clip = demo.demo_clip()
    with open_source(clip.path) as source:
        assert 100 <= len(list(source)) <= 250
        assert clip.box.xyxy[2] < source.size[0]
        assert clip.box.xyxy[3] < source.size[1]
    assert "Blender Foundation" in clip.credit
    assert "CC BY 3.0" in clip.license


def test_missing_demo_clip_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "_ASSETS", tmp_path)
    with pytest.raises(ArtifactError, match="reinstall"):
        demo.demo_clip()
