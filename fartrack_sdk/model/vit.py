"""The parts of a plain vision transformer that the families share."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HEAD_DIM, PATCH = 64, 16
IMAGE_MEAN, IMAGE_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def split_heads(x: Tensor) -> Tensor:
    """[B, N, H * 64] -> [B, H, N, 64]."""
    return x.reshape(*x.shape[:-1], x.shape[-1] // HEAD_DIM, HEAD_DIM).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """[B, H, N, 64] -> [B, N, H * 64]."""
    return x.transpose(1, 2).flatten(-2)


class Attention(nn.Module):
    """Multi-head self-attention; rows of ``qkv`` are all q, all k, all v, head-major.

    ``weigh`` is the kernel, with the signature of `F.scaled_dot_product_attention`.

    Args:
        dim: channels of a token, a multiple of 64.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.weigh: Callable[..., Tensor] = F.scaled_dot_product_attention

    def queries(self, x: Tensor) -> Tensor:
        """Queries of the given rows, [B, H, N, 64]."""
        return split_heads(F.linear(x, self.qkv.weight[: self.dim], self.qkv.bias[: self.dim]))

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of the given rows, [B, H, N, 64] each."""
        rows = F.linear(x, self.qkv.weight[self.dim :], self.qkv.bias[self.dim :])
        k, v = rows.chunk(2, dim=-1)
        return split_heads(k), split_heads(v)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
        """Attention and output projection, [B, N, H * 64].

        Args:
            q: queries [B, H, N, 64].
            k: keys [B, H, M, 64].
            v: values [B, H, M, 64].
            bias: added to the logits, broadcast to [B, H, N, M].
        """
        seen = self.weigh(q, k, v, attn_mask=bias)
        out: Tensor = self.proj(merge_heads(seen))
        return out


class Mlp(nn.Module):
    """Two linear layers around an exact (erf) GELU.

    Args:
        dim: channels of a token.
        hidden: channels between the layers.
    """

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, dim] -> [B, N, dim]."""
        out: Tensor = self.fc2(F.gelu(self.fc1(x)))
        return out


class Block(nn.Module):
    """Pre-norm transformer block.

    Args:
        dim: channels of a token.
        hidden: channels inside the MLP.
        eps: epsilon of the layer norms.
    """

    def __init__(self, dim: int, hidden: int, eps: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=eps)
        self.attn = Attention(dim)
        self.norm2 = nn.LayerNorm(dim, eps=eps)
        self.mlp = Mlp(dim, hidden)

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, dim] -> [B, N, dim]."""
        q, k, v = self.attn.qkv(self.norm1(x)).chunk(3, dim=-1)
        return self.residual(x, split_heads(q), split_heads(k), split_heads(v))

    def residual(
        self, x: Tensor, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None
    ) -> Tensor:
        """Both residual branches for the rows ``x`` that belong to the queries ``q``."""
        x = x + self.attn.attend(q, k, v, bias)
        out: Tensor = x + self.mlp(self.norm2(x))
        return out


def patchify(image: Tensor) -> Tensor:
    """Non-overlapping patches of an NHWC image: [B, H, W, 3] -> [B, N, 768]."""
    b, h, w, c = image.shape
    grid = image.reshape(b, h // PATCH, PATCH, w // PATCH, PATCH * c).transpose(2, 3)
    return grid.reshape(b, (h // PATCH) * (w // PATCH), PATCH * PATCH * c)


def folded_patch_embed(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """A patch convolution with the image normalisation folded in.

    Args:
        weight: of the convolution, [dim, 3, 16, 16], RGB.
        bias: of the convolution, [dim].

    Returns:
        weight [dim, 768] over a patch's values in (row, column, RGB) order, 0..255,
        and bias [dim].
    """
    mean = torch.tensor(IMAGE_MEAN, dtype=weight.dtype, device=weight.device)
    std = torch.tensor(IMAGE_STD, dtype=weight.dtype, device=weight.device)
    scaled = weight / std.view(1, 3, 1, 1)
    shift = (scaled * mean.view(1, 3, 1, 1)).sum(dim=(1, 2, 3))
    return (scaled / 255.0).permute(0, 2, 3, 1).flatten(1), bias - shift
