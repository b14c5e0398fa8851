import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from video_media import number_of, picture, write_images, write_video

from fartrack_sdk import ConfigError, InputError, StateError
from fartrack_sdk.video import open_source
from fartrack_sdk.video.frames import natural_key
from fartrack_sdk.video.groundtruth import find_groundtruth, groundtruth_box
from fartrack_sdk.video.sources import KINDS, local_path


def test_video_gives_every_frame_once_in_order(tmp_path):
    with open_source(write_video(tmp_path / "v.avi", frames=12)) as source:
        frames = list(source)
        assert [frame.index for frame in frames] == list(range(12))
        assert [number_of(frame.image) for frame in frames] == list(range(12))
        assert (source.count, source.size, source.fps) == (12, (96, 64), 25.0)
        assert (source.live, source.dropped, source.notes) == (False, 0, ())
        assert frames[5].timestamp_s == pytest.approx(0.2)


def test_frames_do_not_share_memory(tmp_path):
    with open_source(write_video(tmp_path / "v.avi", frames=3)) as source:
        first, second = source.read(), source.read()
    assert not np.shares_memory(first.image, second.image)


def test_skip_passes_over_frames(tmp_path):
    folder = write_images(tmp_path / "img", [f"{i}.png" for i in range(6)])
    for name in (write_video(tmp_path / "v.avi", frames=6), folder):
        with open_source(name) as source:
            source.skip(4)
            assert source.read().index == 4
            source.skip(9)
            assert source.read() is None


def test_folder_is_read_in_natural_order(tmp_path):
    folder = write_images(tmp_path / "img", ["f1.png", "f2.png", "f10.png"])
    (folder / "notes.txt").write_text("no image")
    (folder / ".f0.png").write_bytes(b"hidden")
    with open_source(folder, fps=10) as source:
        frames = list(source)
    assert [number_of(frame.image) for frame in frames] == [0, 1, 2]
    assert [frame.timestamp_s for frame in frames] == [0.0, 0.1, 0.2]


def test_glob_takes_what_matches(tmp_path):
    folder = write_images(tmp_path / "img", ["a1.png", "b1.png", "a2.png"])
    with open_source(f"{folder}/a*.png") as source:
        assert [number_of(frame.image) for frame in source] == [0, 2]


def test_natural_key_orders_numbers_by_value():
    names = ["x10", "x9", "X1", "1a", "x"]
    assert sorted(names, key=natural_key) == ["1a", "x", "X1", "x9", "x10"]


def test_gray_and_16_bit_images_become_bgr_bytes(tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "1.png"), picture(3)[..., 0])
    cv2.imwrite(str(tmp_path / "2.png"), np.full((64, 96, 3), 40000, np.uint16))
    with open_source(tmp_path) as source:
        for frame in source:
            assert (frame.image.shape, frame.image.dtype) == ((64, 96, 3), np.uint8)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.mp4", "does not exist"),
        ("", "empty string"),
        ("nothing/*.png", "found nothing"),
        ("ftp://host/v.mp4", "not supported"),
        ("99999999999", "does not exist"),
        ("9" * 5000, "cannot be read"),
        ("x" * 5000, "cannot be read"),
        ("~no-such-user/x.mp4", "pass the whole path"),
    ],
)
def test_source_that_is_not_there_raises(name, message):
    with pytest.raises(InputError, match=message):
        open_source(name)


def test_missing_source_lists_what_is_possible():
    with pytest.raises(InputError) as caught:
        open_source("missing.mp4")
    assert KINDS in str(caught.value)


def test_empty_and_damaged_files_raise(tmp_path):
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("this is no video\n" * 50)
    with pytest.raises(InputError, match="empty"):
        open_source(tmp_path / "empty.mp4")
    with pytest.raises(InputError, match="not a video"):
        open_source(tmp_path / "text.mp4")


def test_video_without_frames_raises(tmp_path):
    video = write_video(tmp_path / "none.avi", frames=0)
    with pytest.raises(InputError, match=r"empty|no frame|not a video"):
        open_source(video)


def test_truncated_video_ends_with_a_note(tmp_path):
    video = write_video(tmp_path / "cut.avi", frames=60)
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    with open_source(video) as source:
        read = len(list(source))
        assert 0 < read < 60
        if source.count == 60:
            assert "truncated" in source.notes[0]


def test_a_file_that_states_no_number_of_frames_ends_all_the_same(tmp_path):
    path = tmp_path / "raw.mjpeg"
    pictures = [cv2.imencode(".jpg", picture(number))[1].tobytes() for number in range(12)]
    path.write_bytes(b"".join(pictures))
    with open_source(path) as source:
        assert source.count is None
        assert not source.live
        frames = list(source)
    assert [frame.index for frame in frames] == list(range(12))
    assert source.notes == ()


