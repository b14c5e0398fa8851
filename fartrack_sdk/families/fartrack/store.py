"""Template tokens of the history, in memory that never grows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Tokens = npt.NDArray[np.float32]


class TemplateStore:
    """Sparsified template tokens by entry index, thinned when the history gets long.

    Entry 0 stays for ever. Entries that the sampling can no longer ask for are
    forgotten. What remains is exact while it fits; when it does not, every second entry
    goes and from then on only multiples of ``stride`` are kept, so that an entry asked
    for is served by the nearest one kept. ``stride`` doubles with the length of the
    history: with 1,536 rows and exponential sampling it is 1 for the first 2,190 frames
    and below 0.1 % of the history after that.

    The rows are one array of ``max_entries`` x tokens x 192 float32, made once.

    Args:
        max_entries: rows, at least 2.
        tokens: tokens of an entry.
        dim: channels of a token.
    """

    def __init__(self, max_entries: int, tokens: int, dim: int) -> None:
        self._slab: Tokens = np.empty((max_entries, tokens, dim), np.float32)
        self._rows: dict[int, int] = {}
        self._free = list(range(max_entries - 1, -1, -1))
        self.stride = 1

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, index: int) -> bool:
        return index in self._rows

    @property
    def nbytes(self) -> int:
        """Bytes of all rows, used or not."""
        return int(self._slab.nbytes)

    def add(self, index: int, tokens: Tokens, oldest_needed: int) -> None:
        """Store an entry; indices come in ascending order.

        Args:
            index: of the entry.
            tokens: float32 [tokens, dim].
            oldest_needed: entries below this one, but 0, are forgotten.
        """
        self._forget_below(oldest_needed)
        while not self._free and index % self.stride == 0:
            self._thin()
        if index % self.stride == 0:
            row = self._free.pop()
            self._slab[row] = tokens
            self._rows[index] = row

    def served(self, index: int) -> int:
        """The stored entry that stands in for ``index``: itself, or the nearest one."""
        if index in self._rows:
            return index
        below = min(index - index % self.stride, next(reversed(self._rows)))
        candidates = [i for i in (below, below + self.stride, 0) if i in self._rows]
        return min(candidates, key=lambda i: abs(i - index))

    def gather(self, indices: tuple[int, ...], out: Tokens) -> None:
        """Copy entries one after the other into ``out``, float32 [len(indices), tokens, dim]."""
        rows = [self._rows[self.served(i)] for i in indices]
        np.take(self._slab, rows, axis=0, out=out, mode="clip")

    def _forget_below(self, oldest: int) -> None:
        forgotten = []
        for index in self._rows:
            if index >= oldest:
                break
            if index:
                forgotten.append(index)
        for index in forgotten:
            self._drop(index)

    def _thin(self) -> None:
        self.stride *= 2
        for index in [i for i in self._rows if i % self.stride]:
            self._drop(index)

    def _drop(self, index: int) -> None:
        self._free.append(self._rows.pop(index))
