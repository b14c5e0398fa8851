import os
import re

import pytest
from video_media import write_video

from fartrack_sdk import InputError
from fartrack_sdk.video import open_source
from fartrack_sdk.video.addresses import check_address, public_name
from fartrack_sdk.video.writer import VideoWriter


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://me:pw@host:554/a?token=1", "rtsp://host:554/a"),
        ("rtsp://admin:se/cret@127.0.0.1:9/s", "rtsp://127.0.0.1:9/s"),
        ("rtsp://admin:se@cret@host/s", "rtsp://host/s"),
        ("rtsp://admin:pa#ss@host/s", "rtsp://..."),
        ("rtsp://admin:pa?ss@host/s", "rtsp://..."),
        ("http://camera/video.cgi?user=admin&pwd=p@ss", "http://..."),
        ("rtsp://me:pw@[::1/stream", "rtsp://[::1/stream"),
    ],
)
def test_no_part_of_a_password_is_shown(url, shown):
    assert public_name(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://me:secret@[::1/stream",
        "rtsp://admin:sec/ret@127.0.0.1:9/s",
        "rtsp://admin:sec#ret@host/s",
        "rtsp://me:secret@host:99999/s",
        "rtsp://me:secret@host/\udcff",
        "file://[x",
    ],
)
def test_what_is_no_address_raises_without_its_password(url):
    with pytest.raises(InputError, match="Percent-encode") as caught:
        open_source(url)
    assert not re.search("secret|sec", str(caught.value))


@pytest.mark.parametrize(
    "url", ["udp://@:1234", "udp://@239.0.0.1:1234", "tcp://0.0.0.0:9?listen", "http://[::1]:80/x"]
)
def test_addresses_of_all_kinds_are_taken(url):
    assert check_address(url) is None


def test_names_that_opencv_would_crash_on_raise(tmp_path):
    name = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.avi")
    with pytest.raises(InputError, match=r"\\udcff\.avi.*not UTF-8.*Rename"):
        VideoWriter(name)
    os.rename(write_video(tmp_path / "v.avi"), name)
    with pytest.raises(InputError, match=r"\\udcff\.avi.*not UTF-8.*Rename"):
        open_source(name)
