"""Compiled models on disk, each verified before it is used."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from threading import Lock

from ..atomic import write_atomically
from ..errors import InputError

_DIGEST = hashlib.sha256().digest_size
_writing = Lock()


class CompiledCache:
    """One file a graph and device; what is compiled anew takes the place of the old.

    A compiled model holds the weights, so a damaged one would give other boxes without a
    word. Each file begins with a digest of the model and of what it was made from; a file
    that does not fit its digest counts as none.

    Args:
        folder: is there.
        needed: whether a model that cannot be written is an error, not a model less.
    """

    def __init__(self, folder: Path, *, needed: bool) -> None:
        self.folder = folder
        self._needed = needed

    def find(self, graph: Path, device: str, made_from: str) -> bytes | None:
        """The compiled model of a graph, or None.

        Args:
            graph: the graph's file.
            device: that it was compiled for.
            made_from: everything that the compiled model depends on.
        """
        try:
            content = self._file(graph, device).read_bytes()
        except OSError:
            return None
        model = content[_DIGEST:]
        return model if content[:_DIGEST] == _digest(made_from, model) else None

    def keep(self, graph: Path, device: str, made_from: str, model: bytes) -> None:
        """Store a compiled model; see `find`.

        Raises:
            InputError: it cannot be written, and is needed.
        """
        try:
            with _writing:
                write_atomically(self._file(graph, device), _digest(made_from, model) + model)
        except InputError:
            if self._needed:
                raise

    def _file(self, graph: Path, device: str) -> Path:
        place = hashlib.sha256(os.fsencode(graph.resolve())).hexdigest()[:16]
        return self.folder / f"{graph.stem}-{place}-{device.lower()}.blob"


def _digest(made_from: str, model: bytes) -> bytes:
    digest = hashlib.sha256(made_from.encode())
    digest.update(model)
    return digest.digest()
