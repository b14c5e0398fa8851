"""Multiply-accumulates and parameters, counted from the model, beside the paper's."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from ...families.fartrack.config import FARTrackConfig

PUBLISHED = {"tiny": (2.65, 6.82), "nano": (1.78, 4.59), "pico": (1.08, 2.81)}
"""GMACs at 75 % retention and million parameters by variant (paper, Table 1)."""

TOLERANCE = 0.01
"""The paper rounds, and does not say which tokens it counts."""


class Complexity(BaseModel):
    """Work of one tracked frame and size of a model.

    Attributes:
        variant: of the family.
        gmacs: 1e9 multiply-accumulates of the linear layers and the patch embedding, every
            layer over all tokens: the paper's count.
        mparams: million parameters of encoder and patch embedding: the paper's count.
        executed_gmacs: what the graph really computes for a frame, attention included, the
            last layer only for the rows that are read; None where torch is not installed.
        published_gmacs: the paper's figure, None where it has none for this configuration.
        published_mparams: the same for parameters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    variant: str
    gmacs: float
    mparams: float
    executed_gmacs: float | None = None
    published_gmacs: float | None = None
    published_mparams: float | None = None

    @property
    def agrees(self) -> bool | None:
        """Whether both counts are within 1 % of the paper's; None without a figure."""
        if self.published_gmacs is None or self.published_mparams is None:
            return None
        pairs = ((self.gmacs, self.published_gmacs), (self.mparams, self.published_mparams))
        return all(abs(found / stated - 1.0) <= TOLERANCE for found, stated in pairs)


def complexity_of(config: dict[str, Any] | None) -> Complexity | None:
    """Counts for a dumped configuration; None for what is not FARTrack, or without torch."""
    if config is None or config.get("family") != "fartrack":
        return None
    try:
        return count(FARTrackConfig.model_validate(config))
    except ModuleNotFoundError:
        return None


def count(config: FARTrackConfig) -> Complexity:
    """Run the network on empty tensors and count what its layers do.

    Args:
        config: the model; the paper's figures are for 75 % retention and 5 templates.
    """
    import torch

    from ...model.network import FARTrackNet

    with torch.device("meta"):
        net = FARTrackNet(
            config.depth, config.layer_norm_eps, config.search_grid**2, config.template_tokens
        )
    macs = _layer_macs(net, config)
    encoder = (net.patch_embed, net.blocks)
    params = sum(p.numel() for module in encoder for p in module.parameters())
    stated = _published(config)
    return Complexity(
        variant=config.variant,
        gmacs=macs / 1e9,
        mparams=params / 1e6,
        executed_gmacs=_executed(config) / 1e9,
        published_gmacs=stated[0] if stated else None,
        published_mparams=stated[1] if stated else None,
    )


def _published(config: FARTrackConfig) -> tuple[float, float] | None:
    usual = config.retention == 0.75 and config.num_templates == 5 and config.protocol == "sparse"
    depth = {"tiny": 15, "nano": 10, "pico": 6}.get(config.variant)
    return PUBLISHED[config.variant] if usual and depth == config.depth else None


def _layer_macs(net: Any, config: FARTrackConfig) -> int:
    """Multiply-accumulates of every Linear and of the patch embedding, from hooks."""
    import torch
    from torch import nn

    total = 0

    def hook(module: nn.Module, _: Any, output: torch.Tensor) -> None:
        """Every output value took as many products as a row of the weight has."""
        nonlocal total
        weight: Any = module.weight
        total += output.numel() * int(weight[0].numel())

    for module in net.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            module.register_forward_hook(hook)
    with torch.device("meta"), torch.no_grad():
        net.patch_embed(torch.empty(1, 3, config.search_size, config.search_size))
        net.patch_embed(torch.empty(1, 3, config.template_size, config.template_size))
        tokens = (config.num_templates - 1) * config.kept_tokens + config.template_tokens
        x = torch.empty(1, tokens + config.search_grid**2 + 4, config.dim)
        for block in net.blocks:
            x = block(x)
    return total


def _executed(config: FARTrackConfig) -> int:
    """Multiply-accumulates of one pass of the ``track`` graph, by operator."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from ...families.fartrack.contract import graph_specs
    from ...model.graph import InferenceGraph
    from ...model.network import FARTrackNet

    net = FARTrackNet(
        config.depth, config.layer_norm_eps, config.search_grid**2, config.template_tokens
    )
    graph = InferenceGraph(net, config, "track").eval()
    feeds = [
        torch.zeros(t.shape, dtype=getattr(torch, t.dtype))
        for t in graph_specs(config)["track"].inputs
    ]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        graph(*feeds)
    return int(counter.get_total_flops()) // 2
