"""Validation while a run goes on: the curve, the best weights, and that nothing else changes."""

import shutil

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from fartrack_sdk.benchmarks.metrics import Scores
from fartrack_sdk.checkpoint.source import read_checkpoint
from fartrack_sdk.errors import InputError
from fartrack_sdk.training.checkpoint import STATE_FILE
from fartrack_sdk.training.cli import app
from fartrack_sdk.training.config import ValidationConfig
from fartrack_sdk.training.curve import CURVE_FILE, Point, read_curve, write_curve
from fartrack_sdk.training.evaluate import Evaluation
from fartrack_sdk.training.trainer import Trainer
from fartrack_sdk.training.validation import BEST_FILE

REST = {
    "precision": 0.0,
    "norm_precision": 0.0,
    "success_curve": [],
    "precision_curve": [],
    "norm_precision_curve": [],
}


@pytest.fixture(scope="module")
def sequences(tmp_path_factory):
    """A sequence of three frames with a square that stays."""
    folder = tmp_path_factory.mktemp("set") / "square"
    (folder / "img").mkdir(parents=True)
    image = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    image[40:80, 60:100] = 255
    for i in range(1, 4):
        cv2.imwrite(str(folder / "img" / f"{i:06d}.png"), image)
    np.savetxt(folder / "groundtruth.txt", np.tile((60, 40, 40, 40), (3, 1)), delimiter=",")
    return folder.parent


@pytest.fixture
def validated(run_config, sequences):
    """Six steps of four samples, a pass after every second one."""
    wanted = ValidationConfig(sequences=sequences, every=8)
    return run_config.model_copy(update={"validation": wanted})


def test_the_curve_has_a_point_per_interval_and_stays_when_the_run_goes_on(validated, tmp_path):
    Trainer(validated).run()
    whole = read_curve(validated.out)
    assert [point.samples for point in whole] == [8, 16, 24]
    assert all(0 <= value <= 1 for point in whole for value in point.scores.values())
    pieces = validated.model_copy(update={"out": tmp_path / "pieces"})
    for steps in (3, 1, 2):
        Trainer(pieces).run(steps)
    assert read_curve(pieces.out) == whole


def test_steps_that_were_not_saved_are_measured_again(validated):
    Trainer(validated).run(2)
    points = read_curve(validated.out)
    write_curve(validated.out / CURVE_FILE, [*points, Point(16, 1.0, 1.0, 1.0)])
    Trainer(validated).run(2)
    again = read_curve(validated.out)
    assert [point.samples for point in again] == [8, 16]
    assert again[1].ao < 1


def test_training_is_the_same_with_validation(run_config, validated, tmp_path):
    Trainer(run_config).run()
    other = validated.model_copy(update={"out": tmp_path / "other"})
    Trainer(other).run()
    first, second = (torch.load(out / STATE_FILE)["net"] for out in (run_config.out, other.out))
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def test_the_best_weights_are_kept(validated, monkeypatch):
    scores = iter([0.2, 0.4, 0.3])

    def fake(path, *_, **__):
        assert read_checkpoint(path).weights
        ao = next(scores)
        return Evaluation(Scores(frames=1, ao=ao, sr50=ao, sr75=ao, auc=ao, **REST), [], [])

    monkeypatch.setattr("fartrack_sdk.training.validation.evaluate_checkpoint", fake)
    heard = []
    trainer = Trainer(validated)
    trainer.validation.listen(heard.append)
    trainer.run()
    assert [point.ao for point in heard] == [0.2, 0.4, 0.3]
    assert trainer.validation.best.samples == 16
    assert read_checkpoint(validated.out / BEST_FILE).metadata["source"].endswith("16 samples")
    assert not list(validated.out.glob(".best*"))


def test_a_run_without_its_sequences_does_not_start(run_config, tmp_path):
    wanted = ValidationConfig(sequences=tmp_path / "none")
    with pytest.raises(InputError, match="none"):
        Trainer(run_config.model_copy(update={"validation": wanted}))
    assert not run_config.out.exists()


def test_frames_that_cannot_be_read_do_not_end_a_run(validated, sequences, tmp_path):
    damaged = tmp_path / "damaged"
    shutil.copytree(sequences, damaged)
    (damaged / "square" / "img" / "000002.png").write_bytes(b"no picture")
    wanted = ValidationConfig(sequences=damaged, every=8)
    Trainer(validated.model_copy(update={"validation": wanted})).run(2)
    assert len(read_curve(validated.out)) == 1


def test_sequences_without_truth_are_refused_at_the_start(run_config, sequences, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(sequences, bare)
    (bare / "square" / "groundtruth.txt").write_text("60,40,40,40\n")
    wanted = ValidationConfig(sequences=bare)
    with pytest.raises(InputError, match="true boxes after their first frame"):
        Trainer(run_config.model_copy(update={"validation": wanted}))
    assert not run_config.out.exists()


def test_a_damaged_curve_is_named(tmp_path):
    (tmp_path / CURVE_FILE).write_text("samples,ao\n1,x\n")
    with pytest.raises(InputError, match=r"validation\.csv"):
        read_curve(tmp_path)


def test_curve_draws_runs(tmp_path):
    for name in ("one", "two"):
        write_curve(
            tmp_path / f"{name}.csv", [Point(1000, 0.1, 0, 0.1), Point(2000, 0.3, 0.2, 0.3)]
        )
    picture = tmp_path / "curve.png"
    files = [str(tmp_path / f"{name}.csv") for name in ("one", "two")]
    result = CliRunner().invoke(app, ["curve", *files, "-o", str(picture)])
    assert result.exit_code == 0, result.stderr
    assert cv2.imread(str(picture)).shape[2] == 3


def test_curve_of_a_run_that_does_not_validate_says_so(tmp_path):
    result = CliRunner().invoke(app, ["curve", str(tmp_path), "-o", str(tmp_path / "c.png")])
    assert result.exit_code == 2
    assert "validation" in result.stderr
    assert not (tmp_path / "c.png").exists()
