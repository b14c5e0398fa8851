import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner
from video_media import FakeTracker, write_images, write_video

from fartrack_sdk import Box, MissingDependencyError
from fartrack_sdk.cli import track_run
from fartrack_sdk.cli.common import ExitCode, exit_code, parse_box
from fartrack_sdk.cli.track import app
from fartrack_sdk.cli.track_options import TrackOptions
from fartrack_sdk.cli.track_report import Run, next_command
from fartrack_sdk.errors import InputError, ParityError

SUPPORT = Path(__file__).parent.parent / "support"
BOX = ("--box", "20,15,30,30")


@pytest.fixture
def video(tmp_path):
    return write_video(tmp_path / "in.avi", frames=12)


@pytest.fixture
def opened(monkeypatch):
    trackers = []

    def open_fake(options):
        trackers.append(FakeTracker())
        return trackers[-1]

    monkeypatch.setattr(track_run, "open_tracker", open_fake)
    return trackers


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def frames_in(path):
    capture, count = cv2.VideoCapture(str(path)), 0
    while capture.read()[0]:
        count += 1
    return count


def test_video_csv_jsonl_and_plot_are_written(tmp_path, video, opened):
    pytest.importorskip("matplotlib")
    names = {"--output": "o.mp4", "--csv": "b.csv", "--jsonl": "b.jsonl", "--plot": "p.png"}
    files = [str(part) for flag, name in names.items() for part in (flag, tmp_path / name)]
    result = call(video, *BOX, *files)
    assert result.exit_code == 0, result.output
    assert frames_in(tmp_path / "o.mp4") == 12
    assert len((tmp_path / "b.csv").read_text().splitlines()) == 13
    assert len((tmp_path / "b.jsonl").read_text().splitlines()) == 12
    assert (tmp_path / "p.png").stat().st_size > 1000
    assert "11 frames tracked" in result.stdout
    assert "overhead (all but infer)" in result.stdout
    assert "TRACKING 3, UNCERTAIN 4, LOST 4" in result.stdout
    assert "Next: fartrack-track" in result.stderr
    assert opened[0].closed


def test_json_is_one_object_per_line_with_a_summary_last(video, opened):
    result = call(video, *BOX, "--json", "--start", "2", "--max-frames", "5")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["type"] for line in lines] == ["frame"] * 5 + ["summary"]
    assert [line["frame"] for line in lines[:-1]] == [2, 3, 4, 5, 6]
    summary = lines[-1]
    assert summary["tracked_frames"] == 4
    assert summary["latency_ms"]["overhead"]["mean"] == pytest.approx(0.4)
    assert summary["runtime"]["name"] == "fake"


def test_the_next_command_is_about_the_same_model(video, opened):
    chosen = ["--model", "m.pth.tar", "--variant", "pico", "--device", "cpu", "--threads", "1"]
    result = call(video, *BOX, *chosen, "--on-lost", "hold", "--retention", "0.5")
    next_line = result.stderr.splitlines()[-1]
    assert f"{' '.join(chosen)} --retention 0.5 --output tracked.mp4" in next_line


def test_the_next_command_repeats_no_password():
    run = Run("rtsp://host/s", Box(1, 2, 3, 4), FakeTracker().runtime_info())
    command = next_command(run, TrackOptions("rtsp://me:secret@host/s"))
    assert command.startswith("fartrack-track rtsp://host/s --box 1,2,3,4")


@pytest.mark.parametrize("source", ["file:///tmp/a@b.mp4", "file:///data/run%232/v.mp4", "0"])
def test_the_next_command_names_the_same_source(source):
    run = Run(source, Box(1, 2, 3, 4), FakeTracker().runtime_info())
    assert next_command(run, TrackOptions(source)).startswith(f"fartrack-track {source} --box")


def test_groundtruth_beside_images_gives_the_box(tmp_path, opened):
    folder = write_images(tmp_path / "img", ["1.png", "2.png", "3.png"])
    (folder / "groundtruth.txt").write_text("20,15,30,30\n21,15,30,30\n22,15,30,30\n")
    result = call(folder, "--json", "--start", "1")
    assert json.loads(result.stdout.splitlines()[0])["x"] == 21.0
    assert "row 2 of" in result.stderr


