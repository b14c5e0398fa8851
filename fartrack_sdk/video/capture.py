"""OpenCV's VideoCapture with timeouts, honest properties and clear errors."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np

from ..errors import InputError
from .addresses import check_address, opencv_name, public_name
from .frames import Image


class Capture:
    """A video file, camera or stream that has been opened.

    Attributes:
        fps: frames per second, None where unknown.
        count: stated number of frames, None for cameras and endless streams.
    """

    def __init__(self, device: cv2.VideoCapture) -> None:
        """Wrap an opened device; use the ``open_*`` functions of this module."""
        self._device = device
        fps = float(device.get(cv2.CAP_PROP_FPS))
        count = float(device.get(cv2.CAP_PROP_FRAME_COUNT))
        self.fps = fps if math.isfinite(fps) and 0.0 < fps <= 1000.0 else None
        self.count = int(count) if math.isfinite(count) and 0.0 < count < 2**31 else None

    def read(self) -> Image | None:
        """The next frame, uint8 [H, W, 3] BGR; None at the end, on loss and after a timeout."""
        try:
            ok, image = self._device.read()
        except cv2.error:
            return None
        return np.asarray(image, dtype=np.uint8) if ok and image is not None else None

    def position_s(self, index: int) -> float:
        """Presentation time in seconds of the frame last read, which has this index."""
        stated = float(self._device.get(cv2.CAP_PROP_POS_MSEC)) / 1000.0
        if math.isfinite(stated) and (stated > 0.0 or index == 0):
            return max(0.0, stated)
        return index / self.fps if self.fps else 0.0

    def release(self) -> None:
        """Give the device back; may be called any number of times."""
        self._device.release()


def open_file(path: Path) -> Capture:
    """Open a video file.

    Raises:
        InputError: missing, empty, named not in UTF-8, or not a video that this OpenCV can read.
    """
    if not path.exists():
        raise InputError(f"the video '{path}' does not exist. Check the path.")
    if path.stat().st_size == 0:
        raise InputError(f"the video '{path}' is empty (0 bytes).")
    device = cv2.VideoCapture(opencv_name(path))
    if not device.isOpened():
        device.release()
        raise InputError(
            f"'{path}' ({path.stat().st_size} bytes) is not a video that OpenCV can read, or it "
            "is damaged. Check it with a player, or convert it: "
            f"ffmpeg -i {path.name} -c:v libx264 fixed.mp4"
        )
    return Capture(device)


def open_camera(index: int) -> Capture:
    """Open a camera by its number and ask it to keep as few old frames as it can.

    Raises:
        InputError: no such camera, or it is in use.
    """
    device = cv2.VideoCapture(index)
    if not device.isOpened():
        device.release()
        nodes = ", ".join(sorted(str(p) for p in Path("/dev").glob("video*"))) or "none"
        raise InputError(
            f"camera {index} cannot be opened. Video devices here: {nodes}. "
            "Check that it is connected, not used by another program, and that you may read it."
        )
    device.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return Capture(device)


def open_stream(url: str, timeout_s: float) -> Capture:
    """Open an RTSP, HTTP or other network stream.

    Args:
        url: address of the stream.
        timeout_s: longest wait for the connection, and later for a frame.

    Raises:
        InputError: no address, no answer in time, or no video in the answer.
    """
    check_address(url)
    limit_ms = int(timeout_s * 1000)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, limit_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, limit_ms]
    device = cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits)
    if not device.isOpened():
        device.release()
        raise InputError(
            f"no video from '{public_name(url)}' within {timeout_s:g} s. Check the address, the "
            "user and password, and that the server is reachable (ffprobe shows details)."
        )
    return Capture(device)
