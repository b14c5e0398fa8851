"""Persistent device buffers of a model's inputs and outputs."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack
from math import prod

import numpy as np

from ...families.base import TensorSpec
from ...runtime import Array
from .codes import DEVICE_TO_HOST, HOST_TO_DEVICE, HUGE_FIRST
from .library import Acl


def nbytes(spec: TensorSpec) -> int:
    """Bytes of a packed tensor."""
    return prod(spec.shape) * np.dtype(spec.dtype).itemsize


class Buffer:
    """Device memory of one tensor, and its view or shadow on the host.

    Args:
        acl: the module.
        spec: the tensor.
        dataset: handle of the dataset it is appended to.
        shared: whether device memory is host memory, so that no copy is needed.
        stack: takes what has to be released.

    Raises:
        AclError: a call failed; ``stack`` holds what was made before.
    """

    def __init__(
        self, acl: Acl, spec: TensorSpec, dataset: int, shared: bool, stack: ExitStack
    ) -> None:
        self.spec, self._acl, self._shared = spec, acl, shared
        self.size = nbytes(spec)
        self.uploads = 0
        self._current = False
        self._pointer = int(acl.value("rt.malloc", self.size, HUGE_FIRST))
        stack.callback(acl.release, "rt.free", self._pointer)
        handle = acl.number("create_data_buffer", self._pointer, self.size)
        stack.callback(acl.release, "destroy_data_buffer", handle)
        acl.value("mdl.add_dataset_buffer", dataset, handle)
        self._host = self._view() if shared else np.empty(spec.shape, spec.dtype)

    def upload(self, values: Array) -> None:
        """Bring values to the device, unless they are there already."""
        values = values.reshape(self.spec.shape)
        if self._current and np.array_equal(self._host, values):
            return
        self._current = False
        self._host[...] = values
        if not self._shared:
            source = int(self._host.ctypes.data)
            args = (self._pointer, self.size, source, self.size, HOST_TO_DEVICE)
            self._acl.ok("rt.memcpy", *args)
        self._current = True
        self.uploads += 1

    def download(self) -> Array:
        """The values on the device, in an array of their own."""
        if self._shared:
            return np.array(self._host)
        values: Array = np.empty(self.spec.shape, self.spec.dtype)
        args = (int(values.ctypes.data), self.size, self._pointer, self.size, DEVICE_TO_HOST)
        self._acl.ok("rt.memcpy", *args)
        return values

    def forget(self) -> None:
        """Upload again next time, whatever the values are."""
        self._current = False

    def _view(self) -> Array:
        memory = (ctypes.c_uint8 * self.size).from_address(self._pointer)
        values: Array = np.frombuffer(memoryview(memory), np.dtype(self.spec.dtype))
        return values.reshape(self.spec.shape)
