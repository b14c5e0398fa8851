import pytest

from fartrack_sdk import ConfigError, StateThresholds, TrackState
from fartrack_sdk.state import Confidence

LIMITS = StateThresholds(lost_below=0.2, tracking_above=0.4, lost_after=3, tracking_after=2)


def states(scores):
    confidence, found = Confidence(), []
    for score in scores:
        confidence = confidence.after(score, LIMITS)
        found.append(confidence.state.value[0])
    return "".join(found)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.9, 0.9], "TT"),
        ([0.3, 0.3, 0.3, 0.3], "TTTT"),
        ([0.1, 0.1, 0.1, 0.1], "UULL"),
        ([0.1, 0.3, 0.1, 0.1, 0.1], "UUUUL"),
        ([0.1, 0.9, 0.9], "UUT"),
        ([0.1, 0.1, 0.1, 0.3, 0.9, 0.3, 0.9, 0.9], "UULLLLLT"),
    ],
)
def test_hysteresis(scores, expected):
    assert states(scores) == expected


def test_thresholds_the_wrong_way_round_are_refused():
    with pytest.raises(ConfigError, match="lost_below"):
        StateThresholds(lost_below=0.5, tracking_above=0.1)


def test_a_fresh_target_is_tracked():
    assert Confidence().state is TrackState.TRACKING
