"""PyTorch as a runtime."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from ..errors import ConfigError, DeviceUnavailableError
from ..families.base import GraphSpec
from ..runtime import Feeds, Outputs, RuntimeInfo, closed, require_process
from ..threads import resolve_threads
from .cuda_graph import CudaGraphPass

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


class PyTorchRuntime:
    """Runs a model's graphs as PyTorch modules.

    PyTorch has one pool of threads for the process: ``threads`` sets it for all models.
    On CUDA every graph of the contract is recorded as a CUDA graph at batch 1; other
    batch sizes run kernel by kernel. A fork of the process can use the model on the CPU with
    one thread only: it has none of the threads that PyTorch would wait for.

    Args:
        graphs: graph name to module; inputs and outputs ordered as in its spec.
        specs: graph name to border.
        device: ``cpu``, ``cuda``, ``cuda:1`` or ``auto``.
        threads: intra-op threads on the CPU; None for the default rule.
        precision: of the arithmetic: ``fp32``, or on CUDA ``fp16`` or ``bf16``.

    Raises:
        DeviceUnavailableError: the device is not there.
        ConfigError: a precision that the device does not have.
    """

    def __init__(
        self,
        graphs: Mapping[str, nn.Module],
        specs: Mapping[str, GraphSpec],
        device: str = "auto",
        threads: int | None = None,
        precision: str = "fp32",
    ) -> None:
        self._device = _device(device)
        dtype = _dtype(precision, self._device)
        count = resolve_threads(threads)
        if self._device.type == "cpu":
            torch.set_num_threads(count)
        self._pid = os.getpid()
        self._specs = dict(specs)
        self._graphs: dict[str, Any] = {
            name: graph.eval().requires_grad_(False).to(self._device, dtype)
            for name, graph in graphs.items()
        }
        self._recorded: dict[str, CudaGraphPass] = {}
        if self._device.type == "cuda":
            self._recorded = {
                name: CudaGraphPass(graph, self._specs[name], self._device)
                for name, graph in self._graphs.items()
            }
        self._info = RuntimeInfo(
            name="pytorch",
            device=str(self._device),
            provider=f"torch {torch.__version__}",
            precision=precision,
            threads=count if self._device.type == "cpu" else 0,
        )

    @property
    def info(self) -> RuntimeInfo:
        """What is really active."""
        return self._info

    @torch.inference_mode()
    def run(self, graph: str, feeds: Feeds) -> Outputs:
        """Run one graph once."""
        if not self._graphs:
            raise closed("pytorch")
        if self._device.type == "cuda" or torch.get_num_threads() > 1:
            require_process(self._pid, "pytorch")
        spec, recorded = self._specs[graph], self._recorded.get(graph)
        if recorded is not None and recorded.accepts(feeds):
            return recorded.run(feeds)
        inputs = [torch.from_numpy(feeds[t.name]).to(self._device) for t in spec.inputs]
        outputs = self._graphs[graph](*inputs)
        named = zip(spec.outputs, outputs, strict=True)
        return {tensor.name: value.cpu().numpy() for tensor, value in named}

    def close(self) -> None:
        """Drop the weights."""
        self._graphs, self._recorded = {}, {}


def _dtype(precision: str, device: torch.device) -> torch.dtype:
    if precision not in DTYPES:
        raise ConfigError(f"expected precision {', '.join(DTYPES)}; got {precision!r}.")
    if precision != "fp32" and device.type == "cpu":
        raise ConfigError(
            f"expected precision fp32 for PyTorch on the CPU; got {precision!r}. Use "
            "device='cuda', or an exported model with runtime='openvino' for bf16."
        )
    return DTYPES[precision]


def _device(asked: str) -> torch.device:
    if asked == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(asked)
    except RuntimeError as error:
        raise _unavailable(asked) from error
    if device.type not in ("cpu", "cuda"):
        raise _unavailable(asked)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise _unavailable(asked)
    return device


def _unavailable(asked: str) -> DeviceUnavailableError:
    count = torch.cuda.device_count()
    found = ", ".join(["cpu", *(f"cuda:{i}" for i in range(count))])
    return DeviceUnavailableError(
        asked,
        f"{found} (torch {torch.__version__}, CUDA {torch.version.cuda or 'not built in'})",
        "Use device='cpu', or install a torch build for your CUDA and check nvidia-smi.",
    )
