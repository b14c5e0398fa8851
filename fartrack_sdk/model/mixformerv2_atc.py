"""MixFormerV2's passes in the form that Ascend's compiler takes; see `atc`.

Keys and values cross the border as [B, depth * 12, tokens, 64], because the compiler
takes no more than four axes there.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..families.base import ImageScale, Weights
from ..families.mixformerv2.config import MixFormerV2Config
from .atc import PatchConv, with_plain_attention
from .mixformerv2 import MixFormerV2Net, build_network
from .mixformerv2_graphs import PatchEmbedding, SearchGraph, TemplatesGraph, arranged


class AtcPatches(PatchEmbedding):
    """Tokens of float32 NCHW images.

    Args:
        net: the weights.
        images: what the graphs are given.
    """

    def __init__(self, net: MixFormerV2Net, images: ImageScale) -> None:
        super().__init__(net)
        self.embedding = PatchConv(net.patch_embed, images)
        self.search_offset = net.pos_search.detach()
        self.template_offset = net.pos_template.detach()

    def _embed(self, image: Tensor) -> Tensor:
        tokens: Tensor = self.embedding(image)
        return tokens


class AtcTemplatesGraph(TemplatesGraph):
    """Template images -> keys, values [B, depth * 12, tokens, 64]."""

    def _stacked(self, layers: list[Tensor]) -> Tensor:
        return torch.cat(layers, dim=1)


class AtcSearchGraph(SearchGraph):
    """Search image and keys, values [B, depth * 12, tokens, 64] -> logits, presence."""

    def _layer(self, cache: Tensor, index: int) -> Tensor:
        heads = cache.shape[1] // len(self.net.blocks)
        return cache.narrow(1, index * heads, heads)


def atc_graphs(
    weights: Weights, config: MixFormerV2Config, images: ImageScale
) -> dict[str, nn.Module]:
    """All graphs of the contract on one set of weights.

    Args:
        weights: canonical name to array.
        config: the model.
        images: what the graphs are given.
    """
    net = with_plain_attention(build_network(weights, config))
    with torch.no_grad():
        patches = AtcPatches(net, images)
    graphs = arranged(net, patches, config, AtcTemplatesGraph, AtcSearchGraph)
    return {name: graph.eval() for name, graph in graphs.items()}
