"""What the runtime is told of the graphs that an export wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from ...runtimes.ascend.sidecar import CompiledGraph, Sidecar
from .aipp_file import image_inputs
from .command import AtcJob


def sidecar_of(jobs: Mapping[str, AtcJob], folder: Path, opset: int) -> Sidecar:
    """The facts of a folder.

    Args:
        jobs: graph name to job.
        folder: with the ONNX graphs, and the ``.om`` files if they were made.
        opset: of the graphs.
    """
    first = next(iter(jobs.values()))
    return Sidecar(
        soc_version=first.soc_version,
        precision=first.precision,
        normalisation=first.normalisation,
        opset=opset,
        graphs={name: _graph(job, folder) for name, job in jobs.items()},
    )


def _graph(job: AtcJob, folder: Path) -> CompiledGraph:
    return CompiledGraph(
        atc=tuple(job.argv()),
        images=image_inputs(job.spec, job.normalisation),
        inputs=job.spec.inputs,
        outputs=job.spec.outputs,
        sha256={
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (folder / f"{job.graph}.onnx", folder / f"{job.graph}.om")
            if path.is_file()
        },
    )
