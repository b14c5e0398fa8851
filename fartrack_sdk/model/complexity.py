"""FARTrack's multiply-accumulates and parameters, counted by running its network."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ..families.complexity import Complexity
from ..families.fartrack.config import VARIANT_DEPTHS, FARTrackConfig
from ..families.fartrack.contract import graph_specs
from .graph import InferenceGraph
from .network import FARTrackNet

PUBLISHED = {"tiny": (2.65, 6.82), "nano": (1.78, 4.59), "pico": (1.08, 2.81)}
"""GMACs at 75 % retention and million parameters by variant (paper, Table 1)."""


def count(config: FARTrackConfig) -> Complexity:
    """Run the network on empty tensors and count what its layers do.

    The paper's counts: linear layers and patch embedding, every layer over all tokens;
    parameters of encoder and patch embedding. Executed work includes attention, and has
    the last layer for those rows alone that are read.

    Args:
        config: the model; the paper's figures are for 75 % retention and 5 templates.
    """
    with torch.device("meta"):
        net = _network(config)
    encoder = (net.patch_embed, net.blocks)
    params = sum(p.numel() for module in encoder for p in module.parameters())
    stated = _published(config)
    return Complexity(
        variant=config.variant,
        gmacs=_layer_macs(net, config) / 1e9,
        mparams=params / 1e6,
        executed_gmacs=_executed(config) / 1e9,
        published_gmacs=stated[0] if stated else None,
        published_mparams=stated[1] if stated else None,
    )


def _network(config: FARTrackConfig) -> FARTrackNet:
    return FARTrackNet(
        config.depth, config.layer_norm_eps, config.search_grid**2, config.template_tokens
    )


def _published(config: FARTrackConfig) -> tuple[float, float] | None:
    usual = config.retention == 0.75 and config.num_templates == 5 and config.protocol == "sparse"
    depth = VARIANT_DEPTHS.get(config.variant)
    return PUBLISHED[config.variant] if usual and depth == config.depth else None


def _layer_macs(net: FARTrackNet, config: FARTrackConfig) -> int:
    """Multiply-accumulates of every Linear and of the patch embedding, from hooks."""
    total = 0

    def hook(module: nn.Module, _: object, output: Tensor) -> None:
        """Every output value took as many products as a row of the weight has."""
        nonlocal total
        weight = module.get_parameter("weight")
        total += output.numel() * weight[0].numel()

    for module in net.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            module.register_forward_hook(hook)
    with torch.device("meta"), torch.no_grad():
        for size in (config.search_size, config.template_size):
            net.patch_embed(torch.empty(1, 3, size, size))
        tokens = (config.num_templates - 1) * config.kept_tokens + config.template_tokens
        x = torch.empty(1, tokens + config.search_grid**2 + 4, config.dim)
        for block in net.blocks:
            x = block(x)
    return total


def _executed(config: FARTrackConfig) -> int:
    """Multiply-accumulates of one pass of the ``track`` graph, by operator."""
    graph = InferenceGraph(_network(config), config, "track").eval()
    inputs = graph_specs(config)["track"].inputs
    feeds = [torch.zeros(t.shape, dtype=getattr(torch, t.dtype)) for t in inputs]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        graph(*feeds)
    return int(counter.get_total_flops()) // 2
