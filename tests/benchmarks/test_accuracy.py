"""Runs, scores, resuming, problems, submissions."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import cv2
import numpy as np
import pytest

from fartrack_sdk.benchmarks.accuracy.evaluate import evaluate
from fartrack_sdk.benchmarks.trackers import TrackerSpec
from fartrack_sdk.errors import (
    ArtifactError,
    ConfigError,
    InputError,
    RuntimeUnavailableError,
)

OWN = """
from types import SimpleNamespace

class Own:
    def init(self, frame, box):
        self.box = tuple(box)

    def track(self, frame):
        x, y, w, h = self.box
        self.box = (x + {step}, y, w, h)
        return SimpleNamespace(box=self.box)

    def close(self):
        pass
"""


def figures(report):
    """Everything that must not depend on how the work was spread."""
    return [
        (t.name, t.overall.model_dump(), [s.model_dump() for s in t.sequences])
        for t in report.trackers
    ]


def run_files(out):
    return sorted(out.glob("*/runs/[!.]*.json"))


def test_scores_equal_a_computation_by_hand(plain_set, still, tmp_path):
    report = evaluate(plain_set, [still], out=tmp_path / "out")
    overlaps = []
    for n in range(1, 6):
        width, height = 18 - n, 18 - n
        overlaps.append(width * height / (2 * 18 * 18 - width * height))
    (result,) = report.trackers
    assert result.overall.ao == pytest.approx(np.mean(overlaps), abs=1e-6)
    assert result.overall.frames == 20
    assert [s.name for s in result.sequences] == ["ball", "car", "dog", "egg"]


def test_processes_give_the_same_figures(plain_set, still, tmp_path):
    alone = evaluate(plain_set, [still], out=tmp_path / "a")
    spread = evaluate(plain_set, [still], out=tmp_path / "b", workers=2)
    assert figures(alone) == figures(spread)


def test_second_call_takes_over_finished_runs(plain_set, still, tmp_path):
    first = evaluate(plain_set, [still], out=tmp_path / "out")
    stamps = [f.stat().st_mtime_ns for f in run_files(tmp_path / "out")]
    again = evaluate(plain_set, [still], out=tmp_path / "out")
    assert again.trackers[0].resumed == 4
    assert figures(first) == figures(again)
    assert stamps == [f.stat().st_mtime_ns for f in run_files(tmp_path / "out")]
    assert evaluate(plain_set, [still], out=tmp_path / "out", fresh=True).trackers[0].resumed == 0


def test_damaged_run_is_found_and_made_again(plain_set, still, tmp_path):
    first = evaluate(plain_set, [still], out=tmp_path / "out")
    torn, changed = run_files(tmp_path / "out")[:2]
    torn.write_text(torn.read_text()[:100])
    value = json.loads(changed.read_text())
    value["run"]["boxes"][3][0] += 1
    changed.write_text(json.dumps(value))
    again = evaluate(plain_set, [still], out=tmp_path / "out")
    assert again.trackers[0].resumed == 2
    assert figures(first) == figures(again)
    assert [p.sequence for p in again.problems] == ["ball", "car"]


def test_changed_frames_are_tracked_again(plain_set, still, tmp_path):
    evaluate(plain_set, [still], out=tmp_path / "out")
    cv2.imwrite(str(plain_set / "dog" / "img" / "000003.jpg"), np.zeros((72, 96, 3), np.uint8))
    assert evaluate(plain_set, [still], out=tmp_path / "out").trackers[0].resumed == 3


def test_a_run_goes_on_with_another_number_of_processes(plain_set, still, tmp_path):
    evaluate(plain_set, [still], out=tmp_path / "out", only=["ball", "car"])
    again = evaluate(plain_set, [still], out=tmp_path / "out", workers=2)
    assert again.trackers[0].resumed == 2
    assert len(again.trackers[0].sequences) == 4


def test_two_sets_share_a_folder(plain_set, still, tmp_path):
    other = plain_set.rename(tmp_path / "other")
    shutil.copytree(other, plain_set)
    for root in (plain_set, other):
        assert evaluate(root, [still], out=tmp_path / "out").trackers[0].resumed == 0
    assert len(run_files(tmp_path / "out")) == 8


def test_changed_tracker_is_opened_again(plain_set, tmp_path):
    """In the same process, as in a notebook."""
    file, spec = tmp_path / "own.py", TrackerSpec(factory=f"{tmp_path / 'own.py'}:Own")
    found = []
    for step in (1, 5):
        file.write_text(OWN.format(step=step))
        report = evaluate(plain_set, [spec], out=tmp_path / "out", only=["ball"])
        found.append(report.trackers[0].overall.ao)
    assert found[0] > found[1] + 0.1


def test_folder_that_cannot_be_made_says_so(plain_set, still, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="--out"):
        evaluate(plain_set, [still], out=tmp_path / "file")


def test_folder_of_another_run_is_refused(plain_set, still, tmp_path):
    evaluate(plain_set, [still], out=tmp_path / "out")
    manifest = next((tmp_path / "out").glob("*/manifest.json"))
    value = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**value, "hash": "other"}))
    with pytest.raises(ConfigError, match="Choose another --out"):
        evaluate(plain_set, [still], out=tmp_path / "out")


def test_killed_run_loses_nothing(plain_set, tracker_file, still, tmp_path):
    """SIGKILL in the middle; what was finished stays, and the figures are the same."""
    spec = TrackerSpec(factory=f"{tracker_file}:Slow", label="slow")
    command = [
        sys.executable,
        "-m",
        "fartrack_sdk.benchmarks.cli",
        "accuracy",
        str(plain_set),
        "--factory",
        f"slow={spec.factory}",
        "--out",
        str(tmp_path / "out"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(run_files(tmp_path / "out")) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    kept = len(run_files(tmp_path / "out"))
    assert kept >= 2
    resumed = evaluate(plain_set, [spec], out=tmp_path / "out")
    assert resumed.trackers[0].resumed == kept
    assert list((tmp_path / "out").glob("*/runs/.*")) == []
    whole = evaluate(plain_set, [spec], out=tmp_path / "whole")
    assert figures(resumed) == figures(whole)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_interrupt_writes_what_is_done_and_says_130(
    plain_set, tracker_file, tmp_path, workers, write_frames, write_boxes
):
    for i in range(8):
        write_frames(plain_set / f"long{i}" / "img", count=25)
        write_boxes(plain_set / f"long{i}" / "groundtruth.txt", count=25)
    command = [
        sys.executable,
        "-m",
        "fartrack_sdk.benchmarks.cli",
        "accuracy",
        str(plain_set),
        "--factory",
        f"slow={tracker_file}:Slow",
        "--out",
        str(tmp_path / "out"),
        "--json",
        str(tmp_path / "r.json"),
        "--workers",
        workers,
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while len(run_files(tmp_path / "out")) < 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors.decode()
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["interrupted"] is True
    assert 1 <= len(report["trackers"][0]["sequences"]) < 12


def test_corrupt_frame_is_named_and_repeats_the_last_box(plain_set, still, tmp_path):
    (plain_set / "dog" / "img" / "000003.jpg").write_bytes(b"no picture")
    report = evaluate(plain_set, [still], out=tmp_path / "out")
    (problem,) = report.problems
    assert (problem.sequence, problem.frame, problem.fatal) == ("dog", 2, False)
    assert "000003.jpg cannot be decoded" in problem.message
    run = json.loads(next(f for f in run_files(tmp_path / "out") if f.stem == "dog").read_text())
    assert run["run"]["boxes"][2] == run["run"]["boxes"][1]
    assert report.trackers[0].overall.frames == 20


def test_corrupt_first_frame_is_fatal_for_its_sequence_only(plain_set, still, tmp_path):
    (plain_set / "dog" / "img" / "000001.jpg").write_bytes(b"no picture")
    report = evaluate(plain_set, [still], out=tmp_path / "out")
    assert [s.name for s in report.trackers[0].sequences] == ["ball", "car", "egg"]
    assert [(p.sequence, p.frame, p.fatal) for p in report.problems] == [("dog", 0, True)]


def test_a_tracker_that_will_not_start_has_missed_every_frame(
    plain_set, write_boxes, tracker_file, tmp_path
):
    write_boxes(plain_set / "dog" / "groundtruth.txt", [(15, 21, 9, 9)] * 6)
    picky = TrackerSpec(factory=f"{tracker_file}:Picky", label="picky")
    report = evaluate(plain_set, [picky], out=tmp_path / "out")
    (result,) = report.trackers
    scores = {s.name: s for s in result.sequences}
    assert (scores["dog"].ao, scores["dog"].precision, scores["dog"].frames) == (0.0, 0.0, 5)
    assert result.overall.ao == pytest.approx(scores["ball"].ao * 3 / 4)
    (problem,) = report.problems
    assert (problem.sequence, problem.frame, problem.fatal) == ("dog", 0, True)
    assert "every frame counts as missed" in problem.message
    assert len(report.sheets) == 3
    again = evaluate(plain_set, [picky], out=tmp_path / "out")
    assert again.trackers[0].overall == result.overall


def test_boxes_without_numbers_repeat_the_last_one(plain_set, tracker_file, tmp_path):
    spec = TrackerSpec(factory=f"{tracker_file}:Undecided", label="undecided")
    report = evaluate(plain_set, [spec], out=tmp_path / "out")
    assert next((p.sequence, p.frame) for p in report.problems) == ("ball", 3)
    assert "finite numbers" in report.problems[0].message
    run = json.loads(next(f for f in run_files(tmp_path / "out") if f.stem == "dog").read_text())
    assert run["run"]["boxes"][3] == run["run"]["boxes"][2]


def test_results_of_a_module_that_changed_are_not_used(plain_set, tmp_path, monkeypatch):
    file = tmp_path / "followers.py"
    file.write_text(OWN.format(step=1))
    monkeypatch.syspath_prepend(str(tmp_path))
    spec = TrackerSpec(factory="followers:Own")
    before = spec.fingerprint()
    file.write_text(OWN.format(step=2))
    assert spec.fingerprint() != before


def test_processes_share_what_the_user_allows(plain_set, still, tmp_path, monkeypatch):
    monkeypatch.setenv("FARTRACK_NUM_THREADS", "1")
    monkeypatch.setattr("fartrack_sdk.benchmarks.accuracy.evaluate.usable_cpus", lambda: 64)
    seen = []

    def none_of_them(function, jobs, place):
        seen.extend(job.tracker.threads for job in jobs)
        return iter(())

    monkeypatch.setattr("fartrack_sdk.benchmarks.accuracy.evaluate.run_all", none_of_them)
    evaluate(plain_set, [still], out=tmp_path / "out", workers=2)
    assert set(seen) == {1}


def test_missing_device_is_said_by_several_processes_as_by_one(plain_set, tmp_path):
    spec = TrackerSpec(runtime="onnxruntime", device="npu:7")
    with pytest.raises(RuntimeUnavailableError, match="npu:7"):
        evaluate(plain_set, [spec], out=tmp_path / "out", workers=2)


def test_attributes_are_averaged(plain_set, still, tmp_path):
    (plain_set / "attributes.json").write_text('{"car": ["fast"], "dog": ["fast", "small"]}')
    report = evaluate(plain_set, [still], out=tmp_path / "out")
    attributes = report.trackers[0].attributes
    assert {name: s.frames for name, s in attributes.items()} == {"fast": 10, "small": 5}


def test_several_trackers_stand_beside_each_other_and_in_full(plain_set, still, tmp_path):
    twin = still.model_copy(update={"label": "twin"})
    tables = evaluate(plain_set, [still, twin], out=tmp_path / "out").tables()
    beside = next(t for t in tables if t.title == "AO by sequence")
    assert beside.columns == ["sequence", "still", "twin", "frames"]
    assert [row[0] for row in beside.rows] == ["ball", "car", "dog", "egg"]
    assert all(row[1] == row[2] for row in beside.rows)
    full = [t for t in tables if t.detail]
    assert [t.title.rpartition(" ")[2] for t in full] == ["still", "twin"]


def test_foot_names_machine_day_and_processes(plain_set, still, tmp_path):
    report = evaluate(plain_set, [still], out=tmp_path / "out", workers=2)
    note = report.tables()[0].note
    assert "Run in 2 processes at once." in note
    assert report.conditions.line in note
    again = evaluate(plain_set, [still], out=tmp_path / "out")
    assert "4 runs taken over from before." in again.tables()[0].note


def test_contact_sheets_of_the_worst(plain_set, still, tmp_path):
    report = evaluate(plain_set, [still], out=tmp_path / "out", worst=2)
    files = list((tmp_path / "out" / "worst").rglob("*.jpg"))
    assert len(files) == len(report.sheets) == 2
    assert cv2.imread(str(files[0])).shape == (480, 1280, 3)


def test_plain_submission_is_a_folder_of_text_files(plain_set, still, tmp_path):
    evaluate(plain_set, [still], out=tmp_path / "out")
    (path,) = (tmp_path / "out" / "submission").rglob("ball.txt")
    assert path.read_text().splitlines()[1] == "16.000,21.000,18.000,18.000"


def test_got10k_submission_is_a_zip_with_times(tmp_path, still, write_frames, write_boxes):
    folder = tmp_path / "test" / "GOT-10k_Test_000001"
    write_frames(folder, pattern="{:08d}.jpg")
    write_boxes(folder / "groundtruth.txt", count=1)
    report = evaluate(tmp_path, [still], out=tmp_path / "out")
    assert report.unscored == ["GOT-10k_Test_000001"]
    assert report.trackers[0].overall is None
    (path,) = (tmp_path / "out" / "submission").glob("*.zip")
    with zipfile.ZipFile(path) as archive:
        name = "GOT-10k_Test_000001"
        assert archive.namelist() == [f"{name}/{name}_001.txt", f"{name}/{name}_time.txt"]
        assert len(archive.read(f"{name}/{name}_001.txt").splitlines()) == 6


def test_trackingnet_submission_is_a_flat_zip(tmp_path, still, write_frames, write_boxes):
    write_frames(tmp_path / "TEST" / "frames" / "abc", pattern="{}.jpg", first=0)
    write_boxes(tmp_path / "TEST" / "anno" / "abc.txt", count=1)
    evaluate(tmp_path, [still], out=tmp_path / "out")
    (path,) = (tmp_path / "out" / "submission").glob("*.zip")
    assert zipfile.ZipFile(path).namelist() == ["abc.txt"]


def test_missing_model_says_so(plain_set, tmp_path):
    with pytest.raises(ArtifactError, match="neither"):
        evaluate(plain_set, [TrackerSpec(model=str(tmp_path / "no.pth"))], out=tmp_path / "out")


def test_factory_that_is_not_there_says_so(plain_set, tmp_path):
    with pytest.raises(ConfigError, match="cannot be loaded"):
        evaluate(plain_set, [TrackerSpec(factory="nowhere:make")], out=tmp_path / "out")


def test_real_sequence_with_the_real_model(evaluation_set, tmp_path):
    """The whole way with the model that ships, on one short sequence."""
    report = evaluate(
        evaluation_set,
        [TrackerSpec(device="cpu", runtime="pytorch", threads=1)],
        only=["davis_libby"],
        out=tmp_path / "out",
    )
    (result,) = report.trackers
    assert result.overall.frames == 48
    assert result.overall.ao > 0.3
    assert result.active["precision"] == "fp32"
