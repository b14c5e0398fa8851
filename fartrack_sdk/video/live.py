"""Reading ahead in a thread: live sources never fall behind, files decode in parallel."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Literal

from ..errors import ConfigError, InputError, StateError
from .backoff import Backoff
from .frames import Frame, FrameSource
from .reader import Arrival, Opened, Reader

Policy = Literal["latest", "every"]

LEAST_READ = 0.98
"""Containers derive their number of frames from durations and may be off by a few."""

_log = logging.getLogger(__name__)


class ThreadedSource(FrameSource):
    """A video file, camera or stream, read by a thread of its own.

    ``every`` hands out all frames and lets the source wait. ``latest`` hands out the
    newest frame and counts the others as dropped; a file read this way plays at its own
    speed. A live source that is lost is opened again, with back-off. One that is dropped
    without ``close`` gives its device back by itself.
    """

    timed = True

    def __init__(
        self,
        connect: Callable[[], Opened],
        name: str,
        *,
        policy: Policy | None = None,
        backoff: Backoff | None = None,
        live: bool | None = None,
        stall_timeout_s: float = 30.0,
    ) -> None:
        """Open the source, read its first frame and start the thread.

        Args:
            connect: opens the device; called again after a loss.
            name: what messages call the source.
            policy: ``latest`` or ``every``; by default ``latest`` for live sources and
                ``every`` for others.
            backoff: how to reconnect; live sources only.
            live: whether frames arrive by themselves; None takes what states no number of
                frames for live.
            stall_timeout_s: longest wait for a sign of life of the reading thread.

        Raises:
            ConfigError: an unknown policy.
            InputError: it cannot be opened, or holds no frame.
        """
        if policy not in (None, "latest", "every"):
            raise ConfigError(f"expected policy 'latest' or 'every'; got {policy!r}.")
        self.name = name
        self._stall_timeout_s = stall_timeout_s
        device = connect()
        self.fps, self.count = device.fps, device.count
        self.live = self.count is None if live is None else live
        self._reader = Reader(
            device,
            connect,
            name,
            live=self.live,
            latest=policy == "latest" or (policy is None and self.live),
            backoff=backoff or Backoff(),
            patience_s=stall_timeout_s,
        )
        self.size = self._reader.size
        self._closed = False
        # At exit the readers end themselves, and are waited for.
        weakref.finalize(self, self._reader.stop).atexit = False

    @property
    def dropped(self) -> int:
        """Frames that a newer one replaced before they were taken."""
        return self._reader.queue.dropped

    @property
    def reconnects(self) -> int:
        """How often the source was lost and came back."""
        return self._reader.reconnects

    @property
    def notes(self) -> tuple[str, ...]:
        """Lost connections, and files that end too early."""
        notes = []
        if self.reconnects:
            notes.append(f"The connection was lost and restored {self.reconnects} times.")
        if self._reader.queue.ended and self._cut_short():
            notes.append(
                f"'{self.name}' states {self.count} frames, but only {self._reader.frames} could "
                "be decoded: it is truncated or damaged."
            )
        return tuple(notes)

    def read(self) -> Frame | None:
        """The next or the newest frame, as the policy says; None at the end.

        Raises:
            InputError: the source stalled, or was lost and did not come back.
            StateError: the source was closed.
        """
        if self._closed:
            raise StateError(f"the source '{self.name}' was closed.")
        arrival = self._take()
        if arrival is None:
            return None
        age = monotonic() - arrival.arrived_s
        return Frame(arrival.image, arrival.index, arrival.timestamp_s, age)

    def skip(self, frames: int) -> None:
        """Take frames and forget them."""
        for _ in range(frames):
            if self.read() is None:
                return

    def close(self) -> None:
        """End the thread and wait for it; may be called any number of times."""
        self._closed = True
        self._reader.stop()
        if not self._reader.join():
            _log.warning("the reader of '%s' does not answer; it is left behind", self.name)

    def _take(self) -> Arrival | None:
        wait_s = self._stall_timeout_s
        while wait_s > 0:
            with suppress(TimeoutError):
                return self._reader.queue.take(wait_s)
            wait_s = self._reader.sign_of_life_s + self._stall_timeout_s - monotonic()
        raise InputError(
            f"'{self.name}' gave no frame for {self._stall_timeout_s:g} s. "
            "Check the camera or the server."
        )

    def _cut_short(self) -> bool:
        """Whether a file gave fewer frames than it states and ended before its stated duration.

        The number alone says nothing where the rate varies: it is often duration times rate.
        """
        reader = self._reader
        if not self.count or reader.frames >= LEAST_READ * self.count - 1:
            return False
        if self.fps is None:
            return True
        frame_s = max(reader.step_s, 1.0 / self.fps)
        return reader.timestamp_s + 2.0 * frame_s < LEAST_READ * self.count / self.fps