def test_demo_uses_the_bundled_clip_and_box(opened):
    result = call("demo", "--json", "-n", "3")
    assert result.exit_code == 0, result.output
    assert "Blender Foundation" in result.stderr
    assert json.loads(result.stdout.splitlines()[-1])["tracked_frames"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.mp4", *BOX], "does not exist"),
        (["VIDEO"], "Pass --box x,y,w,h"),
        (["VIDEO", "--box", "1,2,3"], "four|x,y,w,h"),
        (["VIDEO", "--box", "500,500,10,10"], "overlaps"),
        (["VIDEO", *BOX, "--output", "out.gif"], "expected a video"),
        (["VIDEO", *BOX, "--output", "VIDEO", "--overwrite"], "same file"),
        (["VIDEO", *BOX, "--csv", "a.csv", "--jsonl", "a.csv"], "same file"),
        (["VIDEO", *BOX, "--csv", "no/such/folder/b.csv"], "create it first"),
        (["VIDEO", *BOX, "--start", "500"], "no frame 500"),
        (["VIDEO", "--select"], "--box x,y,w,h"),
        (["VIDEO", *BOX, "--show"], "--output"),
        (["VIDEO", *BOX, "--templates", "11"], "--templates"),
        (["VIDEO", *BOX, "--on-lost", "panic"], "--on-lost"),
    ],
)
def test_bad_input_is_explained_with_status_2(
    arguments, message, video, opened, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    result = call(*(str(video) if part == "VIDEO" else part for part in arguments))
    assert result.exit_code == ExitCode.USAGE
    assert any(part in result.stderr for part in message.split("|"))
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == [video.name]


def test_checkpoint_flags_without_a_checkpoint_raise(video):
    result = call(video, *BOX, "--variant", "pico", "--templates", "3")
    assert result.exit_code == ExitCode.USAGE
    assert "--variant, --templates" in result.stderr


def test_a_run_that_cannot_start_leaves_no_file(tmp_path, video):
    files = ("--csv", tmp_path / "b.csv", "--jsonl", tmp_path / "b.jsonl")
    assert call(video, *BOX, "--model", "nowhere.pth.tar", *files).exit_code == 2
    assert [p.name for p in tmp_path.iterdir()] == [video.name]


def test_missing_model_is_named(video):
    result = call(video, *BOX, "--model", "no.safetensors")
    assert result.exit_code == ExitCode.USAGE
    assert "no.safetensors" in result.stderr


def test_missing_dependency_has_status_3_and_shows_the_command(video, monkeypatch):
    def without_torch(options):
        raise MissingDependencyError("torch", "torch")

    monkeypatch.setattr(track_run, "open_tracker", without_torch)
    result = call(video, *BOX)
    assert result.exit_code == ExitCode.UNAVAILABLE
    assert "pip install 'fartrack-sdk[torch]'" in result.stderr


@pytest.mark.parametrize("flag", [[], ["--verbose"]])
def test_unexpected_errors_have_status_1_and_a_traceback_on_request(video, monkeypatch, flag):
    def broken(options):
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(track_run, "open_tracker", broken)
    result = call(video, *BOX, *flag)
    assert result.exit_code == ExitCode.UNEXPECTED
    assert "Unexpected ZeroDivisionError: odd" in result.stderr
    assert ("Traceback" in result.stderr) == bool(flag)


def test_error_in_the_middle_finishes_the_files(tmp_path, opened):
    folder = write_images(tmp_path / "img", ["1.png", "2.png", "3.png"])
    (folder / "3.png").write_bytes(b"damaged")
    outputs = ("--output", tmp_path / "o.mp4", "--csv", tmp_path / "b.csv")
    result = call(folder, *BOX, *outputs)
    assert result.exit_code == ExitCode.USAGE
    assert "3.png" in result.stderr
    assert frames_in(tmp_path / "o.mp4") == 2
    assert len((tmp_path / "b.csv").read_text().splitlines()) == 3


def test_ctrl_c_finishes_video_and_csv_with_status_130(tmp_path):
    video = write_video(tmp_path / "long.avi", frames=500)
    program = (
        f"import sys; sys.path.insert(0, {str(SUPPORT)!r})\n"
        "from video_media import FakeTracker\n"
        "from fartrack_sdk.cli import track, track_run\n"
        "track_run.open_tracker = lambda options: FakeTracker(delay_s=0.03)\n"
        "track.main()\n"
    )
    outputs = ["--output", str(tmp_path / "o.mp4"), "--csv", str(tmp_path / "b.csv")]
    command = [sys.executable, "-c", program, str(video), *BOX, *outputs]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_rows(tmp_path, 8)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED, stderr
    rows = list(csv.DictReader((tmp_path / "b.csv").open()))
    assert 6 < len(rows) < 500
    assert rows[-1]["total_ms"]
    assert frames_in(tmp_path / "o.mp4") == len(rows)
    assert "(interrupted)" in stdout
    assert not list(tmp_path.glob(".*part*"))


def wait_for_rows(folder, count):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        parts = list(folder.glob(".b.part*"))
        if parts and len(parts[0].read_text().splitlines()) > count:
            return
        time.sleep(0.02)
    pytest.fail("the command did not start tracking")


def test_closed_pipe_ends_quietly_and_keeps_the_files(tmp_path, video):
    program = (
        f"import sys; sys.path.insert(0, {str(SUPPORT)!r})\n"
        "from video_media import FakeTracker\n"
        "from fartrack_sdk.cli import track, track_run\n"
        "track_run.open_tracker = lambda options: FakeTracker(delay_s=0.01)\n"
        "track.main()\n"
    )
    command = [sys.executable, "-c", program, str(video), *BOX, "--json"]
    command += ["--csv", str(tmp_path / "b.csv")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    process.stdout.close()
    stderr = process.stderr.read()
    assert process.wait(60) == ExitCode.UNEXPECTED
    assert "Traceback" not in stderr
    assert "BrokenPipe" not in stderr
    assert (tmp_path / "b.csv").exists()


def test_help_teaches_and_imports_nothing_heavy():
    program = (
        "import sys\nfrom fartrack_sdk.cli.track import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'matplotlib', 'onnxruntime', 'openvino'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))\n"
    )
    command = [sys.executable, "-c", program, "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "fartrack-track demo" in text
    assert "Exit codes: 0 ok" in text
    assert "HEAVY []" in text


@pytest.mark.parametrize("text", ["1,2,3,4", "1 2 3 4", " 1, 2, 3, 4 "])
def test_box_is_parsed_from_commas_and_spaces(text):
    assert parse_box(text) == (1, 2, 3, 4)


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d"])
def test_text_that_is_no_box_raises(text):
    with pytest.raises(InputError, match="x,y,w,h"):
        parse_box(text)


def test_errors_have_the_documented_status():
    errors = [InputError("x"), MissingDependencyError("a", "b"), ParityError("x"), OSError()]
    assert [exit_code(error) for error in errors] == [2, 3, 4, 1]
    assert exit_code(KeyboardInterrupt()) == 130
