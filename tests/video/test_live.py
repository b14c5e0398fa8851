import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from itertools import pairwise
from random import Random

import pytest
from video_media import MjpegServer, number_of, write_video

from fartrack_sdk import ConfigError, InputError
from fartrack_sdk.video import Backoff, open_source
from fartrack_sdk.video.handoff import Handoff

QUICK = Backoff(attempts=40, first_delay_s=0.05, max_delay_s=0.2)


@pytest.fixture
def server():
    server = MjpegServer()
    yield server
    server.stop()


def reader_threads():
    return [t for t in threading.enumerate() if t.name.startswith("fartrack-reader")]


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_latest_drops_counts_and_stays_fresh_with_a_slow_consumer(server):
    with open_source(server.url, timeout_s=5) as source:
        assert source.live
        first, last = source.read(), None
        for _ in range(5):
            time.sleep(0.15)
            last = source.read()
            # Behind by a frame or a stall of the machine, not by the frames missed.
            assert last.age_s < 1.0
        assert source.dropped > 5
        assert 5 < last.index <= 5 + source.dropped
        assert last.timestamp_s > first.timestamp_s


def test_every_hands_out_all_frames_of_a_stream(server):
    with open_source(server.url, policy="every", timeout_s=5) as source:
        frames = [source.read() for _ in range(20)]
    assert [frame.index for frame in frames] == list(range(20))
    numbers = [number_of(frame.image) for frame in frames]
    assert all((b - a) % 20 == 1 for a, b in pairwise(numbers))
    assert source.dropped == 0


def test_stream_comes_back_after_the_server_died(server):
    with open_source(server.url, backoff=QUICK, timeout_s=5) as source:
        source.read()
        server.stop()
        threading.Timer(0.3, server.start).start()
        while source.reconnects == 0:
            assert source.read() is not None
        assert source.read() is not None
        assert source.notes == ("The connection was lost and restored 1 times.",)


def test_stream_that_stays_away_raises_after_the_limit(server):
    backoff = Backoff(attempts=2, first_delay_s=0.01, max_delay_s=0.02)
    with open_source(server.url, backoff=backoff, timeout_s=5) as source:
        server.stop()
        with pytest.raises(InputError, match="did not come back in 2 attempts") as caught:
            list(source)
    assert "secret" not in str(caught.value)


def test_without_attempts_the_end_of_a_stream_is_its_end(server):
    with open_source(server.url, backoff=Backoff(attempts=0), timeout_s=5) as source:
        server.stop()
        assert len(list(source)) >= 1


def test_server_that_is_not_there_raises():
    with pytest.raises(InputError, match="no video from"):
        open_source(f"http://127.0.0.1:{free_port()}/x.mjpg", timeout_s=2)


def test_server_that_never_answers_times_out():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x.mjpg"
        with pytest.raises(InputError, match="within 1 s"):
            open_source(url, timeout_s=1)


def test_stream_that_falls_silent_is_tried_again_and_given_up(server):
    server.interval_s = 0.0
    backoff = Backoff(attempts=1, first_delay_s=0.01, max_delay_s=0.01)
    with open_source(server.url, backoff=backoff, timeout_s=1) as source:
        source.read()
        server.interval_s = 30.0
        with pytest.raises(InputError, match=r"did not come back|gave no frame"):
            list(source)


@pytest.mark.parametrize("policy", ["latest", "every"])
def test_close_ends_the_thread(server, policy):
    source = open_source(server.url, policy=policy, timeout_s=5)
    source.read()
    assert reader_threads()
    source.close()
    assert not reader_threads()


def test_close_while_waiting_to_reconnect_does_not_wait(server):
    backoff = Backoff(attempts=3, first_delay_s=60.0, max_delay_s=60.0, jitter=0.0)
    source = open_source(server.url, backoff=backoff, timeout_s=5)
    server.stop()
    source.close()
    assert not reader_threads()


def test_file_read_as_latest_plays_at_its_speed_and_drops(tmp_path):
    video = write_video(tmp_path / "v.avi", frames=15, fps=30.0)
    with open_source(video, policy="latest") as source:
        taken = [(frame.index, time.sleep(0.1))[0] for frame in source]
        assert taken[0] == 0
        assert taken == sorted(set(taken))
        assert len(taken) + source.dropped == 15
        assert source.dropped > 0


READ_FIVE_FRAMES = """
import sys
from fartrack_sdk.video import open_source

with open_source(sys.argv[1], timeout_s=20) as source:
    frames = [source.read() for _ in range(5)]
    print(source.live, *frames[-1].image.shape)
"""


def test_stream_of_ffmpeg_is_read():
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        if os.environ.get("CI"):
            pytest.fail("ffmpeg is not installed, and CI needs it: apt-get install ffmpeg")
        pytest.skip("ffmpeg is not installed")
    address = f"udp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
    picture = "testsrc=size=96x64:rate=25"
    command = [ffmpeg, "-v", "quiet", "-re", "-f", "lavfi", "-i", picture, "-c:v", "mpeg2video"]
    sender = subprocess.Popen([*command, "-g", "5", "-f", "mpegts", f"{address}?pkt_size=1316"])
    try:
        # A process of its own: OpenCV's FFmpeg beside all that other tests have loaded
        # is not what a camera pipeline runs.
        command = [sys.executable, "-c", READ_FIVE_FRAMES, address]
        run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        assert run.stdout.split() == ["True", "64", "96", "3"]
    finally:
        sender.kill()
        sender.wait()


def test_backoff_grows_to_its_limit_with_jitter():
    backoff = Backoff(attempts=6, first_delay_s=1.0, factor=2.0, max_delay_s=5.0, jitter=0.0)
    assert list(backoff.delays()) == [1.0, 2.0, 4.0, 5.0, 5.0, 5.0]
    delays = list(Backoff(attempts=50, jitter=0.5).delays(Random(1)))
    assert all(0.25 <= delay <= 10.0 for delay in delays)
    assert len(set(delays)) == 50


@pytest.mark.parametrize("wrong", [{"attempts": -1}, {"factor": 0.5}, {"jitter": 2.0}])
def test_senseless_backoff_raises(wrong):
    with pytest.raises(ConfigError, match="attempts >= 0"):
        Backoff(**wrong)


def test_handoff_blocks_the_producer_until_there_is_room():
    queue = Handoff(1, drop_oldest=False)
    queue.put(1)
    second = threading.Thread(target=queue.put, args=(2,))
    second.start()
    assert (queue.take(5.0), queue.take(5.0), queue.dropped) == (1, 2, 0)
    second.join()
    with pytest.raises(TimeoutError):
        queue.take(0.0)


def test_handoff_hands_on_what_the_producer_ended_with():
    queue = Handoff(2, drop_oldest=True)
    queue.put(1)
    queue.end(InputError("gone"))
    assert queue.take(1.0) == 1
    with pytest.raises(InputError, match="gone"):
        queue.take(1.0)


def test_closed_handoff_refuses_items_and_frees_the_producer():
    queue = Handoff(1, drop_oldest=False)
    queue.put(1)
    results = []
    waiting = threading.Thread(target=lambda: results.append(queue.put(2)))
    waiting.start()
    queue.close()
    waiting.join(5.0)
    assert results == [False]
