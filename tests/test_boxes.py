import math

import pytest

from fartrack_sdk import Box, InputError
from fartrack_sdk.boxes import checked_box


def test_conversions():
    box = Box(10.0, 20.0, 30.0, 40.0)
    assert box.xyxy == (10.0, 20.0, 40.0, 60.0)
    assert box.cxcywh == (25.0, 40.0, 30.0, 40.0)
    assert Box.from_xyxy(*box.xyxy) == box
    assert Box(1.6, 2.4, 3.0, 0.1).as_int() == (2, 2, 3, 1)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (Box(10, 10, 20, 20), Box(10, 10, 20, 20)),
        (Box(-50, -50, 20, 20), Box(0, 0, 10, 10)),
        (Box(500, 500, 20, 20), Box(90, 70, 10, 10)),
        (Box(50, 40, -30, -5), Box(50, 40, 10, 10)),
        (Box(-10, -10, 900, 900), Box(0, 0, 100, 80)),
    ],
)
def test_clipping_keeps_ten_pixels_inside(box, expected):
    assert box.clipped(100, 80) == expected


def test_iou():
    assert Box(0, 0, 10, 10).iou(Box(0, 0, 10, 10)) == 1.0
    assert Box(0, 0, 10, 10).iou(Box(5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert Box(0, 0, 10, 10).iou(Box(20, 20, 5, 5)) == 0.0
    assert Box(0, 0, 0, 0).iou(Box(0, 0, 0, 0)) == 0.0


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ((1, 2, 3), "3 values"),
        ("1,2,3,4", "four numbers"),
        (None, "four numbers"),
        ((1, 2, "a", 4), "four numbers"),
        ((math.nan, 0, 5, 5), "not finite"),
        ((0, 0, math.inf, 5), "not finite"),
        ((0, 0, 0, 5), "from_xyxy"),
        ((0, 0, 5, -5), "from_xyxy"),
        ((-5, -5, 1e200, 1e200), "at most 1048576"),
        ((5, 5, 1e-200, 1e-200), "area is zero"),
        ((0, 0, 10**400, 5), "no float can hold"),
        ((0, 0, 10**5000, 5), "no float can hold"),
        ((100, 0, 5, 5), "overlaps the 100x80 frame"),
        ((-10, 0, 10, 5), "overlaps"),
    ],
)
def test_bad_boxes_say_what_is_wrong(box, message):
    with pytest.raises(InputError, match=message):
        checked_box(box, 100, 80)


def test_boxes_over_the_edge_and_of_one_pixel_are_taken_as_they_are():
    assert checked_box((-5, -5, 10, 10), 100, 80) == Box(-5, -5, 10, 10)
    assert checked_box([3, 3, 1, 1], 100, 80) == Box(3, 3, 1, 1)
