"""Stage 2: task-specific self-distillation (paper, section 3.2).

Every layer from the fifth on predicts the four coordinates, with cross-entropy and SIoU
of its own, and learns the distribution of the layer above it. One run gives every depth.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ..errors import ConfigError
from .bank import Bank
from .config import StageConfig
from .device_render import DeviceRenderer
from .net import Outputs, TrainableNet
from .stage_pretrain import PretrainStage


class DistillStage(PretrainStage):
    """Pairs as in pretraining, losses at every predicting layer.

    Args:
        config: of the stage; ``loss.distill`` weighs the divergence between layers.
        bank: images.
        seed: of its samples.
        renderer: as of `PretrainStage`.

    Raises:
        ConfigError: the divergence has no weight.
    """

    def __init__(
        self, config: StageConfig, bank: Bank, seed: int, renderer: DeviceRenderer | None = None
    ) -> None:
        super().__init__(config, bank, seed, renderer)
        if config.loss.distill <= 0:
            raise ConfigError(
                f"stage '{config.name}': expected loss.distill above 0 for kind 'distill'; got "
                f"{config.loss.distill}. Set it, for example to 1.0, or use kind 'pretrain'."
            )

    def _outputs(self, net: TrainableNet, batch: Mapping[str, Tensor], grid: int) -> Outputs:
        out: Outputs = net(batch, grid, self._config.predict_from - 1)
        return out
