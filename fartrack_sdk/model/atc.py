"""Parts of a vision transformer in the form that Ascend's compiler takes and fuses.

Three things differ from `vit`: images are float NCHW and patches are embedded by a
convolution, attention is plain products around a softmax, and queries are scaled before
the product with the keys (exactly, by 1/8 in the weights), so that attention logits stay
small in float16.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..families.base import ImageScale
from .vit import HEAD_DIM, IMAGE_MEAN, IMAGE_STD, PATCH, Attention, merge_heads, split_heads

Net = TypeVar("Net", bound=nn.Module)


class PatchConv(nn.Module):
    """Patch embedding of images that are scaled already, or not at all.

    Whatever is missing of the normalisation is folded into weights and bias in float64.

    Args:
        embedding: convolution over normalised images.
        images: what the graph is given.
    """

    kernel: Tensor
    bias: Tensor

    def __init__(self, embedding: nn.Conv2d, images: ImageScale) -> None:
        super().__init__()
        weight, bias = embedding.weight.detach().double(), cast(Tensor, embedding.bias).detach()
        mean, std, shift, scale = (
            torch.tensor(values, dtype=torch.float64).view(1, 3, 1, 1)
            for values in (IMAGE_MEAN, IMAGE_STD, images.shift, images.scale)
        )
        rest = (weight * ((shift / 255 - mean) / std)).sum(dim=(1, 2, 3))
        self.register_buffer("kernel", (weight / (255 * std * scale)).float(), persistent=False)
        self.register_buffer("bias", (bias.double() + rest).float(), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """[B, 3, H, W] float32 -> [B, N, dim]."""
        return F.conv2d(image, self.kernel, self.bias, stride=PATCH).flatten(2).transpose(1, 2)


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
            torch.split(weight, source.dim),
            torch.split(bias, source.dim),
            (scale, 1.0, 1.0),
            strict=True,
        )
        self.query, self.key, self.value = (_linear(w * s, b * s) for w, b, s in parts)
        self.proj = source.proj

    def queries(self, x: Tensor) -> Tensor:
        """Scaled queries of the given rows, [B, H, N, 64]."""
        return split_heads(self.query(x))

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of the given rows, [B, H, N, 64] each."""
        return split_heads(self.key(x)), split_heads(self.value(x))

    def attend(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
        """Attention and output projection; ``bias`` is added to the logits."""
        logits = q @ k.transpose(-1, -2)
        weights = torch.softmax(logits if bias is None else logits + bias, dim=-1)
        out: Tensor = self.proj(merge_heads(weights @ v))
        return out


def with_plain_attention(net: Net) -> Net:
    """A copy of a network whose ``blocks`` attend by `PlainAttention`."""
    net = deepcopy(net)
    for block in cast(nn.ModuleList, net.blocks):
        block.attn = PlainAttention(cast(Attention, block.attn))
    return net


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight, layer.bias = nn.Parameter(weight), nn.Parameter(bias)
    return layer
