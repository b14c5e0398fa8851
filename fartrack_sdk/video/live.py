"""Reading ahead in a thread: live sources never fall behind, files decode in parallel."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Literal, Protocol

from ..errors import ConfigError, InputError, StateError
from .backoff import Backoff
from .frames import Frame, FrameSource, Image, image_size
from .handoff import Handoff

Policy = Literal["latest", "every"]
QUEUE_SIZE = 4
"""Frames decoded ahead under the ``every`` policy."""

_log = logging.getLogger(__name__)


class Opened(Protocol):
    """What the reader needs of an opened device; ``capture.Capture`` is one."""

    fps: float | None
    count: int | None

    def read(self) -> Image | None:
        """The next frame, or None at the end, on loss and after a timeout."""
        ...

    def grab(self) -> bool:
        """Pass over one frame."""
        ...

    def position_s(self, index: int) -> float:
        """Presentation time of the frame last read."""
        ...

    def release(self) -> None:
        """Give the device back."""
        ...


@dataclass(frozen=True, eq=False)
class _Arrival:
    image: Image
    index: int
    timestamp_s: float
    arrived_s: float


class ThreadedSource(FrameSource):
    """A video file, camera or stream, read by a thread of its own.

    ``every`` hands out all frames and lets the source wait. ``latest`` hands out the
    newest frame and counts the others as dropped; a file read this way plays at its own
    speed. A live source that is lost is opened again, with back-off.
    """

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
        self._connect, self._backoff = connect, backoff or Backoff()
        self._stall_timeout_s = stall_timeout_s
        self._device = connect()
        self.fps, self.count = self._device.fps, self._device.count
        self.live = self.count is None if live is None else live
        latest = policy == "latest" or (policy is None and self.live)
        self._paced = latest and not self.live
        self._queue: Handoff[_Arrival] = Handoff(1 if latest else QUEUE_SIZE, drop_oldest=latest)
        self._stop = threading.Event()
        self._index = 0
        self._reconnects = 0
        self._started_s = self._sign_of_life_s = monotonic()
        self._start()

    def _start(self) -> None:
        first = self._device.read()
        if first is None:
            self._device.release()
            raise InputError(f"'{self.name}' was opened, but holds no frame that can be decoded.")
        self.size = image_size(first)
        self._put(first)
        title = f"fartrack-reader {self.name}"
        self._thread = threading.Thread(target=self._run, name=title, daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Frames that a newer one replaced before they were taken."""
        return self._queue.dropped

    @property
    def reconnects(self) -> int:
        """How often the source was lost and came back."""
        return self._reconnects

    @property
    def notes(self) -> tuple[str, ...]:
        """Lost connections, and files that end too early."""
        notes = []
        if self._reconnects:
            notes.append(f"The connection was lost and restored {self._reconnects} times.")
        if self.count and self._queue.ended and self._index < 0.98 * self.count - 1:
            notes.append(
                f"'{self.name}' states {self.count} frames, but only {self._index} could be "
                "decoded: it is truncated or damaged."
            )
        return tuple(notes)

    def read(self) -> Frame | None:
        """The next or the newest frame, as the policy says; None at the end.

        Raises:
            InputError: the source stalled, or was lost and did not come back.
            StateError: the source was closed.
        """
        if self._stop.is_set():
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
        self._stop.set()
        self._queue.close()
        self._thread.join(self._stall_timeout_s)
        if self._thread.is_alive():
            _log.warning("the reader of '%s' does not answer; it is left behind", self.name)

    def _take(self) -> _Arrival | None:
        wait_s = self._stall_timeout_s
        while wait_s > 0:
            with suppress(TimeoutError):
                return self._queue.take(wait_s)
            wait_s = self._sign_of_life_s + self._stall_timeout_s - monotonic()
        raise InputError(
            f"'{self.name}' gave no frame for {self._stall_timeout_s:g} s. "
            "Check the camera or the server."
        )

    def _run(self) -> None:
        """The thread: ends the queue whatever happens, and releases the device itself."""
        try:
            self._read_to_the_end()
            self._queue.end()
        except Exception as error:
            self._queue.end(error)
        finally:
            self._device.release()

    def _read_to_the_end(self) -> None:
        delays = self._backoff.delays()
        while not self._stop.is_set():
            image = self._device.read()
            if image is not None:
                delays = self._backoff.delays()
                self._put(image)
            elif not self.live or self._backoff.attempts == 0 or not self._reopen(delays):
                return

    def _put(self, image: Image) -> None:
        index, self._index = self._index, self._index + 1
        self._sign_of_life_s = now = monotonic()
        timestamp = now - self._started_s if self.live else self._device.position_s(index)
        if index == 0:
            self._started_s, timestamp = now, 0.0
        if self._paced:
            self._stop.wait(max(0.0, self._started_s + timestamp - now))
        self._queue.put(_Arrival(image, index, timestamp, monotonic()))

    def _reopen(self, delays: Iterator[float]) -> bool:
        """Try until it works, the limit is reached (raises) or the source is closed (False)."""
        self._device.release()
        for delay in delays:
            self._sign_of_life_s = monotonic()
            _log.warning("'%s' was lost; trying again in %.1f s", self.name, delay)
            if self._stop.wait(delay):
                return False
            try:
                self._device = self._connect()
            except InputError as error:
                _log.info("%s", error)
                continue
            self._reconnects += 1
            return True
        raise InputError(
            f"'{self.name}' was lost after {self._index} frames and did not come back in "
            f"{self._backoff.attempts} attempts. Check the camera or the server; allow more "
            "with Backoff(attempts=...) (--reconnect on the command line)."
        )
