"""A family's other ways to the same boxes, beside the usual one."""

import pytest
from small_mixformerv2 import random_state, save_as_trainer

from fartrack_sdk.benchmarks.speed.alternatives import (
    alternative_cases,
    complexity_of,
    paired_ratio,
)
from fartrack_sdk.benchmarks.speed.config import SpeedOptions, sweep
from fartrack_sdk.benchmarks.speed.measure import measure_speed
from fartrack_sdk.benchmarks.trackers import TrackerSpec
from fartrack_sdk.families.fartrack.config import FARTrackConfig
from fartrack_sdk.families.mixformerv2.config import MixFormerV2Config

CACHED, UNCACHED = MixFormerV2Config(), MixFormerV2Config(template_cache="off")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_as_trainer(tmp_path_factory.mktemp("model") / "small.pth.tar", random_state())


def test_a_cached_model_is_measured_without_its_cache_as_well(model):
    spec = TrackerSpec(model=str(model), device="cpu", options={"preset": "got10k"})
    (case,) = sweep([spec], threads=[1])
    ((name, other),) = alternative_cases(case, CACHED.model_dump()).items()
    assert name == "without template cache"
    assert other.tracker.options == {"preset": "got10k", "template_cache": "off"}
    assert "without template cache" in other.name


@pytest.mark.parametrize(
    "dumped", [UNCACHED.model_dump(), FARTrackConfig().model_dump(), {"family": "other"}, None]
)
def test_models_without_another_way_have_no_alternative(dumped):
    (case,) = sweep([TrackerSpec()])
    assert alternative_cases(case, dumped) == {}


def test_trackers_from_elsewhere_are_not_counted():
    assert complexity_of({"family": "other"}) is None
    assert complexity_of(CACHED.model_dump()).executed_gmacs < 3


def test_ratios_are_paired_by_turn():
    usual, other = [1.0, 1.0, 10.0, 10.0, 2.0, 2.0], [2.0, 2.0, 20.0, 20.0, 8.0, 8.0]
    assert paired_ratio(other, usual, 2) == 2.0
    assert paired_ratio([], usual, 2) is None


def test_the_report_has_a_row_with_and_one_without(model):
    spec = TrackerSpec(model=str(model), device="cpu")
    options = SpeedOptions(rounds=2, frames=2, warmup=1)
    report = measure_speed(sweep([spec], threads=[1]), options, roofline=False)
    (row,) = report.rows
    (other,) = row.alternatives
    assert row.complexity.executed_gmacs < other.complexity.executed_gmacs
    assert other.p50_ms > 0
    assert other.ratio > 0
    table = next(t for t in report.tables() if t.title == "The same boxes, computed otherwise")
    assert [line[1] for line in table.rows] == ["as configured", "without template cache"]
    assert table.rows[0][4] == 1.0


def test_a_model_that_lacks_the_other_graphs_says_so(model, monkeypatch):
    def refused(case, dumped):
        spec = case.tracker.model_copy(update={"options": {"template_cache": "none"}})
        return {"without template cache": case.model_copy(update={"tracker": spec})}

    monkeypatch.setattr("fartrack_sdk.benchmarks.speed.bench.alternative_cases", refused)
    spec = TrackerSpec(model=str(model), device="cpu")
    options = SpeedOptions(rounds=1, frames=1, warmup=1)
    report = measure_speed(sweep([spec], threads=[1]), options, roofline=False)
    (other,) = report.rows[0].alternatives
    assert "template_cache = 'none'" in other.refusal
    assert (other.p50_ms, other.ratio) == (None, None)
    assert other.complexity.executed_gmacs > 0
    assert report.impossible == {}


def test_alternatives_can_be_left_out(model):
    spec = TrackerSpec(model=str(model), device="cpu")
    options = SpeedOptions(rounds=1, frames=1, warmup=1)
    report = measure_speed(sweep([spec], threads=[1]), options, roofline=False, alternatives=False)
    assert report.rows[0].alternatives == []
