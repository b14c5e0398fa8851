"""Frames as users hand them over."""

from __future__ import annotations

from typing import Any

import numpy as np

from .boxes import CLIP_MARGIN
from .crop import Image
from .errors import ConfigError, InputError

EXPECTED = "expected a frame as a numpy array of shape (height, width, 3), dtype uint8"


def checked_frame(frame: Any, size: tuple[int, int] | None = None) -> Image:
    """The frame itself, after a check; nothing is copied.

    Args:
        frame: uint8 [H, W, 3]; need not be contiguous.
        size: (width, height) that the frame must have, or None for any.

    Raises:
        InputError: anything else, with what to do about it.
    """
    if frame is None:
        raise InputError(
            f"{EXPECTED}; got None. cv2.imread and VideoCapture.read give None when they "
            "cannot read: check the path or the stream."
        )
    if not isinstance(frame, np.ndarray):
        raise InputError(f"{EXPECTED}; got {type(frame).__name__}. Convert it with np.asarray.")
    if frame.size == 0:
        raise InputError(f"{EXPECTED}; got an empty array of shape {frame.shape}.")
    if frame.dtype != np.uint8:
        raise InputError(
            f"{EXPECTED}; got dtype {frame.dtype}. Scale it to 0..255 and use .astype(np.uint8)."
        )
    if frame.ndim != 3 or frame.shape[2] != 3:
        raise InputError(f"{EXPECTED}; got shape {frame.shape}. {_channel_remedy(frame)}")
    height, width = frame.shape[:2]
    if min(width, height) < CLIP_MARGIN:
        raise InputError(f"{EXPECTED}, at least {CLIP_MARGIN:g} px a side; got {width}x{height}.")
    if size is not None and (width, height) != size:
        raise InputError(
            f"expected a frame of {size[0]}x{size[1]} px as given to init(); got {width}x{height}. "
            "Resize it, or call init() again with a box in the new size."
        )
    return frame


def is_bgr(color: Any) -> bool:
    """Whether frames of a channel order are BGR.

    Args:
        color: ``bgr`` or ``rgb``.

    Raises:
        ConfigError: it is neither.
    """
    if color not in ("bgr", "rgb"):
        raise ConfigError(f"expected color 'bgr' or 'rgb'; got {color!r}.")
    return bool(color == "bgr")


def _channel_remedy(frame: Image) -> str:
    if frame.ndim == 2 or (frame.ndim == 3 and frame.shape[2] == 1):
        return "For gray use cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR)."
    if frame.ndim == 3 and frame.shape[2] == 4:
        return "For BGRA use cv2.cvtColor(frame, cv2.COLOR_BGRA2BGR)."
    if frame.ndim == 3 and frame.shape[0] == 3:
        return "For channels first use frame.transpose(1, 2, 0)."
    return "Pass one colour image."
