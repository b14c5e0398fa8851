"""Thresholds from a model's own scores on sequences with truth."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

import fartrack_sdk
from fartrack_sdk import Tracker
from fartrack_sdk.checkpoint.source import read_checkpoint
from fartrack_sdk.loading import DEFAULT_MODEL
from fartrack_sdk.training.cli import app
from fartrack_sdk.training.evaluate import evaluate_checkpoint
from fartrack_sdk.video import open_source
from fartrack_sdk.video.demo import demo_clip

CHECKPOINT = Path(fartrack_sdk.__file__).parent / "assets" / DEFAULT_MODEL
FRAMES = 9


@pytest.fixture(scope="module")
def half_failed(tmp_path_factory):
    """A sequence whose truth is the tracker's own box, and far away in the last four frames."""
    clip = demo_clip()
    folder = tmp_path_factory.mktemp("set") / "bunny"
    (folder / "img").mkdir(parents=True)
    with open_source(clip.path, policy="every") as source:
        images = [frame.image for frame, _ in zip(source, range(FRAMES), strict=False)]
    with Tracker.from_checkpoint(CHECKPOINT, threads=1) as tracker:
        tracker.init(images[0], clip.box)
        boxes = [clip.box, *(tracker.track(image).box for image in images[1:])]
    truth = np.array(boxes, np.float64)
    truth[5:, :2] = (600, 330), (600, 330), (600, 330), (600, 330)
    truth[5:, 2:] = 20
    for i, image in enumerate(images, 1):
        cv2.imwrite(str(folder / "img" / f"{i:06d}.png"), image)
    np.savetxt(folder / "groundtruth.txt", truth, delimiter=",")
    return folder.parent


def test_evaluation_counts_the_frames_that_agree(half_failed):
    total, each, problems = evaluate_checkpoint(CHECKPOINT, half_failed, threads=1)
    assert total.ao == pytest.approx(0.5, abs=0.01)
    assert [s.name for s in each] == ["bunny"]
    assert not problems


def test_calibrate_writes_thresholds_and_the_curve(half_failed, tmp_path):
    target, picture = tmp_path / "own.safetensors", tmp_path / "roc.png"
    arguments = ["calibrate", str(CHECKPOINT), str(half_failed), "--json"]
    result = CliRunner().invoke(app, [*arguments, "-o", str(target), "--plot", str(picture)])
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert (report["good"], report["failed"]) == (4, 4)
    found = read_checkpoint(target).thresholds
    assert found is not None
    assert found.model_dump() == report["thresholds"]
    assert cv2.imread(str(picture)).shape[2] == 3


def test_picture_of_an_unknown_kind_is_refused(half_failed, tmp_path):
    arguments = ["calibrate", str(CHECKPOINT), str(half_failed)]
    result = CliRunner().invoke(app, [*arguments, "--plot", str(tmp_path / "roc.gif")])
    assert result.exit_code == 2
    assert ".svg or .png" in result.stderr
