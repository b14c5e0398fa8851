"""Static AIPP: what the NPU's image unit does to a uint8 image before the graph.

Per channel: ``(value - mean - low) * gain``, computed in float16, NHWC to NCHW. Who
normalises an image is one of three:

- ``graph``: AIPP divides by 256, a power of two, which float16 holds exactly; the rest of
  the normalisation is in the weights of the graph's first convolution.
- ``aipp``: AIPP subtracts ImageNet's mean and divides by its deviation, in float16.
- ``host``: no AIPP; the host computes the same in float32 and uploads float images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from ...families.base import ImageScale, Triple
from .codes import RGB888_U8

Normalisation = Literal["graph", "aipp", "host"]
NORMALISATIONS: tuple[Normalisation, ...] = ("graph", "aipp", "host")
HALF_STEP = 2.0**-10
"""Relative tolerance of a value that passed through float16."""


@dataclass(frozen=True)
class StaticAipp:
    """What AIPP does to an RGB image.

    By default ImageNet's mean (.485, .456, .406) and deviation (.229, .224, .225) times
    255. The mean is split because AIPP takes an integer and a small float16.

    Attributes:
        width, height: of the image, pixels.
        mean: ``mean_chn_i``, integers 0..255.
        low: ``min_chn_i``, the rest of the mean.
        gain: ``var_reci_chn_i``, 1 / (255 * deviation).
        swap_red_blue: ``rbuv_swap_switch``; False for RGB images.
    """

    width: int
    height: int
    mean: tuple[int, int, int] = (123, 116, 103)
    low: Triple = (0.675, 0.28, 0.53)
    gain: Triple = (0.0171247538, 0.0175070028, 0.0174291939)
    swap_red_blue: bool = False

    @classmethod
    def of(cls, normalisation: Normalisation, width: int, height: int) -> StaticAipp:
        """What an image goes through before the graph, on the NPU or on the host."""
        if normalisation == "graph":
            return cls(width, height, (0, 0, 0), (0.0, 0.0, 0.0), (2.0**-8,) * 3)
        return cls(width, height)

    def scale(self, *, on_npu: bool) -> ImageScale:
        """What a graph is given, with the coefficients as AIPP or the host has them."""
        kind = _precision(on_npu)
        low, gain = ([float(kind(v)) for v in values] for values in (self.low, self.gain))
        shift = [m + v for m, v in zip(self.mean, low, strict=True)]
        return ImageScale(cast(Triple, tuple(shift)), cast(Triple, tuple(gain)))

    def apply(self, image: npt.NDArray[np.uint8], *, on_npu: bool) -> npt.NDArray[np.float32]:
        """The scaled image, float32 [B, 3, H, W].

        Args:
            image: uint8 [B, H, W, 3] RGB.
            on_npu: in float16, as AIPP computes; else in float32.
        """
        kind = _precision(on_npu)
        values = (image[..., ::-1] if self.swap_red_blue else image).astype(kind)
        mean, low, gain = (np.array(v, kind) for v in (self.mean, self.low, self.gain))
        scaled = ((values - mean) - low) * gain
        return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2), np.float32)

    def differences(self, info: dict[str, Any]) -> list[str]:
        """Where ``acl.mdl.get_first_aipp_info`` disagrees; keys it lacks are skipped."""
        return [
            f"{key} {info[key]} instead of {value}"
            for key, value in self.reported().items()
            if key in info and abs(float(info[key]) - value) > HALF_STEP * abs(value)
        ]

    def reported(self) -> dict[str, float]:
        """What ``acl.mdl.get_first_aipp_info`` should say."""
        expected: dict[str, float] = {
            "srcImageSizeW": self.width,
            "srcImageSizeH": self.height,
            "inputFormat": RGB888_U8,
            "rbuvSwapSwitch": int(self.swap_red_blue),
        }
        for i in range(3):
            expected[f"meanChn{i}"] = self.mean[i]
            expected[f"minChn{i}"] = self.low[i]
            expected[f"varReciChn{i}"] = self.gain[i]
        return expected


def _precision(on_npu: bool) -> type[np.floating[Any]]:
    return np.float16 if on_npu else np.float32
