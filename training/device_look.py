"""What `appearance.apply_look` does, for many views at once on a device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from .appearance import RESOLUTIONS
from .device_jpeg import compressed


def apply_looks(image: Tensor, views: Mapping[str, Tensor]) -> Tensor:
    """Pictures as they look.

    Args:
        image: float32 RGB [V, S, S, 3], 0..255.
        views: of `encoding.encode`, on the same device.

    Returns:
        uint8 RGB [V, S, S, 3].
    """
    image = image.permute(0, 3, 1, 2).contiguous()
    _change(image, views["bend"].flatten(1).any(1), views["bend"], _bent)
    image = _relit(image, views["tone"])
    _change(image, (views["shadow"] != 1).flatten(1).any(1), views["shadow"], _shaded)
    _change(image, views["blur"].flatten(1).any(1), views["blur"], _blurred)
    for share in RESOLUTIONS:
        chosen = (views["resolution"] - share).abs() < 0.01
        _change(image, chosen, views["resolution"], partial(_coarse, share))
    image = image + _noise(image, views)
    _change(image.clamp_(0, 255), views["quality"] > 0, views["quality"], compressed)
    grey = views["grey"].view(-1, 1, 1, 1)
    image = torch.where(grey, image.mean(dim=1, keepdim=True), image)
    return image.clamp(0, 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def _change(
    image: Tensor, chosen: Tensor, how: Tensor, function: Callable[[Tensor, Tensor], Tensor]
) -> None:
    """Apply a function to the chosen pictures, in place."""
    at = chosen.nonzero()[:, 0]
    if len(at):
        image[at] = function(image[at], how[at])


def _bent(image: Tensor, bend: Tensor) -> Tensor:
    """Shifts [N, 4, 4, 2] (x, y, in sides), enlarged smoothly, move what is seen."""
    size = image.shape[-1]
    field = F.interpolate(
        bend.permute(0, 3, 1, 2), size=(size, size), mode="bicubic", align_corners=False
    )
    steps = (torch.arange(size, device=image.device) + 0.5) / size * 2 - 1
    still = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=-1)
    grid = still + 2 * field.permute(0, 2, 3, 1)
    return F.grid_sample(image, grid, padding_mode="reflection", align_corners=False)


def _relit(image: Tensor, tone: Tensor) -> Tensor:
    gamma, offset = tone[:, 0].view(-1, 1, 1, 1), tone[:, 4].view(-1, 1, 1, 1)
    gains = tone[:, 1:4].flip(1).view(-1, 3, 1, 1)
    lit = (image / 255.0).clamp(0, 1) ** gamma * gains + offset
    return (lit * 255.0).clamp(0, 255)


def _shaded(image: Tensor, corners: Tensor) -> Tensor:
    size = image.shape[-2:]
    field = F.interpolate(corners.unsqueeze(1), size=size, mode="bilinear", align_corners=False)
    return (image * field).clamp(0, 255)


def _blurred(image: Tensor, kernels: Tensor) -> Tensor:
    """Every picture [N, 3, S, S] filtered with its own kernel [N, K, K]."""
    n, channels, height, width = image.shape
    reach = kernels.shape[-1] // 2
    padded = F.pad(image, (reach, reach, reach, reach), mode="reflect")
    weight = kernels.repeat_interleave(channels, dim=0).unsqueeze(1)
    merged = padded.reshape(1, n * channels, *padded.shape[-2:])
    return F.conv2d(merged, weight, groups=n * channels).view(n, channels, height, width)


def _coarse(share: float, image: Tensor, _: Tensor) -> Tensor:
    size = image.shape[-1]
    small = max(4, int(size * share))
    shrunk = F.interpolate(image, size=(small, small), mode="area")
    return F.interpolate(shrunk, size=(size, size), mode="bilinear", align_corners=False)


def _noise(image: Tensor, views: Mapping[str, Tensor]) -> Tensor:
    """Noise that depends on the first view's seed: batches are the same in every run."""
    source = torch.Generator(image.device).manual_seed(int(views["seed"][0]))
    drawn = torch.randn(image.shape, generator=source, device=image.device)
    return drawn * views["noise"].view(-1, 1, 1, 1)
