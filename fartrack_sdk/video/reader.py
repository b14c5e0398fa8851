"""The thread that reads a device ahead of whoever takes its frames."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from ..errors import InputError
from .backoff import Backoff
from .frames import Image, image_size
from .handoff import Handoff

QUEUE_SIZE = 4
"""Frames decoded ahead where none may be dropped."""

_log = logging.getLogger(__name__)


class Opened(Protocol):
    """What the reader needs of an opened device; ``capture.Capture`` is one."""

    fps: float | None
    count: int | None

    def read(self) -> Image | None:
        """The next frame, or None at the end, on loss and after a timeout."""
        ...

    def position_s(self, index: int) -> float:
        """Presentation time of the frame last read."""
        ...

    def release(self) -> None:
        """Give the device back."""
        ...


@dataclass(frozen=True, eq=False)
class Arrival:
    """A frame and when it came; ``timestamp_s`` is that of ``Frame``."""

    image: Image
    index: int
    timestamp_s: float
    arrived_s: float


class Reader:
    """Reads a device until its end, its final loss, or ``stop``.

    It does not know the source that hands its frames out: the thread would keep a source
    that was dropped without ``close``, and its device, for ever.

    Attributes:
        queue: the frames, in order.
        size: (width, height) of the first frame, pixels.
        frames: number of frames read so far.
        reconnects: how often the device was lost and came back.
        timestamp_s: of the frame last read.
        step_s: between the two frames last read.
        sign_of_life_s: until when, on the monotonic clock, the reader is known to be well.
    """

    def __init__(
        self,
        device: Opened,
        connect: Callable[[], Opened],
        name: str,
        *,
        live: bool,
        latest: bool,
        backoff: Backoff,
        patience_s: float,
    ) -> None:
        """Read the first frame and start the thread.

        Args:
            device: an opened device; it is released here.
            connect: opens it again after a loss.
            name: what messages call it.
            live: whether frames arrive by themselves, and come back after a loss.
            latest: drop frames rather than wait; what is not live plays at its own speed.
            backoff: how to reconnect.
            patience_s: longest wait for the thread when the interpreter exits.

        Raises:
            InputError: the device holds no frame.
        """
        self._device, self._connect, self._name = device, connect, name
        self._live, self._paced = live, latest and not live
        self._backoff, self.patience_s = backoff, patience_s
        self.queue: Handoff[Arrival] = Handoff(1 if latest else QUEUE_SIZE, drop_oldest=latest)
        self._stop = threading.Event()
        self.frames = self.reconnects = 0
        self.timestamp_s = self.step_s = 0.0
        self._started_s = self._origin_s = self.sign_of_life_s = monotonic()
        first = device.read()
        if first is None:
            device.release()
            raise InputError(f"'{name}' was opened, but holds no frame that can be decoded.")
        self.size = image_size(first)
        self._put(first)
        title = f"fartrack-reader {name}"
        self._thread = threading.Thread(target=self._run, name=title, daemon=True)
        _running.add(self)
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end, without waiting; may be called any number of times."""
        self._stop.set()
        self.queue.close()

    @property
    def alive(self) -> bool:
        """Whether the thread runs; it does not in a forked child."""
        return self._thread.is_alive()

    def join(self) -> bool:
        """Wait for the thread; False when it does not answer."""
        self._thread.join(self.patience_s)
        return not self.alive

    def _run(self) -> None:
        """The thread: releases the device itself, then ends the queue whatever happened."""
        try:
            try:
                self._read_to_the_end()
            finally:
                self._device.release()
        except Exception as error:
            self.queue.end(error)
        else:
            self.queue.end()
        finally:
            _running.discard(self)

    def _read_to_the_end(self) -> None:
        delays = self._backoff.delays()
        while not self._stop.is_set():
            image = self._device.read()
            if image is not None:
                delays = self._backoff.delays()
                self._put(image)
            elif not self._live or self._backoff.attempts == 0 or not self._reopen(delays):
                return

    def _put(self, image: Image) -> None:
        index, now = self.frames, monotonic()
        position = now if self._live else self._device.position_s(index)
        if index == 0:
            self._started_s, self._origin_s = now, position
        timestamp = max(0.0, position - self._origin_s)
        self.step_s, self.timestamp_s = timestamp - self.timestamp_s, timestamp
        self.frames, self.sign_of_life_s = index + 1, now
        if self._paced:
            due = self._started_s + timestamp
            self.sign_of_life_s = max(now, due)
            self._stop.wait(max(0.0, due - now))
        self.queue.put(Arrival(image, index, timestamp, monotonic()))

    def _reopen(self, delays: Iterator[float]) -> bool:
        """Try until it works, the limit is reached (raises) or the source is closed (False)."""
        self._device.release()
        for delay in delays:
            self.sign_of_life_s = monotonic()
            _log.warning("'%s' was lost; trying again in %.1f s", self._name, delay)
            if self._stop.wait(delay):
                return False
            try:
                self._device = self._connect()
            except InputError as error:
                _log.info("%s", error)
                continue
            self.reconnects += 1
            return True
        raise InputError(
            f"'{self._name}' was lost after {self.frames} frames and did not come back in "
            f"{self._backoff.attempts} attempts. Check the camera or the server; allow more "
            "with Backoff(attempts=...) (--reconnect on the command line)."
        )


_running: set[Reader] = set()


@atexit.register
def _end_all() -> None:
    """A thread that is inside OpenCV when the interpreter goes away aborts the process."""
    readers = [reader for reader in tuple(_running) if reader.alive]
    for reader in readers:
        reader.stop()
    for reader in readers:
        reader.join()