def test_empty_folder_points_to_images_below_it(tmp_path):
    with pytest.raises(InputError, match="found none"):
        open_source(tmp_path)
    inner = write_images(tmp_path / "img", ["1.png"])
    with pytest.raises(InputError, match=f"There are images in '{inner}'"):
        open_source(tmp_path)


def test_single_image_names_its_folder(tmp_path):
    write_images(tmp_path, ["1.png"])
    with pytest.raises(InputError, match="single image"):
        open_source(tmp_path / "1.png")


def test_unreadable_image_raises_with_its_name(tmp_path):
    folder = write_images(tmp_path / "img", ["1.png", "2.png", "3.png"])
    (folder / "2.png").write_bytes(b"not a picture")
    with open_source(folder) as source:
        assert source.read().index == 0
        with pytest.raises(InputError, match=r"2\.png"):
            source.read()


def test_unreadable_images_are_skipped_on_request_and_counted(tmp_path):
    folder = write_images(tmp_path / "img", ["1.png", "2.png", "3.png"])
    (folder / "2.png").write_bytes(b"")
    with open_source(folder, on_bad_image="skip") as source:
        assert [frame.index for frame in source] == [0, 2]
        assert (source.skipped, source.notes) == (1, ("Skipped 1 unreadable images: 2.png",))


def test_an_image_of_absurd_size_is_unreadable_like_any_other(tmp_path):
    folder = write_images(tmp_path / "img", ["1.png", "2.png"])
    header = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    (folder / "2.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)
    with open_source(folder) as source, pytest.raises(InputError, match=r"2\.png.*damaged"):
        list(source)
    with open_source(folder, on_bad_image="skip") as source:
        assert (len(list(source)), source.skipped) == (1, 1)


def test_folder_of_unreadable_images_raises(tmp_path):
    (tmp_path / "1.png").write_bytes(b"x")
    with pytest.raises(InputError, match="none of the 1 images"):
        open_source(tmp_path, on_bad_image="skip")


def test_unknown_policies_raise(tmp_path):
    folder = write_images(tmp_path / "img", ["1.png"])
    with pytest.raises(ConfigError, match="on_bad_image"):
        open_source(folder, on_bad_image="guess")
    with pytest.raises(ConfigError, match="policy"):
        open_source(write_video(tmp_path / "v.avi"), policy="newest")


def test_camera_that_is_not_there_names_the_devices():
    with pytest.raises(InputError, match="camera 97 cannot be opened"):
        open_source("97")


def test_what_exists_under_a_number_is_no_camera(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_images(tmp_path / "0097", ["1.png"])
    for name in ("0097", Path("0097")):
        with open_source(name) as source:
            assert source.count == 1
    with pytest.raises(InputError, match="does not exist"):
        open_source(Path("98"))
    with pytest.raises(InputError, match="camera 97 cannot"):
        open_source(97)


def test_the_place_of_a_source_is_found_however_it_is_written(tmp_path):
    assert local_path(f"file://{tmp_path}/a%20b.mp4") == tmp_path / "a b.mp4"
    assert local_path(" ~/v.mp4 ") == Path.home() / "v.mp4"
    assert local_path(Path("7")) == Path("7")
    for name in (7, "7", "/dev/video7", "rtsp://host/7"):
        assert local_path(name) is None


def test_folders_that_may_not_be_read_raise(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InputError, match="Permission denied"):
        open_source(tmp_path)


def test_closed_source_raises_and_closes_twice(tmp_path):
    folder = write_images(tmp_path / "img", ["1.png"])
    for name in (folder, write_video(tmp_path / "v.avi")):
        source = open_source(name)
        source.close()
        source.close()
        with pytest.raises(StateError, match="closed"):
            source.read()


def test_groundtruth_is_found_beside_or_above_the_images(tmp_path):
    folder = write_images(tmp_path / "img", ["1.png", "2.png"])
    with open_source(folder) as source:
        assert find_groundtruth(source) is None
        path = tmp_path / "groundtruth.txt"
        path.write_text("1,2,3,4\n0 0 4 0 4 5 0 5\nnan,1,2,3\n")
        assert find_groundtruth(source) == path
    assert groundtruth_box(path, 0) == (1, 2, 3, 4)
    assert groundtruth_box(path, 1) == (0, 0, 4, 5)
    with pytest.raises(InputError, match="row 3"):
        groundtruth_box(path, 2)
    with pytest.raises(InputError, match="none for frame 3"):
        groundtruth_box(path, 3)


def test_groundtruth_with_a_byte_order_mark_or_other_text(tmp_path):
    path = tmp_path / "groundtruth.txt"
    path.write_bytes(b"\xef\xbb\xbf1,2,3,4\r\n\xe9tiquette\r\n")
    assert groundtruth_box(path, 0) == (1, 2, 3, 4)
    with pytest.raises(InputError, match="row 2"):
        groundtruth_box(path, 1)
