import csv
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest
import typer
from typer.testing import CliRunner
from video_media import write_video

from fartrack_sdk.cli import common, track_run
from fartrack_sdk.cli.interrupts import SIGNALS, Interrupts
from fartrack_sdk.cli.track import app
from fartrack_sdk.errors import InputError

SUPPORT = Path(__file__).parent.parent / "support"
BOX = ("--box", "20,15,30,30")
SLOW = (
    f"import sys; sys.path.insert(0, {str(SUPPORT)!r})\n"
    "from video_media import FakeTracker\n"
    "from fartrack_sdk.cli import track, track_run\n"
    "track_run.open_tracker = lambda options: FakeTracker(delay_s=0.03)\n"
    "track.main()\n"
)
IN_A_TERMINAL = "import fcntl, termios\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
IGNORING = "import signal\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\n"


def start(folder, program, frames=500, **streams):
    video = write_video(folder / "in.avi", frames=frames)
    files = ["--output", str(folder / "o.mp4"), "--csv", str(folder / "b.csv")]
    command = [sys.executable, "-c", program, str(video), *BOX, *files]
    process = subprocess.Popen(command, **streams)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        parts = list(folder.glob(".b.part*"))
        if parts and len(parts[0].read_text().splitlines()) > 8:
            return process
        time.sleep(0.02)
    pytest.fail("the command did not start tracking")


def assert_finished(folder, frames=500):
    rows = list(csv.DictReader((folder / "b.csv").open()))
    capture, count = cv2.VideoCapture(str(folder / "o.mp4")), 0
    while capture.read()[0]:
        count += 1
    assert 6 < len(rows) <= frames
    assert count == len(rows)
    assert not list(folder.glob(".*part*"))
    return count


def signalled(error):
    """A model that is sent a signal while it opens, and fails of it in a way of its own."""

    def open_tracker(options):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise error from None

    return open_tracker


def test_a_hang_up_finishes_the_files_with_status_130(tmp_path):
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = start(tmp_path, SLOW, **quiet)
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 130
    assert assert_finished(tmp_path) < 500


def test_a_terminal_that_closes_finishes_the_files_with_status_130(tmp_path):
    ours, theirs = pty.openpty()
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
    process = start(tmp_path, IN_A_TERMINAL + SLOW, start_new_session=True, **streams)
    os.close(theirs)
    os.close(ours)
    assert process.wait(60) == 130
    assert assert_finished(tmp_path) < 500


def test_signals_that_a_job_ignores_stay_ignored(tmp_path):
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = start(tmp_path, IGNORING + SLOW, frames=30, **quiet)
    for number in SIGNALS:
        process.send_signal(number)
    assert process.wait(60) == 0
    assert assert_finished(tmp_path, 30) == 30


def test_handlers_are_given_back():
    before = [signal.getsignal(number) for number in SIGNALS]
    with Interrupts():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_an_interrupt_waits_for_the_end_of_a_deferred_block():
    done = []

    def block():
        with Interrupts() as interrupts, interrupts.deferred():
            signal.raise_signal(signal.SIGTERM)
            done.append(True)

    with pytest.raises(KeyboardInterrupt):
        block()
    assert done


def call(video):
    return CliRunner().invoke(app, [str(video), *BOX])


def test_an_error_that_an_interrupt_caused_has_status_130(tmp_path, monkeypatch):
    error = ImportError("initialization failed")
    monkeypatch.setattr(track_run, "open_tracker", signalled(error))
    result = call(write_video(tmp_path / "v.avi"))
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == "Interrupted."
    assert "initialization" not in result.stderr


def test_a_foreseen_error_after_an_interrupt_is_said_too(tmp_path, monkeypatch):
    monkeypatch.setattr(track_run, "open_tracker", signalled(InputError("the disk is full")))
    result = call(write_video(tmp_path / "v.avi"))
    assert result.exit_code == 130
    assert "Error: the disk is full" in result.stderr


def test_an_interrupt_of_a_process_without_stdout_has_status_130(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(typer.Exit) as caught, common.reported():
        raise KeyboardInterrupt
    assert caught.value.exit_code == 130


PRINTS = """
from fartrack_sdk.cli.common import reported, stdout_console
with reported():
    stdout_console().print("clip \\u2713.mp4")
    print("\\udcff.mp4")
"""


def test_names_that_cannot_be_printed_are_escaped():
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    command = [sys.executable, "-c", PRINTS]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["clip", "\\u2713.mp4", "\\udcff.mp4"]


def test_a_message_to_a_closed_terminal_is_no_error(monkeypatch):
    tried = []

    class Gone:
        def print(self, *args, **options):
            tried.append(args)
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(common, "stderr_console", Gone)
    common.say("nobody reads this")
    assert len(tried) == 1
