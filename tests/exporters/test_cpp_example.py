"""The C++ example gives Python's boxes from the same artifact."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fartrack_sdk import Tracker

FOLDER = Path(__file__).parents[2] / "examples" / "cpp"


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler")
def test_cpp_program_matches_python(artifacts, recipe, clip_folder, tmp_path):
    program = tmp_path / "track"
    environment = {"PYTHON": sys.executable, "PATH": "/usr/bin:/bin"}
    subprocess.run(["sh", FOLDER / "build.sh", program], check=True, env=environment)
    frames, _ = recipe.frames(0, 8)
    box = clip_folder[1]
    height, width = frames[0].shape[:2]
    with (tmp_path / "frames.rgb").open("wb") as file:
        np.array([width, height, len(frames)], np.int32).tofile(file)
        np.asarray(frames).astype(np.uint8).tofile(file)
    arguments = [str(value) for value in (artifacts["openvino"], tmp_path / "frames.rgb", *box)]
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=True)
    got = np.array([[float(v) for v in line.split()] for line in done.stdout.splitlines()])
    with Tracker.from_exported(artifacts["openvino"], color="rgb") as tracker:
        tracker.init(frames[0], box)
        expected = np.array([tracker.track(frame).box for frame in frames[1:]])
    np.testing.assert_allclose(got, expected, atol=0.05)
