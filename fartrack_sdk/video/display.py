"""Windows, and only on request: a live view, and drawing the first box by hand."""

from __future__ import annotations

import os
import sys

import cv2

from ..boxes import Box
from ..errors import InputError
from .frames import Image

_QUIT_KEYS = frozenset({ord("q"), 27})


def require_display(flag: str, remedy: str) -> None:
    """Check that a window can be opened.

    Args:
        flag: what asked for it, for the message.
        remedy: what to do instead.

    Raises:
        InputError: no display, or an OpenCV without windows.
    """
    if "GUI:                           NONE" in cv2.getBuildInformation():
        raise InputError(
            f"{flag} needs windows, and this OpenCV has none (opencv-python-headless). {remedy}"
        )
    shown = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    if sys.platform.startswith("linux") and not shown:
        raise InputError(
            f"{flag} needs a display, and there is none (DISPLAY and WAYLAND_DISPLAY are not "
            f"set). {remedy}"
        )


class Window:
    """A window that shows frames."""

    def __init__(self, title: str) -> None:
        """Open a window.

        Raises:
            InputError: no display.
        """
        require_display("--show", "Leave --show away and write a video with --output out.mp4.")
        self._title = title
        cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)

    def show(self, image: Image) -> bool:
        """Show uint8 [H, W, 3] BGR; False when the user pressed q or Escape."""
        cv2.imshow(self._title, image)
        return (cv2.waitKey(1) & 0xFF) not in _QUIT_KEYS

    def close(self) -> None:
        """Close the window; may be called any number of times."""
        if self._title:
            cv2.destroyWindow(self._title)
            self._title = ""


def select_box(image: Image) -> Box:
    """Let the user draw the target on a frame: drag, then Enter or Space.

    Args:
        image: uint8 [H, W, 3], BGR.

    Returns:
        The drawn box, (x, y, w, h) in pixels.

    Raises:
        InputError: no display, or nothing was drawn.
    """
    require_display("--select", "Pass the box instead: --box x,y,w,h (pixels of the first frame).")
    title = "Drag a box around the target, then press Enter"
    cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
    x, y, w, h = cv2.selectROI(title, image, showCrosshair=False)
    cv2.destroyWindow(title)
    if w == 0 or h == 0:
        raise InputError("no box was drawn. Drag one and press Enter, or pass --box x,y,w,h.")
    return Box(float(x), float(y), float(w), float(h))
