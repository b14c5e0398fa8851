import os
import subprocess
import sys

import numpy as np
import pytest

from fartrack_sdk import ConfigError
from fartrack_sdk.threads import (
    ENVIRONMENT,
    SHORT_SPIN,
    cgroup_quota,
    resolve_threads,
    usable_cpus,
    wait_without_spinning,
)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)


def test_cgroup_v2_quota_is_read(tmp_path):
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    assert cgroup_quota(tmp_path) == 1.5
    assert usable_cpus(tmp_path) == 1


def test_cgroup_v1_quota_is_read(tmp_path):
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("200000")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert cgroup_quota(tmp_path) == 2.0


@pytest.mark.parametrize("text", ["max 100000\n", ""])
def test_no_quota_means_no_limit(tmp_path, text):
    (tmp_path / "cpu.max").write_text(text)
    assert cgroup_quota(tmp_path) is None


def test_a_small_quota_still_gives_one_thread(tmp_path):
    (tmp_path / "cpu.max").write_text("20000 100000")
    assert usable_cpus(tmp_path) == 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinity is Linux's")
def test_affinity_limits_the_default():
    one = min(os.sched_getaffinity(0))
    code = (
        f"import os; os.sched_setaffinity(0, {{{one}}});"
        "from fartrack_sdk.threads import resolve_threads; print(resolve_threads(None))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "1"


def test_argument_beats_environment_beats_default(monkeypatch):
    assert 1 <= resolve_threads(None) <= 4
    monkeypatch.setenv(ENVIRONMENT, "3")
    assert resolve_threads(None) == 3
    assert resolve_threads(7) == 7


@pytest.mark.parametrize("asked", ["2", 1.5, 0, [2]])
def test_threads_that_are_no_whole_number_are_refused(asked):
    with pytest.raises(ConfigError, match=r"expected (at least 1 thread|threads as)"):
        resolve_threads(asked)


def test_numbers_of_numpy_are_threads():
    assert resolve_threads(np.int64(3)) == 3


@pytest.mark.parametrize("text", ["many", "0", "-2"])
def test_bad_environment_is_named(monkeypatch, text):
    monkeypatch.setenv(ENVIRONMENT, text)
    with pytest.raises(ConfigError):
        resolve_threads(None)


def test_openmp_waits_without_spinning_unless_told_otherwise(monkeypatch):
    for name in ("OMP_WAIT_POLICY", *SHORT_SPIN):
        monkeypatch.delenv(name, raising=False)
    wait_without_spinning()
    assert os.environ["GOMP_SPINCOUNT"] == SHORT_SPIN["GOMP_SPINCOUNT"]


def test_a_users_openmp_setting_stands(monkeypatch):
    for name in SHORT_SPIN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    wait_without_spinning()
    assert "GOMP_SPINCOUNT" not in os.environ
