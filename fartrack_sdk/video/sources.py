"""Open any source of frames from the string a user types."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import InputError
from .addresses import check_address, public_name
from .backoff import Backoff
from .capture import open_camera, open_file, open_stream
from .frames import FrameSource
from .images import IMAGE_SUFFIXES, BadImage, ImageSource
from .live import Policy, ThreadedSource

STREAM_SCHEMES = frozenset({"rtsp", "rtsps", "rtmp", "http", "https", "udp", "tcp", "srt"})
KINDS = (
    "a video file, a folder of images, a glob such as 'shots/*.jpg', a camera number such as 0, "
    "or a stream such as rtsp://host/path or http://host/path"
)

_CAMERA_DIGITS = 9
"""OpenCV counts cameras in 32 bits."""
_SHOWN = 200
"""Letters of a source in a message; some are no names at all."""


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
        source: a video file, image folder, glob, camera number (``0``, ``/dev/video0``, or
            ``"0"`` where no file has that name), or an RTSP, RTMP, HTTP, UDP, TCP or SRT
            address.
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
    camera = _camera_index(source)
    if camera is not None:
        return threaded(functools.partial(open_camera, camera), f"camera {camera}")
    path = local_path(source)
    if path is None:
        check_address(text)
        connect = functools.partial(open_stream, text, timeout_s)
        return threaded(connect, public_name(text), stall_timeout_s=3 * timeout_s)
    try:
        if path.is_dir():
            return ImageSource.from_folder(path, on_bad_image=on_bad_image, fps=fps)
        if not path.exists() and any(c in str(path) for c in "*?["):
            return ImageSource.from_glob(str(path), on_bad_image=on_bad_image, fps=fps)
        _check_file(path)
        # Raw streams and recordings that broke off state no number of frames, yet they end.
        return threaded(functools.partial(open_file, path), str(path), live=False)
    except OSError as error:
        raise InputError(
            f"source '{_short(text)}' cannot be read: {error.strerror or error}; expected {KINDS}."
        ) from error


def local_path(source: str | int | Path) -> Path | None:
    """Where a source lies that is a file, a folder or a glob; None for cameras and streams.

    Raises:
        InputError: the address is of no known kind, or names the home of nobody.
    """
    if _camera_index(source) is not None:
        return None
    text = str(source).strip()
    path = source if isinstance(source, Path) else Path(text)
    if not isinstance(source, Path) and "://" in text:
        scheme = text.partition("://")[0].lower()
        if scheme in STREAM_SCHEMES:
            return None
        if scheme != "file":
            raise InputError(f"'{scheme}://' is not supported; expected {KINDS}.")
        check_address(text)
        path = Path(unquote(urlsplit(text).path))
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise InputError(
            f"source '{_short(text)}' is in the home of a user that is not known here; "
            "pass the whole path."
        ) from error


def _camera_index(source: str | int | Path) -> int | None:
    """The number of a camera; what exists under a name of digits is that, not a camera."""
    text = str(source).strip()
    digits = text.removeprefix("/dev/video")
    if not digits.isdecimal() or len(digits) > _CAMERA_DIGITS:
        return None
    named = isinstance(source, Path) or (isinstance(source, str) and os.path.exists(text))
    return None if named and digits == text else int(digits)


def _check_file(path: Path) -> None:
    if not path.exists():
        raise InputError(f"source '{_short(str(path))}' does not exist; expected {KINDS}.")
    if path.suffix.lower() in IMAGE_SUFFIXES:
        raise InputError(
            f"'{path}' is a single image; tracking needs a sequence. "
            f"Pass its folder ('{path.parent}') or a glob ('{path.parent / ('*' + path.suffix)}')."
        )


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
