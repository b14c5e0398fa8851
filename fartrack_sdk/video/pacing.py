"""Keep a written video in step with the clock when frames arrive unevenly."""

from __future__ import annotations

LONGEST_HOLD_S = 2.0
"""A longer gap (a lost connection) is shortened to this."""


class Pacer:
    """Says how often a frame goes into a video of constant rate.

    Live sources drop frames, slow down in the dark and break off; writing each frame
    once would play too fast. Repeating and leaving out frames keeps the true speed.
    """

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._written = 0
        self._offset_s: float | None = None

    def copies(self, timestamp_s: float) -> int:
        """How many times to write the frame of this time; 0 when frames come too fast."""
        if self._offset_s is None:
            self._offset_s = timestamp_s
        due = round((timestamp_s - self._offset_s) * self._fps) + 1
        copies = max(0, due - self._written)
        longest = max(1, round(LONGEST_HOLD_S * self._fps))
        if copies > longest:
            self._offset_s += (copies - longest) / self._fps
            copies = longest
        self._written += copies
        return copies
