"""Make the exported graphs of the bundled model: ``python -m fartrack_sdk.exporters.bundle``.

They lie beside ``default.safetensors`` and refer to it, so that one copy of the weights
serves PyTorch and ONNX. Run it after every change of that file.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from ..artifact import METADATA_FILE
from ..checkpoint.source import read_checkpoint
from ..loading import DEFAULT_MODEL
from .export import write_artifact
from .job import ExportOptions
from .targets import target_named


def bundle(assets: Path) -> list[Path]:
    """Export ``default.safetensors`` of a folder to ONNX, into the same folder.

    Returns:
        The files that were written; the metadata comes last.
    """
    checkpoint = read_checkpoint(assets / DEFAULT_MODEL)
    options = ExportOptions(precision="fp16", weights_name=DEFAULT_MODEL)
    with TemporaryDirectory(dir=assets.parent) as scratch:
        folder = Path(scratch)
        write_artifact(checkpoint, target_named(options.target), folder, options)
        files = sorted(folder.iterdir(), key=lambda path: path.name == METADATA_FILE)
        for file in files:
            os.replace(file, assets / file.name)
    return [assets / file.name for file in files]


if __name__ == "__main__":
    from fartrack_sdk import assets as package

    bundle(Path(str(package.__file__)).parent)
