"""Speed: what is counted, measured and gated. No test looks at how fast it was."""

import json

import pytest

from fartrack_sdk.benchmarks.reporting.stats import Percentiles
from fartrack_sdk.benchmarks.speed.config import SpeedOptions, sweep
from fartrack_sdk.benchmarks.speed.measure import measure_speed
from fartrack_sdk.benchmarks.speed.roofline import PeakMeter
from fartrack_sdk.benchmarks.speed.worker import STAGES
from fartrack_sdk.benchmarks.trackers import TrackerSpec
from fartrack_sdk.errors import ConfigError

SHORT = SpeedOptions(rounds=2, frames=3, warmup=2)


def test_sweep_is_every_combination():
    cases = sweep([TrackerSpec()], threads=[1, 2], targets=[1, 4], runtimes=["pytorch", "openvino"])
    assert len({case.name for case in cases}) == 8
    assert [c.tracker.threads for c in cases[:4]] == [1, 1, 2, 2]


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
