import numpy as np
import pytest

from fartrack_sdk import InferenceError
from fartrack_sdk.families.fartrack.config import FARTrackConfig
from fartrack_sdk.families.fartrack.decode import decode


def test_sparse_is_the_mean_of_expectation_and_argmax():
    logits = np.random.default_rng(0).normal(size=(4, 605)).astype(np.float32)
    estimate = decode(logits, FARTrackConfig())
    p = np.exp(logits[:, :600].astype(np.float64))
    expectation = (p / p.sum(1, keepdims=True)) @ (-0.5 + np.arange(600) / 300)
    highest = (logits.argmax(1) + 0.5) / 299 - 0.5
    np.testing.assert_allclose(estimate.corners, (expectation + highest) / 2, atol=1e-12)
    q = np.exp(logits.astype(np.float64))
    assert estimate.score == pytest.approx((q / q.sum(1, keepdims=True)).max(1).mean())


def test_dense_is_the_argmax_alone():
    logits = np.zeros((4, 605), np.float32)
    logits[np.arange(4), [0, 150, 449, 599]] = 9
    corners = decode(logits, FARTrackConfig(protocol="dense")).corners
    np.testing.assert_allclose(corners, np.array([0, 150, 449, 599]) / 299 - 0.5)


def test_spread_grows_with_doubt():
    bins = np.arange(605)
    sharp, blunt = (
        np.tile(-(((bins - 300) / width) ** 2), (4, 1)).astype(np.float32) for width in (2, 40)
    )
    config = FARTrackConfig()
    assert decode(sharp, config).spread == pytest.approx(2 / np.sqrt(2) / 300, rel=1e-3)
    assert decode(blunt, config).spread > decode(sharp, config).spread


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_logits_that_are_not_finite_raise(value):
    logits = np.zeros((4, 605), np.float32)
    logits[2, 17] = value
    with pytest.raises(InferenceError, match="finite"):
        decode(logits, FARTrackConfig())


def test_huge_logits_do_not_overflow():
    logits = np.zeros((4, 605), np.float32)
    logits[:, 300] = 3e38
    assert decode(logits, FARTrackConfig()).score == 1.0


def test_logits_that_leave_no_probability_to_any_bin_raise():
    logits = np.zeros((4, 605), np.float32)
    logits[1, 604] = 1000
    with pytest.raises(InferenceError, match="none of the bins"):
        decode(logits, FARTrackConfig())
