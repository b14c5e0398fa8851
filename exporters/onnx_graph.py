"""From a PyTorch module of the contract to an ONNX model in memory."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ..errors import ExportError, MissingDependencyError
from ..families.base import GraphSpec
from .graphs import exported_modules
from .job import Job

if TYPE_CHECKING:
    import onnx
    from torch import Tensor, nn


@runtime_checkable
class Unfoldable(Protocol):
    """A module that can run on its weights as they lie in the checkpoint."""

    def unfolded(self) -> Any:
        """The same pass with its constants derived inside."""
        ...


def onnx_models(job: Job) -> dict[str, onnx.ModelProto]:
    """All graphs of a job, weights inside, checked.

    Raises:
        MissingDependencyError: torch, onnx or onnxscript is not installed.
        ExportError: a graph that ONNX cannot express.
    """
    for package in ("torch", "onnx", "onnxscript"):
        require_package(package)
    modules = exported_modules(job.checkpoint)
    return {
        name: exported(modules[name], spec, job.options.opset, job.facts)
        for name, spec in job.specs.items()
    }


def exported(
    module: nn.Module, spec: GraphSpec, opset: int, facts: Mapping[str, str]
) -> onnx.ModelProto:
    """One graph through ``torch.onnx``, with fixed shapes and the names of the contract.

    Args:
        module: of the graph, inputs and outputs ordered as in the spec.
        spec: its border.
        opset: to write.
        facts: stored as ``metadata_props``.

    Raises:
        ExportError: torch.onnx cannot express the graph, or not in this opset.
    """
    import onnx
    import torch

    source = module.unfolded() if isinstance(module, Unfoldable) else module
    source = source.eval().requires_grad_(False)
    with _quiet():
        try:
            program = torch.onnx.export(
                source,
                tuple(_example(t.shape, t.dtype) for t in spec.inputs),
                dynamo=True,
                opset_version=opset,
                input_names=[t.name for t in spec.inputs],
                output_names=[t.name for t in spec.outputs],
                external_data=False,
                verbose=False,
            )
            model: onnx.ModelProto = program.model_proto  # type: ignore[union-attr]
        except Exception as error:
            raise ExportError(f"graph '{spec.name}': torch.onnx.export failed: {error}") from error
    written = next(o.version for o in model.opset_import if not o.domain)
    if written != opset:
        raise ExportError(
            f"expected a graph of opset {opset}; torch.onnx {torch.__version__} writes {written}. "
            f"Use --opset {written}."
        )
    _strip(model)
    onnx.helper.set_model_props(model, dict(facts))
    onnx.checker.check_model(model, full_check=True)
    return model


def require_package(package: str) -> None:
    """A package that exports need.

    Raises:
        MissingDependencyError: it is not installed.
    """
    from importlib.util import find_spec

    if find_spec(package) is None:
        raise MissingDependencyError(package, "onnx", "to export")


def _example(shape: tuple[int, ...], dtype: str) -> Tensor:
    import torch

    return torch.zeros(shape, dtype=getattr(torch, dtype))


def _strip(model: onnx.ModelProto) -> None:
    """Drop what the exporter notes about Python sources: paths and lines."""
    del model.metadata_props[:]
    model.doc_string = model.graph.doc_string = ""
    del model.graph.metadata_props[:]
    del model.graph.value_info[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in (*model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter reports absent packages that nothing here uses."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
