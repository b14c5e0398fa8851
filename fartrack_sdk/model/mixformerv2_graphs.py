"""The fixed-shape passes of MixFormerV2 as modules that run, trace and export alike.

Token order is templates, search, prediction tokens. Templates attend to templates only;
search and prediction tokens attend to everything. The last block computes only what is
read: keys and values of the templates, rows of the prediction tokens.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..families.base import Weights
from ..families.mixformerv2.config import PREDICTION_TOKENS, MixFormerV2Config
from ..families.mixformerv2.contract import FULL, SEARCH, TEMPLATES, template_counts
from .mixformerv2 import MixFormerV2Net, build_network
from .vit import Block, folded_patch_embed, patchify


def inference_graphs(weights: Weights, config: MixFormerV2Config) -> dict[str, nn.Module]:
    """All graphs of the contract on one set of weights."""
    net = build_network(weights, config)
    with torch.no_grad():
        patches = PatchEmbedding(net)
    return arranged(net, patches, config, TemplatesGraph, SearchGraph)


def arranged(
    net: MixFormerV2Net,
    patches: PatchEmbedding,
    config: MixFormerV2Config,
    templates: type[TemplatesGraph],
    search: type[SearchGraph],
) -> dict[str, nn.Module]:
    """The graphs that a configuration has, by name.

    Args:
        net: the weights.
        patches: the embedding.
        config: the model.
        templates: of the passes that make the cache.
        search: of the passes that read it.
    """
    graphs: dict[str, nn.Module] = {}
    for count in template_counts(config):
        graphs[TEMPLATES[count]] = templates(net, patches)
        folded = config.template_tokens if count == 1 else 0
        graphs[SEARCH[count]] = search(net, patches, folded)
    if config.template_cache == "off":
        graphs[FULL] = FullGraph(net, patches)
    return graphs


class PatchEmbedding(nn.Module):
    """Tokens of images, with normalisation, bias and positions folded at construction.

    Args:
        net: the weights.
    """

    weight: Tensor
    search_offset: Tensor
    template_offset: Tensor
    prediction_tokens: Tensor

    def __init__(self, net: MixFormerV2Net) -> None:
        super().__init__()
        weight, bias = folded_patch_embed(
            net.patch_embed.weight, cast(Tensor, net.patch_embed.bias)
        )
        self.register_buffer("weight", weight.contiguous(), persistent=False)
        self.register_buffer("search_offset", net.pos_search + bias, persistent=False)
        self.register_buffer("template_offset", net.pos_template + bias, persistent=False)
        self.register_buffer("prediction_tokens", net.tokens + net.pos_tokens, persistent=False)

    def templates(self, images: Iterable[Tensor]) -> Tensor:
        """Tokens of all templates, one after the other; they share their positions."""
        return torch.cat([self._embed(image) + self.template_offset for image in images], dim=1)

    def search(self, image: Tensor) -> Tensor:
        """Tokens of the search region and the prediction tokens."""
        patches = self._embed(image) + self.search_offset
        tokens = self.prediction_tokens.expand(patches.shape[0], -1, -1)
        return torch.cat([patches, tokens], dim=1)

    def _embed(self, image: Tensor) -> Tensor:
        return F.linear(patchify(image.to(self.weight.dtype)), self.weight)


class TemplatesGraph(nn.Module):
    """Template images -> keys and values of their tokens in every block.

    Args:
        net: the weights; shared, not copied.
        patches: the embedding; shared.
    """

    def __init__(self, net: MixFormerV2Net, patches: PatchEmbedding) -> None:
        super().__init__()
        self.net = net
        self.patches = patches

    def forward(self, *images: Tensor) -> tuple[Tensor, Tensor]:
        """[B, T, T, 3] uint8 each -> keys, values [B, depth, 12, tokens, 64] float32."""
        x = self.patches.templates(images)
        blocks = cast("list[Block]", list(self.net.blocks))
        keys, values = [], []
        for i, block in enumerate(blocks):
            h = block.norm1(x)
            k, v = block.attn.keys_values(h)
            keys.append(k)
            values.append(v)
            if i < len(blocks) - 1:
                x = block.residual(x, block.attn.queries(h), k, v)
        return self._stacked(keys).float(), self._stacked(values).float()

    def _stacked(self, layers: list[Tensor]) -> Tensor:
        return torch.stack(layers, dim=1)


class SearchGraph(nn.Module):
    """Search image and cached keys and values -> logits, and presence if there is a head.

    Args:
        net: the weights; shared, not copied.
        patches: the embedding; shared.
        folded: template tokens that stand for two equal ones: their attention weight
            doubles, which is log 2 on the logit. 0 where none do.
    """

    bias: Tensor | None

    def __init__(self, net: MixFormerV2Net, patches: PatchEmbedding, folded: int = 0) -> None:
        super().__init__()
        self.net = net
        self.patches = patches
        bias = None
        if folded:
            bias = torch.zeros(1, 1, 1, folded + patches.search_offset.shape[1] + PREDICTION_TOKENS)
            bias[..., :folded] = math.log(2.0)
        self.register_buffer("bias", bias, persistent=False)

    def forward(self, search: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, ...]:
        """[B, S, S, 3] uint8 and the cache -> [B, 4, bins] and [B, 1] float32."""
        x = self.patches.search(search)
        keys, values = keys.to(x.dtype), values.to(x.dtype)
        blocks = cast("list[Block]", list(self.net.blocks))
        for i, block in enumerate(blocks):
            h = block.norm1(x)
            k, v = block.attn.keys_values(h)
            if i == len(blocks) - 1:
                x, h = x[:, -PREDICTION_TOKENS:], h[:, -PREDICTION_TOKENS:]
            known_k, known_v = self._layer(keys, i), self._layer(values, i)
            k, v = torch.cat([known_k, k], dim=2), torch.cat([known_v, v], dim=2)
            x = block.residual(x, block.attn.queries(h), k, v, self.bias)
        return self.net.read(x)

    def _layer(self, cache: Tensor, index: int) -> Tensor:
        return cache[:, index]


class FullGraph(nn.Module):
    """All tokens in every block, as the released tracker computes them.

    Args:
        net: the weights; shared, not copied.
        patches: the embedding; shared.
    """

    def __init__(self, net: MixFormerV2Net, patches: PatchEmbedding) -> None:
        super().__init__()
        self.net = net
        self.patches = patches

    def forward(self, search: Tensor, template: Tensor, online: Tensor) -> tuple[Tensor, ...]:
        """[B, S, S, 3] and two [B, T, T, 3] uint8 -> [B, 4, bins] and [B, 1] float32."""
        z = self.patches.templates((template, online))
        x = self.patches.search(search)
        for block in cast(Iterable[Block], self.net.blocks):
            h, g = block.norm1(z), block.norm1(x)
            k, v = block.attn.keys_values(h)
            own_k, own_v = block.attn.keys_values(g)
            z = block.residual(z, block.attn.queries(h), k, v)
            k, v = torch.cat([k, own_k], dim=2), torch.cat([v, own_v], dim=2)
            x = block.residual(x, block.attn.queries(g), k, v)
        return self.net.read(x[:, -PREDICTION_TOKENS:])
