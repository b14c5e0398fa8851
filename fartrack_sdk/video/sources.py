"""Open any source of frames from the string a user types."""

from __future__ import annotations

import functools
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import InputError
from .backoff import Backoff
from .capture import open_camera, open_file, open_stream, public_name
from .frames import FrameSource
from .images import IMAGE_SUFFIXES, BadImage, ImageSource
from .live import Policy, ThreadedSource

STREAM_SCHEMES = frozenset({"rtsp", "rtsps", "rtmp", "http", "https", "udp", "tcp", "srt"})
KINDS = (
    "a video file, a folder of images, a glob such as 'shots/*.jpg', a camera number such as 0, "
    "or a stream such as rtsp://host/path or http://host/path"
)


def open_source(
    source: str | int | Path,
    *,
    policy: Policy | None = None,
    on_bad_image: BadImage = "raise",
    backoff: Backoff | None = None,
    timeout_s: float = 10.0,
    fps: float | None = None,
) -> FrameSource:
    """Open a source of frames.

    Args:
        source: a video file, image folder, glob, camera number (``0`` or ``"0"``,
            ``/dev/video0``), or an RTSP, RTMP, HTTP, UDP, TCP or SRT address.
        policy: ``latest`` drops frames so that work on the newest one never falls behind,
            ``every`` hands out all; by default ``latest`` for cameras and streams,
            ``every`` for files. Images are always handed out all.
        on_bad_image: ``raise`` or ``skip`` unreadable images of a folder or glob.
        backoff: how cameras and streams reconnect after a loss.
        timeout_s: longest wait for a connection, or for a frame of a stream.
        fps: rate of an image folder, which itself states none.

    Returns:
        An opened source; close it, or use it in a ``with`` statement.

    Raises:
        InputError: nothing there, nothing in it, or nothing that can be read.
        ConfigError: an unknown policy.
    """
    text = str(source).strip()
    if not text:
        raise InputError(f"the source is an empty string; expected {KINDS}.")
    threaded = functools.partial(ThreadedSource, policy=policy, backoff=backoff)
    camera = _camera_index(text)
    if camera is not None:
        return threaded(functools.partial(open_camera, camera), f"camera {camera}")
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    if scheme in STREAM_SCHEMES:
        connect = functools.partial(open_stream, text, timeout_s)
        return threaded(connect, public_name(text), stall_timeout_s=3 * timeout_s)
    if scheme not in ("", "file"):
        raise InputError(f"'{scheme}://' is not supported; expected {KINDS}.")
    path = Path(unquote(urlsplit(text).path) if scheme else text).expanduser()
    if path.is_dir():
        return ImageSource.from_folder(path, on_bad_image=on_bad_image, fps=fps)
    if not path.exists() and any(c in text for c in "*?["):
        return ImageSource.from_glob(str(path), on_bad_image=on_bad_image, fps=fps)
    _check_file(path, text)
    # Raw streams and recordings that broke off state no number of frames, yet they end.
    return threaded(functools.partial(open_file, path), str(path), live=False)


def _camera_index(text: str) -> int | None:
    digits = text.removeprefix("/dev/video")
    return int(digits) if digits.isdecimal() else None


def _check_file(path: Path, text: str) -> None:
    if not path.exists():
        raise InputError(f"source '{text}' does not exist; expected {KINDS}.")
    if path.suffix.lower() in IMAGE_SUFFIXES:
        raise InputError(
            f"'{path}' is a single image; tracking needs a sequence. "
            f"Pass its folder ('{path.parent}') or a glob ('{path.parent / ('*' + path.suffix)}')."
        )
