"""Small files and servers for the video tests; everything is drawn, nothing is downloaded."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np

from fartrack_sdk import Box, RuntimeInfo, Timings, TrackResult, TrackState
from fartrack_sdk.boxes import checked_box

SIZE = (96, 64)


def picture(number: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """An image whose brightness tells its number."""
    width, height = size
    image = np.full((height, width, 3), 10 + (number % 20) * 12, np.uint8)
    cv2.rectangle(image, (20, 15), (50, 45), (40, 90, 200), -1)
    return image


def number_of(image: np.ndarray) -> int:
    return round((float(image[:8, :8].mean()) - 10) / 12)


def write_video(path: Path, frames: int = 12, fps: float = 25.0) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, SIZE)
    for number in range(frames):
        writer.write(picture(number))
    writer.release()
    return path


def write_images(folder: Path, names: list[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        assert cv2.imwrite(str(folder / name), picture(number))
    return folder


class MjpegServer:
    """A camera on loopback: multipart JPEG over HTTP; can be stopped and started again."""

    def __init__(self, interval_s: float = 0.01) -> None:
        self.interval_s = interval_s
        self.port = 0
        self.sent = 0
        self._server: ThreadingHTTPServer | None = None
        self._stop = threading.Event()
        self.start()

    @property
    def url(self) -> str:
        return f"http://user:secret@127.0.0.1:{self.port}/stream.mjpg"

    def start(self) -> None:
        stop = self._stop = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                try:
                    while not stop.is_set():
                        self.send_part()
                        time.sleep(outer.interval_s)
                except OSError:
                    return

            def send_part(self) -> None:
                data = cv2.imencode(".jpg", picture(outer.sent))[1].tobytes()
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                self.wfile.write(head.encode() + data + b"\r\n")
                self.wfile.flush()
                outer.sent += 1

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Die: open connections break off, new ones are refused."""
        self._stop.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class FakeTracker:
    """Moves its box one pixel a frame; scores fall so that all states occur."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.closed = False
        self.frame = 0
        self.box = Box(0, 0, 1, 1)

    def init(self, frame: np.ndarray, box: Box) -> FakeTracker:
        self.frame, self.box = 0, Box(*checked_box(box, frame.shape[1], frame.shape[0]))
        return self

    def track(self, frame: np.ndarray) -> TrackResult:
        time.sleep(self.delay_s)
        self.frame += 1
        state = (TrackState.TRACKING, TrackState.UNCERTAIN, TrackState.LOST)[self.frame % 3]
        self.box = self.box._replace(x=self.box.x + 1)
        times = Timings(0.1, 2.0, 0.1, 0.2)
        return TrackResult(self.box, self.box, 0.5, 1.5, state, self.frame, times)

    def runtime_info(self) -> RuntimeInfo:
        return RuntimeInfo("fake", "cpu", "none", "fp32", 1)

    def __enter__(self) -> FakeTracker:
        return self

    def __exit__(self, *error: object) -> None:
        self.closed = True
