"""What identifies a tracker, and how it is opened."""

import pytest

from fartrack_sdk.benchmarks import trackers
from fartrack_sdk.benchmarks.factories import load_factory
from fartrack_sdk.benchmarks.identity import file_name
from fartrack_sdk.benchmarks.trackers import TrackerSpec, describe, running_on
from fartrack_sdk.errors import ConfigError


def test_fingerprint_follows_the_bytes_of_the_model(tmp_path):
    file = tmp_path / "m.safetensors"
    file.write_bytes(b"one")
    before = TrackerSpec(model=str(file)).fingerprint()
    assert before == TrackerSpec(model=str(file), label="other name").fingerprint()
    file.write_bytes(b"two")
    assert before != TrackerSpec(model=str(file)).fingerprint()
    assert before != TrackerSpec(model=str(file), threads=2).fingerprint()


def test_fingerprint_of_the_default_follows_the_files_that_ship(monkeypatch, tmp_path):
    before = TrackerSpec().fingerprint()
    (tmp_path / "default.safetensors").write_bytes(b"another model")
    monkeypatch.setattr(trackers.importlib.resources, "files", lambda _: tmp_path)
    assert before != TrackerSpec().fingerprint()


def test_name_and_folder():
    spec = TrackerSpec(model="runs/pico v2.safetensors", runtime="onnxruntime")
    assert spec.name == "pico v2 onnxruntime"
    assert TrackerSpec(factory="a.b:make").name == "make"
    assert file_name("runs/x y", "0123456789") == "runs-x-y-01234567"


def test_fingerprint_and_tracker_follow_the_file_of_a_factory(tmp_path):
    file = tmp_path / "own.py"
    spec = TrackerSpec(factory=f"{file}:make")
    file.write_text("def make(): return 1")
    before, first = spec.fingerprint(), load_factory(spec.factory)()
    file.write_text("def make(): return 22")
    assert before != spec.fingerprint()
    assert (first, load_factory(spec.factory)()) == (1, 22)


def test_factory_without_a_name_says_the_form():
    with pytest.raises(ConfigError, match="got 'nowhere'"):
        load_factory("nowhere")


def test_what_is_active_fits_a_cell():
    found = {"runtime": "onnxruntime", "device": "cpu", "precision": "fp32", "threads": "2"}
    assert running_on(found) == "onnxruntime cpu fp32, 2 thr"
    assert running_on({"opencv": "5.0.0", "threads": "1"}) == "OpenCV 5.0.0, 1 thr"
    assert running_on({}) is None


def test_precision_that_is_not_active_is_an_error():
    with pytest.raises(ConfigError, match="expected precision"):
        TrackerSpec(device="cpu", runtime="pytorch", precision="int8").open()


def test_tracker_without_runtime_describes_nothing(still):
    assert describe(still.open()) == {}
