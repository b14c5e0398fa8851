"""What JPEG compression leaves of pictures, many at once on a device.

Colour conversion, halved chroma, 8 x 8 cosine transform and quantisation as in ITU-T T.81
(tables K.1 and K.2, scaled as the IJG library scales them by quality). Nothing is coded.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

BLOCK = 8
LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
CHROMINANCE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
)
TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


def compressed(image: Tensor, quality: Tensor) -> Tensor:
    """Pictures after compression.

    Args:
        image: float32 RGB [N, 3, S, S], 0..255; S a multiple of 16.
        quality: int64 [N], 1..100.
    """
    forward = torch.tensor(TO_YCC, device=image.device)
    ycc = torch.einsum("ij,njhw->nihw", forward, image)
    luma = _quantised(ycc[:, :1] - 128.0, _table(LUMINANCE, quality)) + 128.0
    chroma = _quantised(F.avg_pool2d(ycc[:, 1:], 2), _table(CHROMINANCE, quality))
    chroma = F.interpolate(chroma, scale_factor=2.0, mode="bilinear", align_corners=False)
    rebuilt = torch.cat([luma, chroma], dim=1)
    return torch.einsum("ij,njhw->nihw", torch.linalg.inv(forward), rebuilt).clamp(0, 255)


def _table(base: tuple[tuple[int, ...], ...], quality: Tensor) -> Tensor:
    """Quantisation steps for qualities: [N, 8, 8]."""
    scale = torch.where(quality < 50, 5000.0 / quality, 200.0 - 2.0 * quality).view(-1, 1, 1)
    steps = torch.tensor(base, device=quality.device, dtype=torch.float32)
    return ((steps * scale + 50.0) / 100.0).floor().clamp(1, 255)


def _quantised(plane: Tensor, table: Tensor) -> Tensor:
    """Planes [N, C, H, W] after rounding their 8 x 8 cosine coefficients."""
    n, c, height, width = plane.shape
    basis = _basis().to(plane.device)
    blocks = plane.view(n, c, height // BLOCK, BLOCK, width // BLOCK, BLOCK).transpose(3, 4)
    steps = table.view(n, 1, 1, 1, BLOCK, BLOCK)
    rounded = (basis @ blocks @ basis.T / steps).round() * steps
    return (basis.T @ rounded @ basis).transpose(3, 4).reshape(n, c, height, width)


@cache
def _basis() -> Tensor:
    """The orthonormal cosine transform, [8, 8]."""
    rows = torch.arange(BLOCK).view(-1, 1)
    angles = (2 * torch.arange(BLOCK) + 1) * rows * (math.pi / (2 * BLOCK))
    scale = torch.where(rows == 0, math.sqrt(1 / BLOCK), math.sqrt(2 / BLOCK))
    return angles.cos() * scale
