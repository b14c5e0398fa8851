"""FARTrack's graphs in the form that ATC compiles and fuses.

The same passes as `model.graph.InferenceGraph`, with three differences: images are
normalised float NCHW (AIPP or the host normalises), patches are embedded by a
convolution, and queries are scaled before the product with the keys (exactly, by 1/8
in the weights), so that attention logits stay small in float16.
"""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...families.base import Weights
from ...families.fartrack.config import FARTrackConfig
from ...families.fartrack.contract import graph_specs
from ...model.graph import CENTRE_ROWS, InferenceGraph, build_network
from ...model.network import DIM, FARTrackNet
from ...model.vit import HEAD_DIM, PATCH, Attention, merge_heads, split_heads


class PlainAttention(nn.Module):
    """Attention as MatMul, Softmax, MatMul, with the scale inside the query weights.

    Args:
        source: the weights.
    """

    def __init__(self, source: Attention) -> None:
        super().__init__()
        weight, bias = source.qkv.weight.detach(), source.qkv.bias.detach()
        scale = HEAD_DIM**-0.5
        parts = zip(
            torch.split(weight, DIM), torch.split(bias, DIM), (scale, 1.0, 1.0), strict=True
        )
        self.query, self.key, self.value = (_linear(w * s, b * s) for w, b, s in parts)
        self.proj = source.proj

    def queries(self, x: Tensor) -> Tensor:
        """Scaled queries of the given rows, [1, 3, N, 64]."""
        return split_heads(self.query(x))

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of the given rows, [1, 3, N, 64] each."""
        return split_heads(self.key(x)), split_heads(self.value(x))

    def attend(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
        """Attention and output projection, [1, N, 192]; ``bias`` is added to the logits."""
        logits = q @ k.transpose(-1, -2)
        weights = torch.softmax(logits if bias is None else logits + bias, dim=-1)
        out: Tensor = self.proj(merge_heads(weights @ v))
        return out


class AtcGraph(InferenceGraph):
    """One pass with normalised float32 NCHW images; batch of one."""

    patch_kernel: Tensor
    patch_bias: Tensor
    older_offset: Tensor

    def __init__(self, net: FARTrackNet, config: FARTrackConfig, name: str) -> None:
        super().__init__(net, config, name)
        kernel, bias = net.patch_embed.weight.detach(), net.patch_embed.bias
        self.register_buffer("patch_kernel", kernel, persistent=False)
        self.register_buffer("patch_bias", bias, persistent=False)
        self.template_offset = net.pos_template.detach()
        self.register_buffer("older_offset", _older_offset(net, config, name), persistent=False)
        self.search_offset = (net.pos_search + net.identity[:, 5:6]).detach()

    def _patches(self, image: Tensor, offset: Tensor) -> Tensor:
        values = F.conv2d(image, self.patch_kernel, self.patch_bias, stride=PATCH)
        return values.flatten(2).transpose(1, 2) + offset

    def _older(self, feeds: dict[str, Tensor], outputs: dict[str, Tensor]) -> Tensor | None:
        slots = len(self.config.slot_identities)
        if "kept" in feeds:
            return feeds["kept"] + self.older_offset
        if slots == 1:
            return None
        return torch.cat([outputs["newest_tokens"]] * (slots - 1), dim=1) + self.older_offset

    def _saliency(self, q: Tensor, k: Tensor, first_newest: int) -> Tensor:
        weights = torch.softmax(q @ k.transpose(-1, -2), dim=-1)
        weights = weights.narrow(-1, first_newest, self.config.template_tokens)
        if self.config.saliency == "released":
            return weights.mean(dim=(1, 2))
        centre, commands = weights[:, :, :CENTRE_ROWS], weights[:, :, CENTRE_ROWS:]
        return centre.mean(dim=(1, 2)) + commands.mean(dim=(1, 2))


def atc_graphs(weights: Weights, config: FARTrackConfig) -> dict[str, AtcGraph]:
    """All graphs of the contract on one set of weights.

    Args:
        weights: canonical name to array.
        config: the model.
    """
    net = _with_plain_attention(build_network(weights, config))
    return {name: AtcGraph(net, config, name).eval() for name in graph_specs(config)}


def _older_offset(net: FARTrackNet, config: FARTrackConfig, name: str) -> Tensor:
    """Identity of the slot of each older token, [1, tokens, 192]."""
    slots = list(config.slot_identities)
    tokens = config.template_tokens if name == "first" else config.kept_tokens
    rows = net.identity[:, slots[:-1] or slots].detach()
    return rows.repeat_interleave(tokens, dim=1)


def _with_plain_attention(net: FARTrackNet) -> FARTrackNet:
    net = deepcopy(net)
    for block in net.blocks:
        block.attn = PlainAttention(block.attn)  # type: ignore[arg-type]
    return net


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight, layer.bias = nn.Parameter(weight), nn.Parameter(bias)
    return layer
