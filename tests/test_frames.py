import numpy as np
import pytest

from fartrack_sdk import InputError
from fartrack_sdk.frames import checked_frame


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (None, "cannot read"),
        ("frame.jpg", "str"),
        (np.zeros((0, 0, 3), np.uint8), "empty"),
        (np.zeros((50, 50), np.uint8), "COLOR_GRAY2BGR"),
        (np.zeros((50, 50, 1), np.uint8), "COLOR_GRAY2BGR"),
        (np.zeros((50, 50, 4), np.uint8), "COLOR_BGRA2BGR"),
        (np.zeros((3, 50, 50), np.uint8), "transpose"),
        (np.zeros((2, 50, 50, 3), np.uint8), "one colour image"),
        (np.zeros((50, 50, 3), np.float32), "float32"),
        (np.zeros((50, 50, 3), np.uint16), "uint16"),
        (np.zeros((5, 50, 3), np.uint8), "at least 10 px"),
    ],
)
def test_unusable_frames_are_refused_with_a_remedy(frame, message):
    with pytest.raises(InputError, match=message):
        checked_frame(frame)


def test_another_size_than_at_init_is_refused():
    with pytest.raises(InputError, match="init"):
        checked_frame(np.zeros((50, 60, 3), np.uint8), (640, 480))


def test_frames_are_not_copied():
    frame = np.zeros((50, 60, 3), np.uint8)[:, ::-1]
    assert checked_frame(frame, (60, 50)) is frame
