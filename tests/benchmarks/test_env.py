"""The environment report names what a bug report needs."""

import importlib.metadata
import json
from datetime import date

from fartrack_sdk.benchmarks.env import collect
from fartrack_sdk.benchmarks.env.collect import environment
from fartrack_sdk.benchmarks.env.conditions import Conditions, here_and_now
from fartrack_sdk.benchmarks.env.cpu import cpu_name


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
    quiet = Conditions(machine="m", date="2026-01-31", version="1.0", load=0.0)
    assert quiet.warning == quiet.model_copy(update={"load": None}).warning == ""
    assert "trust the ratios" in quiet.model_copy(update={"load": 99.0}).warning
    assert quiet.line == "m, 2026-01-31, fartrack-sdk 1.0."


def test_conditions_are_those_of_this_machine_and_day():
    found = here_and_now()
    assert cpu_name() in found.machine
    assert date.fromisoformat(found.date) <= date.today()
    assert found.version == importlib.metadata.version("fartrack-sdk")
