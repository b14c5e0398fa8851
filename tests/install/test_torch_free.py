"""What ships: the wheel, in an environment without torch, gives PyTorch's boxes."""

import csv
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest

from fartrack_sdk import Tracker
from fartrack_sdk.video import open_source
from fartrack_sdk.video.demo import demo_clip

ROOT = Path(__file__).parents[2]
FOLDERS = ("fartrack_sdk", "exporters", "runtimes", "benchmarks", "training")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, so that no stale build folder takes part."""
    source, output = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source / name)
    command = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(output), str(source)]
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    (built,) = output.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def scripts(wheel, tmp_path_factory):
    """Folder of the commands in a new environment that has the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    binaries = folder / "bin"
    subprocess.run([binaries / "pip", "install", "-q", wheel], check=True)
    return binaries


def test_wheel_is_small_and_holds_one_copy_of_the_weights(wheel):
    assert wheel.stat().st_size < 10e6


def test_bundled_model_tracks_without_torch_as_pytorch_does(scripts, tmp_path):
    command = [scripts / "python", "-c", "import torch"]
    missing = subprocess.run(command, check=False, capture_output=True)
    assert missing.returncode != 0
    boxes = tmp_path / "boxes.csv"
    command = [scripts / "fartrack-track", "demo", "--csv", boxes, "--max-frames", "30"]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    rows = list(csv.DictReader(boxes.open()))
    got = np.array([[float(row[key]) for key in "xywh"] for row in rows])
    np.testing.assert_allclose(got, pytorch_boxes(len(rows)), atol=0.05)


def pytorch_boxes(count):
    clip = demo_clip()
    with Tracker.from_pretrained(runtime="pytorch", device="cpu") as tracker:
        with open_source(clip.path, policy="every") as source:
            frames = [frame.image for frame, _ in zip(source, range(count), strict=False)]
        tracker.init(frames[0], clip.box)
        return np.array([clip.box, *(tracker.track(frame).box for frame in frames[1:])])
