"""The commands of a board's bring-up, on the fake board."""

import json
import os
import subprocess
import sys
from pathlib import Path

import fake_cann
import pytest
from ascend_models import SOC

from fartrack_sdk import load_exported
from fartrack_sdk.checkpoint.source import write_checkpoint
from fartrack_sdk.exporters.ascend import AscendRequest, export_for_board
from fartrack_sdk.exporters.job import ExportOptions
from fartrack_sdk.exporters.tolerances import TOLERANCES
from fartrack_sdk.reference import ReferenceBoxes

FAKE_CANN = Path(fake_cann.__file__).parent
SHORT = ["--rounds", "1", "--frames", "2", "--warmup", "1", "--no-roofline"]


@pytest.fixture(scope="module")
def exported(checkpoint, fake_atc, tmp_path_factory):
    """A one-layer model with its reference boxes on the bundled clip."""
    folder = tmp_path_factory.mktemp("gate")
    write_checkpoint(folder / "quick.safetensors", checkpoint(None, depth=1))
    request = AscendRequest(SOC, atc=str(fake_atc))
    options = ExportOptions(verify_frames=5)
    export_for_board(folder / "quick.safetensors", folder / "model", request, options)
    return folder / "model"


def run(command, *arguments):
    """A command of the package in a process of its own, on the fake board."""
    code = f"from fartrack_sdk.{command} import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(FAKE_CANN / "python")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_speed_on_the_board_compares_boxes_first(exported, tmp_path):
    report = tmp_path / "report.json"
    gate = ["--parity", exported / "reference.npz", "--json", report]
    done = run("benchmarks.cli", "speed", "--model", exported, "--device", "npu:0", *SHORT, *gate)
    assert done.returncode == 0, done.stderr
    found = json.loads(report.read_text())
    (row,) = found["parity"]
    assert (row["frames"], row["other_frames"], row["passed"]) == (5, 0, True)
    assert row["largest_px"] < 1e-2
    assert found["rows"][0]["active"]["device"] == "npu:0"


def test_speed_fails_with_4_when_boxes_are_others(exported, tmp_path):
    known = ReferenceBoxes.load(exported / "reference.npz")
    moved = tuple(box._replace(x=box.x + 30) for box in known.boxes)
    other = ReferenceBoxes(known.clip, "x", known.box, moved, known.checksums, known.limits)
    path = other.save(tmp_path / "other.npz")
    done = run("benchmarks.cli", "speed", "--model", exported, *SHORT, "--parity", path)
    assert done.returncode == 4, done.stderr
    assert "differ from the reference" in done.stderr


def test_a_clip_is_tracked_on_the_npu(exported):
    arguments = ["demo", "--model", exported, "--device", "npu:0", "--max-frames", "3", "--json"]
    done = run("cli.track", *arguments)
    assert done.returncode == 0, done.stderr


def test_without_cann_the_commands_exit_with_3(exported):
    done = subprocess.run(
        [sys.executable, "-c", "from fartrack_sdk.cli.track import main; main()",
         "demo", "--model", str(exported), "--device", "npu:0"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "set_env.sh" in done.stderr


def test_the_reference_is_the_boxes_of_the_model(exported, board):
    known = ReferenceBoxes.load(exported / "reference.npz")
    model = load_exported(exported)
    assert model.metadata["artifact"] == "model"
    limits = TOLERANCES["fp16"]
    assert known.limits == (limits.trajectory_iou, limits.trajectory_mean_iou)
    assert len(known.checksums) == len(known.boxes) + 1 == 6
    model.close()
