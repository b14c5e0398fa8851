"""Tensors in a ``torch.save`` archive, as references that are read when asked for."""

from __future__ import annotations

import pickle
import zipfile
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

STORAGE_DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "|i1",
    "ByteStorage": "|u1",
    "BoolStorage": "|b1",
}
"""PyTorch's storage classes by the numpy dtype of their bytes."""


@dataclass(frozen=True)
class StoredTensor:
    """Bytes in an archive and how to look at them.

    Attributes:
        archive: open zip file.
        member: name of the bytes in it.
        dtype: numpy's, or ``bfloat16``.
        offset: first element.
        shape: of the tensor.
        strides: in elements.
    """

    archive: zipfile.ZipFile
    member: str
    dtype: str
    offset: int = 0
    shape: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()

    def array(self) -> npt.NDArray[np.float32]:
        """Read the tensor as float32, its own copy.

        Raises:
            ValueError: the shape reaches beyond the bytes.
        """
        content = self.archive.read(self.member)
        kind = np.dtype("<u2" if self.dtype == "bfloat16" else self.dtype)
        view = np.ndarray(
            self.shape,
            kind,
            content,
            self.offset * kind.itemsize,
            tuple(step * kind.itemsize for step in self.strides),
        )
        if self.dtype == "bfloat16":
            widened = np.left_shift(view.astype(np.uint32), 16, dtype=np.uint32)
            return np.asarray(widened.view(np.float32), dtype=np.float32)
        return np.array(view, dtype=np.float32, order="C")


def rebuild_tensor(storage: Any, offset: int, shape: Any, strides: Any, *_: Any) -> StoredTensor:
    """What the pickle calls to make a tensor of a storage."""
    if not isinstance(storage, StoredTensor):
        raise pickle.UnpicklingError(f"expected a storage; got {type(storage).__name__}")
    return replace(storage, offset=offset, shape=tuple(shape), strides=tuple(strides))


def rebuild_parameter(data: Any, *_: Any) -> Any:
    """What the pickle calls to make a parameter of a tensor."""
    return data
