"""Export for Ascend 310B: ATC-ready ONNX, AIPP configuration, ``atc``. Not run on hardware."""

from .export import export_for_board
from .request import AscendRequest

__all__ = ["AscendRequest", "export_for_board"]
