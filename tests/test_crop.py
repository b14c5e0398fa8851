import math
import tracemalloc

import cv2
import numpy as np
import pytest

from fartrack_sdk import Box, InputError
from fartrack_sdk import crop as cropping
from fartrack_sdk.crop import crop


def by_the_book(frame, box, factor, size):
    """The rules spelled out with a padded copy of the whole window."""
    height, width = frame.shape[:2]
    side = math.ceil(math.sqrt(box.w * box.h) * factor)
    x1 = round(box.x + 0.5 * box.w - side * 0.5)
    y1 = round(box.y + 0.5 * box.h - side * 0.5)
    left, top = max(0, -x1), max(0, -y1)
    right, bottom = max(x1 + side - width + 1, 0), max(y1 + side - height + 1, 0)
    inner = frame[y1 + top : y1 + side - bottom, x1 + left : x1 + side - right]
    padded = cv2.copyMakeBorder(inner, top, bottom, left, right, cv2.BORDER_CONSTANT)
    return cv2.resize(padded, (size, size))


def random_boxes(count, width, height):
    rng = np.random.default_rng(7)
    for _ in range(count):
        w, h = rng.uniform(2, 150, 2)
        yield Box(rng.uniform(0, width - 20), rng.uniform(0, height - 20), w, h)


@pytest.mark.parametrize(("factor", "size"), [(4.0, 224), (2.0, 112)])
def test_crop_equals_the_rules_bit_for_bit(noise_frame, factor, size):
    frame = noise_frame()
    for box in random_boxes(300, 320, 240):
        cut = crop(frame, box, factor, size, bgr=False)
        np.testing.assert_array_equal(cut.image, by_the_book(frame, box, factor, size))


def test_gathered_windows_equal_padded_ones(noise_frame, monkeypatch):
    frame = noise_frame()
    padded = [crop(frame, box, 4.0, 224, bgr=False).image for box in random_boxes(60, 320, 240)]
    monkeypatch.setattr(cropping, "LARGEST_PADDED_SIDE", 0)
    for box, expected in zip(random_boxes(60, 320, 240), padded, strict=True):
        gathered = crop(frame, box, 4.0, 224, bgr=False).image
        difference = np.abs(gathered.astype(int) - expected.astype(int))
        assert difference.max() <= 1, "one grey level between builds of OpenCV at the most"


def test_last_column_is_black_when_the_window_touches_the_edge():
    frame = np.full((100, 100, 3), 255, np.uint8)
    touching = crop(frame, Box(68.75, 40, 12.5, 12.5), 4.0, 50, bgr=False).image
    inside = crop(frame, Box(67.75, 40, 12.5, 12.5), 4.0, 50, bgr=False).image
    assert touching[:, -1].max() == 0
    assert touching[:, -2].min() == 255
    assert inside.min() == 255


def test_bgr_frame_gives_rgb_crop(noise_frame):
    frame = noise_frame()
    box = Box(100, 80, 40, 30)
    rgb = crop(np.ascontiguousarray(frame[:, :, ::-1]), box, 4.0, 224, bgr=False)
    assert (crop(frame, box, 4.0, 224, bgr=True).image == rgb.image).all()


def test_window_beside_the_frame_is_black(noise_frame):
    cut = crop(noise_frame(), Box(5000, 5000, 10, 10), 4.0, 224, bgr=True)
    assert cut.image.max() == 0
    assert cut.blank


def test_a_single_odd_pixel_is_not_blank():
    frame = np.zeros((224, 224, 3), np.uint8)
    assert crop(frame, Box(100, 100, 20, 20), 4.0, 224, bgr=True).blank
    frame[100, 100] = 9
    assert not crop(frame, Box(100, 100, 20, 20), 4.0, 224, bgr=True).blank


def test_corners_map_back_to_the_frame():
    frame = np.zeros((480, 640, 3), np.uint8)
    cut = crop(frame, Box(100, 120, 40, 40), 4.0, 224, bgr=True)
    assert cut.to_frame(np.array([0.375, 0.375, 0.625, 0.625])) == Box(100, 120, 40, 40)


def test_box_without_area_is_refused(noise_frame):
    with pytest.raises(InputError, match="area"):
        crop(noise_frame(), Box(0, 0, 0, 10), 4.0, 224, bgr=True)


def test_a_box_over_a_whole_8k_frame_needs_little_memory():
    frame = np.full((4320, 7680, 3), 200, np.uint8)
    tracemalloc.start()
    cut = crop(frame, Box(0, 0, 7680, 4320), 4.0, 224, bgr=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert cut.side == 23040
    assert cut.image.max() == 200
    assert peak < 50e6, "the padded window would be 1.6 GB"
