"""PyTorch as a runtime."""

from __future__ import annotations

from typing import Any

import torch

from ..checkpoint.layout import Weights
from ..errors import DeviceUnavailableError
from ..families.fartrack.config import FARTrackConfig
from ..families.fartrack.contract import graph_specs
from ..model.graph import InferenceGraph
from ..model.network import FARTrackNet
from ..runtime import Feeds, Outputs, RuntimeInfo
from ..threads import resolve_threads


class PyTorchRuntime:
    """Runs FARTrack's graphs as PyTorch modules.

    PyTorch has one pool of threads for the process: ``threads`` sets it for all models.

    Args:
        weights: canonical name to array.
        config: the model.
        device: ``cpu``, ``cuda``, ``cuda:1`` or ``auto``.
        threads: intra-op threads on the CPU; None for the default rule.

    Raises:
        DeviceUnavailableError: the device is not there.
    """

    def __init__(
        self,
        weights: Weights,
        config: FARTrackConfig,
        device: str = "auto",
        threads: int | None = None,
    ) -> None:
        self._device = _device(device)
        count = resolve_threads(threads)
        torch.set_num_threads(count)
        net = build_network(weights, config)
        graphs = {name: InferenceGraph(net, config, name) for name in graph_specs(config)}
        self._graphs: dict[str, Any] = {
            name: graph.eval().requires_grad_(False).to(self._device)
            for name, graph in graphs.items()
        }
        self._info = RuntimeInfo(
            name="pytorch",
            device=str(self._device),
            provider=f"torch {torch.__version__}",
            precision="fp32",
            threads=count if self._device.type == "cpu" else 0,
        )

    @property
    def info(self) -> RuntimeInfo:
        """What is really active."""
        return self._info

    @torch.inference_mode()
    def run(self, graph: str, feeds: Feeds) -> Outputs:
        """Run one graph once."""
        module = self._graphs[graph]
        inputs = [torch.from_numpy(feeds[name]).to(self._device) for name in module.input_names]
        outputs = module(*inputs)
        named = zip(module.output_names, outputs, strict=True)
        return {name: value.cpu().numpy() for name, value in named}

    def close(self) -> None:
        """Drop the weights."""
        self._graphs = {}


def build_network(weights: Weights, config: FARTrackConfig) -> FARTrackNet:
    """The network with canonical weights, float32, on the CPU.

    Args:
        weights: canonical name to array.
        config: the model.
    """
    net = FARTrackNet(
        config.depth, config.layer_norm_eps, config.search_grid**2, config.template_tokens
    )
    tensors = {name: torch.from_numpy(array).float() for name, array in weights.items()}
    net.load_state_dict(tensors, strict=True)
    return net


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
