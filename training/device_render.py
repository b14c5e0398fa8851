"""Views drawn many at once on a device; `view.draw_view` is the same for one on the CPU.

Both draw what the same plan says. They differ by grey levels, as OpenCV resamples shrunk
images more finely and cuts coordinates to 1/32 pixel.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import torch
from torch import Tensor

from .bank import Bank
from .device_bank import DeviceBank
from .device_look import apply_looks
from .encoding import BORDERS, NO_IMAGE

CONSTANT = BORDERS.index(cv2.BORDER_CONSTANT)
REFLECT = BORDERS.index(cv2.BORDER_REFLECT_101)
TAPS = ((0, 0), (1, 0), (0, 1), (1, 1))


class DeviceRenderer:
    """Draws encoded views.

    Args:
        bank: the images, which are copied to the device.
        device: where to draw.
    """

    def __init__(self, bank: Bank, device: torch.device) -> None:
        self._bank = DeviceBank(bank, device)
        self.device = device

    @torch.no_grad()
    def draw(self, views: Mapping[str, Tensor], size: int) -> Tensor:
        """Pictures uint8 RGB [V, size, size, 3] of views as `encoding.encode` gives them."""
        there = {n: v.to(self.device, non_blocking=True) for n, v in views.items()}
        canvas = self._backgrounds(there, size)
        for layer in range(there["sprite"].shape[1]):
            shown = (there["sprite"][:, layer] != NO_IMAGE).nonzero()[:, 0]
            if len(shown):
                canvas[shown] = self._over(canvas[shown], there, shown, layer)
        image = apply_looks(canvas, there)
        mirrored = there["mirrored"].view(-1, 1, 1, 1)
        return torch.where(mirrored, image.flip(2), image)

    def _backgrounds(self, views: Mapping[str, Tensor], size: int) -> Tensor:
        """The photos behind everything, float32 [V, S, S, 3]."""
        border = views["border"].view(-1, 1, 1)
        source = _Source(self._bank, views["photo"], views["photo_map"])
        x, y = _places(views["photo_map"], size)
        total = torch.zeros(*x.shape, 3, device=x.device)
        for column, row, weight in _taps(source.x(x), source.y(y)):
            inside = (column >= 0) & (column < source.width) & (row >= 0) & (row < source.height)
            shown = weight * (inside | (border != CONSTANT))
            texels = source.read(
                _bordered(column, source.width, border), _bordered(row, source.height, border)
            )
            total += shown.unsqueeze(-1) * texels[..., :3]
        return total

    def _over(self, canvas: Tensor, views: Mapping[str, Tensor], at: Tensor, layer: int) -> Tensor:
        """Canvases [N, S, S, 3] with one layer of the views ``at`` [N] over them."""
        mapped = views["sprite_map"][at, layer]
        left, top, width, height = views["part"][at, layer].view(-1, 4, 1, 1).unbind(1)
        source = _Source(self._bank, views["sprite"][at, layer], mapped)
        x, y = _places(mapped, canvas.shape[1])
        first, last = source.x(left - 0.5), source.x(left + width - 0.5)
        upper, lower = source.y(top - 0.5), source.y(top + height - 0.5)
        alpha, colour = torch.zeros_like(x), torch.zeros_like(canvas)
        for column, row, weight in _taps(source.x(x + left), source.y(y + top)):
            inside = (column >= first) & (column < last) & (row >= upper) & (row < lower)
            texels = source.read(_clamped(column, source.width), _clamped(row, source.height))
            shown = weight * inside
            alpha += shown * texels[..., 3] / 255.0
            colour += shown.unsqueeze(-1) * texels[..., :3]
        visible = _within(views["outline"][at, layer], x, y)
        alpha = alpha * (visible | ~views["outlined"][at, layer].view(-1, 1, 1))
        return canvas + alpha.unsqueeze(-1) * (colour - canvas)


class _Source:
    """The copies of images [N] that suit their views, and places in them."""

    def __init__(self, bank: DeviceBank, index: Tensor, mapped: Tensor) -> None:
        self._bank, self._index = bank, index
        self._level = bank.levels(index, _shrink(mapped))
        self.width, self.height = (s.view(-1, 1, 1) for s in bank.sizes(index, self._level))
        full = bank.sizes(index, torch.zeros_like(self._level))
        self._across = self.width / full[0].view(-1, 1, 1)
        self._down = self.height / full[1].view(-1, 1, 1)

    def x(self, place: Tensor) -> Tensor:
        """Columns of the full image in the copy; pixel centres are whole in both."""
        return (place + 0.5) * self._across - 0.5

    def y(self, place: Tensor) -> Tensor:
        """The same for rows."""
        return (place + 0.5) * self._down - 0.5

    def read(self, column: Tensor, row: Tensor) -> Tensor:
        """Texels [N, S, S, 4]."""
        return self._bank.read(self._index, self._level, column, row)


def _shrink(mapped: Tensor) -> Tensor:
    """How many pixels of the source fall on one of the view, per side: [N, 2, 3] -> [N]."""
    a, b, c, d = mapped[:, 0, 0], mapped[:, 0, 1], mapped[:, 1, 0], mapped[:, 1, 1]
    return (a * d - b * c).abs().sqrt()


def _places(mapped: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Where the view's pixels lie in the source: columns and rows [N, S, S]."""
    steps = torch.arange(size, device=mapped.device, dtype=torch.float32)
    m = mapped.view(-1, 6, 1, 1)
    across, down = steps.view(1, 1, -1), steps.view(1, -1, 1)
    x = m[:, 0] * across + m[:, 1] * down + m[:, 2]
    y = m[:, 3] * across + m[:, 4] * down + m[:, 5]
    return x, y


def _taps(x: Tensor, y: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
    """The four neighbours of places: columns, rows (int64) and bilinear weights."""
    left, top = x.floor(), y.floor()
    right_share, bottom_share = x - left, y - top
    found = []
    for across, down in TAPS:
        weight_x = right_share if across else 1.0 - right_share
        weight_y = bottom_share if down else 1.0 - bottom_share
        found.append((left.long() + across, top.long() + down, weight_x * weight_y))
    return found


def _bordered(place: Tensor, size: Tensor, border: Tensor) -> Tensor:
    """Places inside 0..size - 1 that show what lies outside."""
    period = (2 * size - 2).clamp_min(1)
    turned = place.remainder(period)
    reflected = torch.where(turned < size, turned, period - turned)
    return torch.where(border == REFLECT, reflected, _clamped(place, size))


def _clamped(place: Tensor, size: Tensor) -> Tensor:
    return place.clamp_min(0).minimum(size - 1)


def _within(outline: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Which places [N, S, S] lie inside polygons [N, V, 2] (even-odd rule)."""
    inside = torch.zeros_like(x, dtype=torch.bool)
    ends = outline.roll(-1, dims=1)
    for corner in range(outline.shape[1]):
        x0, y0 = outline[:, corner].view(-1, 2, 1, 1).unbind(1)
        x1, y1 = ends[:, corner].view(-1, 2, 1, 1).unbind(1)
        between = (y0 > y) != (y1 > y)
        slope = (x1 - x0) / torch.where(y1 == y0, 1.0, y1 - y0)
        inside ^= between & (x < x0 + (y - y0) * slope)
    return inside
