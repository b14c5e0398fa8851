"""What identifies a tracker, and how it is opened."""

import pytest

from fartrack_sdk.benchmarks import trackers
from fartrack_sdk.benchmarks.trackers import TrackerSpec, describe
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
    assert TrackerSpec(factory="a.b:make", label="x/y").slug.startswith("x-y-")


def test_precision_that_is_not_active_is_an_error():
    with pytest.raises(ConfigError, match="it runs in fp32"):
        TrackerSpec(device="cpu", runtime="pytorch", precision="int8").open()


def test_tracker_without_runtime_describes_nothing(still):
    assert describe(still.open()) == {}
