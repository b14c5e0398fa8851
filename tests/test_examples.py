"""The examples run as a user would run them."""

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "examples"
CLIP = str(files("fartrack_sdk.assets") / "demo.mp4")
BOX = "118,126,140,150"


def run(name, *arguments):
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)


def test_own_runtime_tracks_the_clip():
    lines = run("own_runtime.py", CLIP, BOX).stdout.splitlines()
    assert len(lines) == 119
    assert lines[-1].startswith("119 (")
    assert "TRACKING" in lines[0]


def test_own_runtime_stays_short():
    assert len((EXAMPLES / "own_runtime.py").read_text().splitlines()) < 80


def test_edge_tracks_with_the_bundled_artifact():
    lines = run("edge.py", str(files("fartrack_sdk.assets")), CLIP, BOX).stdout.splitlines()
    assert lines[0].startswith("onnxruntime on cpu")
    assert len(lines) == 120
    assert lines[-1].startswith("119 ")


def test_multi_target_follows_two():
    lines = run("multi_target.py", CLIP, BOX, "300,40,60,80").stdout.splitlines()
    assert len(lines) == 2 * 119
    assert lines[-1].startswith("frame 119 target 1")
