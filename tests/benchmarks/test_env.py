"""The environment report names what a bug report needs."""

import json

from fartrack_sdk.benchmarks.env import collect
from fartrack_sdk.benchmarks.env.collect import environment
from fartrack_sdk.benchmarks.env.load import busy_note


def test_report_has_every_part():
    found = environment()
    assert found.machine["CPU"]
    assert found.packages["numpy"]
    assert {"pytorch", "onnxruntime", "openvino", "OpenCV", "CANN"} <= set(found.runtimes)
    assert int(found.cores["usable"]) >= 1
    assert {"affinity", "cgroup quota", "FARTRACK_NUM_THREADS"} <= set(found.cores)


def test_both_onnxruntime_wheels_are_a_warning(monkeypatch):
    monkeypatch.setattr(collect, "_version", lambda name: "1.0" if "onnxruntime" in name else None)
    assert any("share one module" in text for text in environment().warnings)


def test_two_opencv_wheels_are_a_warning(monkeypatch):
    monkeypatch.setattr(collect, "_version", lambda name: "5.0" if "opencv" in name else None)
    assert any("module cv2" in text for text in environment().warnings)


def test_broken_library_does_not_break_the_report(monkeypatch):
    def broken():
        raise RuntimeError("no such symbol")

    monkeypatch.setattr(collect, "_openvino", broken)
    assert environment().runtimes["openvino"] == "broken: RuntimeError: no such symbol"


def test_ascend_home_is_found(monkeypatch):
    monkeypatch.setenv("ASCEND_TOOLKIT_HOME", "/opt/cann")
    assert environment().runtimes["CANN"] == "/opt/cann"


def test_command(bench):
    assert "Runtimes" in bench("env").text
    assert json.loads(bench("env", "--json", "-").stdout)["machine"]["CPU"]


def test_busy_machine_is_said_so():
    assert busy_note(None) == busy_note(0.0) == ""
    assert "trust the ratios" in busy_note(99.0)
