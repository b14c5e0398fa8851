"""One pass as a CUDA graph: recorded once, launched as a whole."""

from __future__ import annotations

from threading import Lock
from typing import Any

import torch
from torch import Tensor

from ..families.base import GraphSpec
from ..runtime import Feeds, Outputs

WARM_UP_PASSES = 3


class CudaGraphPass:
    """A module on fixed input and output buffers of a CUDA device.

    A pass of this size is hundreds of small kernels; launching them one by one costs more
    than running them. The buffers are shared by all callers, so passes wait for each other.

    Args:
        module: on the device, in evaluation mode.
        spec: its border; fixes shapes and dtypes.
        device: a CUDA device.
    """

    def __init__(self, module: Any, spec: GraphSpec, device: torch.device) -> None:
        self._spec = spec
        self._device = device
        self._lock = Lock()
        self._inputs = [
            torch.zeros(t.shape, dtype=getattr(torch, t.dtype), device=device) for t in spec.inputs
        ]
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        with torch.cuda.stream(self._stream), torch.inference_mode():
            for _ in range(WARM_UP_PASSES):
                module(*self._inputs)
        self._stream.synchronize()
        self._graph = torch.cuda.CUDAGraph()
        with torch.inference_mode(), torch.cuda.graph(self._graph, stream=self._stream):
            self._outputs: tuple[Tensor, ...] = module(*self._inputs)

    def accepts(self, feeds: Feeds) -> bool:
        """Whether the feeds have the recorded batch size."""
        return all(feeds[t.name].shape == t.shape for t in self._spec.inputs)

    def run(self, feeds: Feeds) -> Outputs:
        """Copy the feeds in, launch, copy the outputs out."""
        with self._lock, torch.inference_mode(), torch.cuda.stream(self._stream):
            for tensor, buffer in zip(self._spec.inputs, self._inputs, strict=True):
                buffer.copy_(torch.from_numpy(feeds[tensor.name]))
            self._graph.replay()
            named = zip(self._spec.outputs, self._outputs, strict=True)
            return {tensor.name: value.cpu().numpy() for tensor, value in named}
