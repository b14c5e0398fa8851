"""Static AIPP: what the NPU's image unit does to a uint8 image before the graph.

Per channel: ``(value - mean - low) * gain``, computed in float16, NHWC to NCHW.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .codes import RGB888_U8

Triple = tuple[float, float, float]
HALF_STEP = 2.0**-10
"""Relative tolerance of a value that passed through float16."""


@dataclass(frozen=True)
class StaticAipp:
    """Normalisation of an RGB image by AIPP.

    ImageNet's mean (.485, .456, .406) and deviation (.229, .224, .225) times 255. The
    mean is split because AIPP takes an integer and a small float16.

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

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for ``metadata.json``."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> StaticAipp:
        """The inverse of ``as_dict``."""
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()
        }
        return cls(**values)

    def apply(
        self, image: npt.NDArray[np.uint8], precision: type[np.floating[Any]] = np.float32
    ) -> npt.NDArray[np.float32]:
        """The normalised image, float32 [B, 3, H, W].

        Args:
            image: uint8 [B, H, W, 3] RGB.
            precision: of the arithmetic; ``np.float16`` emulates AIPP.
        """
        values = (image[..., ::-1] if self.swap_red_blue else image).astype(precision)
        mean, low, gain = (np.array(v, precision) for v in (self.mean, self.low, self.gain))
        normalised = ((values - mean) - low) * gain
        return np.ascontiguousarray(normalised.transpose(0, 3, 1, 2), np.float32)

    def differences(self, info: dict[str, Any]) -> list[str]:
        """Where ``acl.mdl.get_first_aipp_info`` disagrees; keys it lacks are skipped."""
        expected = {
            "srcImageSizeW": self.width,
            "srcImageSizeH": self.height,
            "inputFormat": RGB888_U8,
            "rbuvSwapSwitch": int(self.swap_red_blue),
        }
        for i in range(3):
            expected[f"meanChn{i}"] = self.mean[i]
            expected[f"minChn{i}"] = self.low[i]  # type: ignore[assignment]
            expected[f"varReciChn{i}"] = self.gain[i]  # type: ignore[assignment]
        return [
            f"{key} {info[key]} instead of {value}"
            for key, value in expected.items()
            if key in info and abs(float(info[key]) - value) > HALF_STEP * abs(value)
        ]
