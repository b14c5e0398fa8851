"""Work on a real Dask cluster of this machine: a scheduler and two worker processes."""

import pytest

from fartrack_sdk.benchmarks.accuracy import executors
from fartrack_sdk.benchmarks.accuracy.evaluate import evaluate
from fartrack_sdk.errors import ConfigError, RuntimeUnavailableError


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed", reason="pip install 'fartrack-sdk[cluster]'")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as running:
        yield running.scheduler_address


def figures(report):
    """Everything but the times."""
    return [
        (t.name, t.overall.model_dump(), [s.model_dump() for s in t.sequences])
        for t in report.trackers
    ]


def test_cluster_gives_the_same_figures_as_this_process(cluster, plain_set, still, tmp_path):
    here = evaluate(plain_set, [still], out=tmp_path / "here")
    there = evaluate(plain_set, [still], out=tmp_path / "there", cluster=cluster)
    assert figures(here) == figures(there)
    again = evaluate(plain_set, [still], out=tmp_path / "there", cluster=cluster)
    assert again.trackers[0].resumed == 4


def test_command_takes_the_address(cluster, plain_set, still_option, tmp_path, bench):
    result = bench("accuracy", plain_set, *still_option, "--out", tmp_path, "--cluster", cluster)
    assert result.exit_code == 0
    assert "Accuracy" in result.text


def test_missing_scheduler_says_how_to_start_one(plain_set, still, tmp_path, monkeypatch):
    monkeypatch.setattr(executors, "CONNECT_TIMEOUT_S", 1.0)
    pytest.importorskip("distributed")
    with pytest.raises(RuntimeUnavailableError, match="dask scheduler"):
        evaluate(plain_set, [still], out=tmp_path, cluster="tcp://127.0.0.1:1")


def test_workers_and_cluster_exclude_each_other(plain_set, still, tmp_path):
    with pytest.raises(ConfigError, match="not both"):
        evaluate(plain_set, [still], out=tmp_path, workers=2, cluster="tcp://127.0.0.1:1")
