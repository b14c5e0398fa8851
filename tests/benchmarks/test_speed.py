"""Speed: what is counted, measured and gated. No test looks at how fast it was."""

import json
from datetime import date

import numpy as np
import pytest

from fartrack_sdk.benchmarks.reporting.stats import Percentiles
from fartrack_sdk.benchmarks.speed.config import SpeedCase, SpeedOptions, sweep
from fartrack_sdk.benchmarks.speed.measure import measure_speed
from fartrack_sdk.benchmarks.speed.roofline import PeakMeter
from fartrack_sdk.benchmarks.speed.targets import targets_of
from fartrack_sdk.benchmarks.speed.worker import STAGES
from fartrack_sdk.benchmarks.trackers import TrackerSpec
from fartrack_sdk.errors import ConfigError, InputError

SHORT = SpeedOptions(rounds=2, frames=3, warmup=2)


def test_sweep_is_every_combination():
    cases = sweep([TrackerSpec()], threads=[1, 2], targets=[1, 4], runtimes=["pytorch", "openvino"])
    assert len({case.name for case in cases}) == 8
    assert [c.tracker.threads for c in cases[:4]] == [1, 1, 2, 2]


def test_words_without_a_meaning_are_refused_before_anything_starts(bench):
    with pytest.raises(ConfigError, match="--runtime out of pytorch"):
        sweep([TrackerSpec()], runtimes=["torch"])
    with pytest.raises(ConfigError, match="--precision out of fp32"):
        sweep([TrackerSpec()], precisions=["fp8"])
    assert bench("speed", "--runtime", "pytorch,torch").exit_code == 2


def test_what_a_sweep_cannot_run_is_named_and_the_rest_measured(bench, tmp_path):
    swept = ["--device", "cpu", "--runtime", "onnxruntime", "--precision", "bf16,fp32"]
    result = speed_command(bench, swept, "--threads", 1, "--json", tmp_path / "r.json")
    assert result.exit_code == 3, result.text
    assert "Not possible here" in result.text
    report = json.loads((tmp_path / "r.json").read_text())
    assert [row["active"]["precision"] for row in report["rows"]] == ["fp32"]
    (why,) = report["impossible"].values()
    assert why.startswith("expected precision fp32")


def test_sweep_of_which_nothing_can_run_is_an_error(bench):
    result = speed_command(bench, ["--runtime", "onnxruntime", "--precision", "bf16"])
    assert result.exit_code == 2
    assert "expected precision fp32" in result.text


def test_targets_of_one_model_share_its_passes(monkeypatch):
    """Several go through `MultiTracker`: one call of the runtime a frame on PyTorch."""
    case = SpeedCase(tracker=TrackerSpec(device="cpu", runtime="pytorch", threads=1), targets=3)
    tracker = case.tracker.open()
    targets, batches = targets_of(tracker, case), []
    run = tracker.model.runtime.run
    monkeypatch.setattr(
        tracker.model.runtime,
        "run",
        lambda graph, feeds: batches.append(len(feeds["search"])) or run(graph, feeds),
    )
    frame = np.full((240, 320, 3), 90, np.uint8)
    targets.init(frame, (100.0, 80.0, 60.0, 50.0))
    results = list(targets.track(frame))
    assert len({tuple(r.box) for r in results}) == len(results) == 3
    assert batches == [3]


def test_one_frame_is_too_few(still, plain_set, tmp_path):
    (tmp_path / "one").mkdir()
    (plain_set / "ball" / "img" / "000001.jpg").rename(tmp_path / "one" / "000001.jpg")
    options = SHORT.model_copy(update={"source": str(tmp_path / "one"), "box": (15, 21, 18, 18)})
    with pytest.raises(InputError, match="two frames"):
        measure_speed(sweep([still]), options, roofline=False)


def test_real_model_through_all_stages():
    cases = sweep([TrackerSpec(device="cpu", runtime="pytorch")], threads=[1], targets=[1, 2])
    report = measure_speed(cases, SHORT, roofline=False)
    for row, targets in zip(report.rows, (1, 2), strict=True):
        assert row.total.count == 6
        assert set(row.stages) == set(STAGES)
        assert all(row.stages[s].p50 > 0 for s in STAGES)
        assert row.case.targets == targets
        assert row.active["precision"] == "fp32"
        assert row.peak_rss > 50 * 2**20
        assert row.cold_start_s > row.load_s > 0
        assert row.complexity.agrees
    assert len(report.tables()) == 4


def test_source_needs_a_box(still, plain_set):
    options = SHORT.model_copy(update={"source": str(plain_set / "ball" / "img")})
    with pytest.raises(ConfigError, match="--box"):
        measure_speed(sweep([still]), options, roofline=False)


def test_source_shorter_than_the_measurement_starts_again(still, plain_set):
    options = SpeedOptions(
        source=str(plain_set / "ball" / "img"), box=(15, 21, 18, 18), rounds=1, frames=20, warmup=1
    )
    (row,) = measure_speed(sweep([still]), options, roofline=False).rows
    assert row.total.count == 20


def test_peak_is_measured_with_a_named_library():
    meter = PeakMeter(1)
    try:
        first = meter.measure()
        assert 0 < first <= meter.measure()
        assert meter.library.split()[0] in {"torch", "numpy"}
    finally:
        meter.close()


def test_equal_configurations_are_refused(still):
    with pytest.raises(ConfigError, match="differ"):
        measure_speed([*sweep([still]), *sweep([still])], SHORT)


def test_percentiles_of_known_values():
    found = Percentiles.of(range(1, 101))
    assert (found.p50, found.max, found.mean) == (50.5, 100.0, 50.5)
    assert found.p99 == pytest.approx(99.01)
    assert Percentiles.of([]) is None


def speed_command(bench, options, *more):
    return bench(
        "speed", *options, "--rounds", 1, "--frames", 3, "--warmup", 1, "--no-roofline", *more
    )


def test_gates_exit_with_5(bench, still_option):
    assert speed_command(bench, still_option).exit_code == 0
    slow = speed_command(bench, still_option, "--fail-under-fps", 1e9)
    assert slow.exit_code == 5
    assert "expected at least 1e+09" in slow.text
    assert speed_command(bench, still_option, "--fail-over-p99", 1e-9).exit_code == 5


def test_json_on_stdout_is_only_json(bench, still_option):
    result = speed_command(bench, still_option, "--json", "-")
    assert json.loads(result.stdout)["rows"][0]["total"]["count"] == 3


def test_bad_numbers_are_a_usage_error(bench):
    result = bench("speed", "--threads", "1,two")
    assert result.exit_code == 2
    assert "--threads" in result.text
    assert bench("speed", "--fail-under-fps", -1).exit_code == 2


def test_table_names_machine_day_runtime_and_threads(bench, tmp_path):
    options = ["--device", "cpu", "--threads", 1, "--runtime", "onnxruntime"]
    assert speed_command(bench, options, "--md", tmp_path / "r.md").exit_code == 0
    text = (tmp_path / "r.md").read_text()
    for words in ("usable CPUs", date.today().isoformat(), "onnxruntime cpu fp32, 1 thr"):
        assert words in text
