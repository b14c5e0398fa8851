import numpy as np
import pytest

from fartrack_sdk.errors import InputError
from fartrack_sdk.training.thresholds import propose_thresholds, roc_area


def test_roc_area_of_known_scores():
    assert roc_area(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1.0
    assert roc_area(np.array([1.0]), np.array([1.0])) == 0.5
    assert roc_area(np.array([0.0, 2.0]), np.array([1.0])) == 0.5


def test_thresholds_separate_good_from_failed_frames():
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.uniform(0.3, 0.9, 200), rng.uniform(0.0, 0.4, 100)])
    overlaps = np.concatenate([np.full(200, 0.8), np.zeros(100)])
    report = propose_thresholds(scores, overlaps)
    assert (report.good, report.failed) == (200, 100)
    assert report.area > 0.9
    assert 0.3 < report.thresholds.lost_below <= report.thresholds.tracking_above < 0.4
    assert report.failed_below_lost > 0.7
    assert report.good_above_tracking > 0.8


def test_scores_that_tell_nothing_still_give_ordered_thresholds():
    report = propose_thresholds(np.array([0.9, 0.8, 0.1]), np.array([0.9, 0.8, 0.0]))
    assert report.thresholds.lost_below <= report.thresholds.tracking_above


def test_thresholds_need_both_kinds_of_frames():
    with pytest.raises(InputError, match="failed"):
        propose_thresholds(np.array([0.5]), np.array([0.9]))
