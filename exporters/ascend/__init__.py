"""Export for Ascend 310B: ATC-ready ONNX, AIPP configuration, ``atc``. Not run on hardware."""
