"""Target ``onnx``: one file a graph, one file of weights for all."""

from __future__ import annotations

from pathlib import Path

from ..errors import ExportError
from .job import Job, Written
from .onnx_graph import onnx_models
from .onnx_weights import share_weights


def write(job: Job, folder: Path) -> Written:
    """Write the graphs and their weights into a folder.

    Raises:
        ExportError: a graph that ONNX cannot express, or that its checker refuses.
    """
    import onnx

    models = onnx_models(job)
    weights = folder / job.options.weights_name
    share_weights(models, job.checkpoint, job.precision, weights)
    files = {name: f"{name}.onnx" for name in models}
    for name, model in models.items():
        path = folder / files[name]
        path.write_bytes(model.SerializeToString())
        try:
            onnx.checker.check_model(str(path), full_check=True)
        except Exception as error:
            raise ExportError(f"{path.name}: onnx.checker refuses it: {error}") from error
    return Written(files, weights.name, job.options.opset)
