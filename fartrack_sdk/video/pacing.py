"""Keep a written video in step with the clock when frames arrive unevenly."""

from __future__ import annotations

LONGEST_HOLD_S = 2.0
"""A longer gap of a live source (a lost connection) is shortened to this."""
LONGEST_PAUSE_S = 60.0
"""A longer gap of a file, where a recording may stand still, is shortened to this."""
LARGEST_STEP_BACK_S = 1.0
"""Timestamps that go back further have started anew, as in recordings put together."""


class Pacer:
    """Says how often a frame goes into a video of constant rate.

    Live sources drop frames, slow down in the dark and break off, and files may be of
    variable rate; writing each frame once would play too fast. Repeating and leaving out
    frames keeps the true speed. Where no frame may be left out, those that come too fast are
    made up for by fewer repeats later.

    Attributes:
        shortened_s: seconds of gaps that were left out.
    """

    def __init__(
        self, fps: float, longest_hold_s: float = LONGEST_HOLD_S, *, lossless: bool = False
    ) -> None:
        """Start before the first frame.

        Args:
            fps: frames per second of the written video.
            longest_hold_s: what a longer gap is shortened to, seconds.
            lossless: write every frame at least once.
        """
        self._fps = fps
        self._least = 1 if lossless else 0
        self._longest = max(1, round(longest_hold_s * fps))
        self._written = 0
        self._offset_s = self._latest_s = 0.0
        self.shortened_s = 0.0

    def copies(self, timestamp_s: float) -> int:
        """How many times to write the frame of this time; 0 when frames come too fast."""
        if not self._written or timestamp_s < self._latest_s - LARGEST_STEP_BACK_S:
            self._offset_s = timestamp_s - self._written / self._fps
        self._latest_s = timestamp_s
        due = round((timestamp_s - self._offset_s) * self._fps) + 1
        copies = max(self._least, due - self._written)
        if copies > self._longest:
            left_out_s = (copies - self._longest) / self._fps
            self._offset_s += left_out_s
            self.shortened_s += left_out_s
            copies = self._longest
        self._written += copies
        return copies
