"""The command as a user meets it."""

import json
import os
import re
import subprocess
import sys
import threading

import pytest

from fartrack_sdk.benchmarks.cli import with_default
from fartrack_sdk.benchmarks.datasets import LAYOUTS
from fartrack_sdk.benchmarks.metrics import CONVENTIONS

OWN_PEERS = {"accuracy": [], "compare": ["--peer", "none"]}
HEAVY = ("torch", "matplotlib", "onnxruntime", "openvino", "distributed")


@pytest.mark.parametrize("command", [[], ["speed"], ["accuracy"], ["compare"], ["soak"], ["env"]])
def test_help_is_light(command):
    code = (
        "import sys\n"
        "from fartrack_sdk.benchmarks.cli import main\n"
        f"try:\n    main({[*command, '--help']!r})\nexcept SystemExit as end:\n"
        "    assert end.code == 0\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", ["accuracy", "compare"])
def test_help_names_every_layout_and_convention(bench, command):
    words = set(re.findall(r"[a-z0-9]+", bench(command, "--help").text))
    assert set(LAYOUTS) | set(CONVENTIONS) <= words


def test_options_alone_mean_speed():
    assert with_default(["--device", "cpu"]) == ["speed", "--device", "cpu"]
    assert with_default([]) == ["speed"]
    assert with_default(["--help"]) == ["--help"]
    assert with_default(["soak", "--frames", "5"]) == ["soak", "--frames", "5"]


def test_accuracy_prints_a_table_and_writes_files(plain_set, still_option, tmp_path, bench):
    result = bench(
        "accuracy",
        plain_set,
        *still_option,
        "--out",
        tmp_path / "out",
        "--json",
        tmp_path / "r.json",
        "--plot",
        tmp_path / "r.png",
    )
    assert result.exit_code == 0, result.text
    assert "Convention plain" in result.text
    assert json.loads((tmp_path / "r.json").read_text())["layout"] == "plain"
    assert (tmp_path / "r.png").read_bytes()[:4] == b"\x89PNG"


def test_accuracy_gate_exits_with_4(plain_set, still_option, tmp_path, bench):
    common = ["accuracy", plain_set, *still_option, "--out", tmp_path]
    assert bench(*common, "--fail-under-ao", 0.1).exit_code == 0
    low = bench(*common, "--fail-under-ao", 0.99)
    assert low.exit_code == 4
    assert "AO is below 0.99" in low.text


def test_strict_exits_with_4_when_the_data_are_wrong(plain_set, still_option, tmp_path, bench):
    (plain_set / "dog" / "img" / "000003.jpg").write_bytes(b"no picture")
    common = ["accuracy", plain_set, *still_option, "--out", tmp_path]
    assert bench(*common).exit_code == 0
    strict = bench(*common, "--strict")
    assert strict.exit_code == 4
    assert "000003.jpg" in strict.text


def test_several_trackers_stand_side_by_side(plain_set, tracker_file, tmp_path, bench):
    result = bench(
        "accuracy",
        plain_set,
        "--factory",
        f"one={tracker_file}:Still",
        "--factory",
        f"two={tracker_file}:Still",
        "--out",
        tmp_path,
    )
    assert result.exit_code == 0
    assert {"one", "two"} <= set(result.text.split())


def test_bad_input_exits_with_2(tmp_path, bench, still_option, plain_set):
    assert bench("accuracy", tmp_path / "no", *still_option).exit_code == 2
    assert bench("accuracy", plain_set, "--model", tmp_path / "no.pth").exit_code == 2
    assert bench("accuracy", plain_set, "--layout", "mot", *still_option).exit_code == 2


def test_missing_device_exits_with_3(plain_set, tmp_path, bench):
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has the device")
    result = bench(
        "accuracy", plain_set, "--device", "cuda", "--runtime", "pytorch", "--out", tmp_path
    )
    assert result.exit_code == 3


def test_empty_set_exits_with_2_and_names_the_folders(plain_set, tmp_path, bench, still_option):
    for file in plain_set.glob("*/img/*"):
        file.unlink()
    for command in ("accuracy", "compare"):
        result = bench(command, plain_set, *still_option, "--out", tmp_path, *OWN_PEERS[command])
        assert result.exit_code == 2
        assert "the folder has none" in result.text
        assert "No sequence could be evaluated with still" in result.text


def test_files_that_cannot_be_written_are_refused_before_the_work(
    plain_set, still_option, tmp_path, bench
):
    arguments = ["accuracy", plain_set, *still_option, "--out", tmp_path / "out"]
    result = bench(*arguments, "--json", tmp_path)
    assert result.exit_code == 2
    assert "is a folder" in result.text
    assert not (tmp_path / "out").exists()


def test_interrupted_before_anything_is_done_there_is_no_plot(
    plain_set, tracker_file, tmp_path, bench
):
    factory = ["--factory", f"stopped={tracker_file}:Stopped"]
    picture = tmp_path / "plot.png"
    arguments = ["accuracy", plain_set, *factory, "--out", tmp_path / "out", "--plot", picture]
    result = bench(*arguments)
    assert result.exit_code == 130, result.text
    assert "nothing to plot" in result.text
    assert not picture.exists()


def test_reports_go_into_pipes(plain_set, still_option, tmp_path, bench):
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    result = bench("accuracy", plain_set, *still_option, "--out", tmp_path / "out", "--csv", pipe)
    reader.join(60)
    assert result.exit_code == 0, result.text
    assert "ball" in got[0]
