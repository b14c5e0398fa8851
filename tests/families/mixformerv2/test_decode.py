import numpy as np
import pytest

from fartrack_sdk import InferenceError
from fartrack_sdk.families.mixformerv2.decode import decode


def logits_at(*bins, count=96):
    logits = np.zeros((1, 4, count), np.float32)
    logits[0, np.arange(4), list(bins)] = 50.0
    return logits


def presence(logit):
    return np.array([[logit]], np.float32)


def test_rows_are_left_right_top_bottom_and_bins_are_fractions():
    estimate = decode({"logits": logits_at(24, 72, 12, 48), "presence": presence(0.0)})
    np.testing.assert_allclose(estimate.corners, [0.25, 0.125, 0.75, 0.5], atol=1e-12)
    assert estimate.score == 0.5
    assert estimate.spread < 1e-6


def test_a_coordinate_is_the_expectation():
    logits = logits_at(0, 0, 0, 0)
    logits[0, :, 48] = 50.0
    estimate = decode({"logits": logits, "presence": presence(1.0)})
    np.testing.assert_allclose(estimate.corners, 0.25, atol=1e-12)
    assert estimate.spread == pytest.approx(0.25)


def test_presence_saturates_as_float32():
    scores = [
        decode({"logits": logits_at(1, 2, 1, 2), "presence": presence(logit)}).score
        for logit in (-1000.0, 0.5, 18.0, 30.0, 1000.0)
    ]
    assert scores[0] == pytest.approx(0.0, abs=1e-30)
    assert scores[1] == pytest.approx(0.6224593, abs=1e-7)
    assert scores[2:] == [1.0, 1.0, 1.0]


def test_without_a_score_head_sharp_coordinates_score_high():
    sharp = decode({"logits": logits_at(1, 2, 1, 2)})
    flat = decode({"logits": np.zeros((1, 4, 96), np.float32)})
    assert sharp.score == pytest.approx(1.0)
    assert flat.score == pytest.approx(1 / 96)


@pytest.mark.parametrize("bad", ["logits", "presence"])
def test_nan_is_an_inference_error(bad):
    outputs = {"logits": logits_at(1, 2, 1, 2), "presence": presence(0.0)}
    outputs[bad] = outputs[bad] * np.nan
    with pytest.raises(InferenceError, match="finite logits"):
        decode(outputs)
