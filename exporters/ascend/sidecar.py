"""``ascend.json``: what the runtime must know of the compiled graphs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...families.base import GraphSpec
from .aipp_file import image_inputs
from .command import AtcJob


def sidecar(jobs: Mapping[str, AtcJob], folder: Path, opset: int) -> dict[str, Any]:
    """Facts for `runtimes.ascend.opening`, and for people.

    Args:
        jobs: graph name to job.
        folder: with the ONNX graphs, and the ``.om`` files if they were made.
        opset: of the graphs.
    """
    first = next(iter(jobs.values()))
    return {
        "soc_version": first.soc_version,
        "precision": first.precision,
        "normalisation": "aipp" if first.aipp else "host",
        "color": "rgb",
        "opset": opset,
        "status": "not run on hardware",
        "graphs": {name: _graph(job, folder) for name, job in jobs.items()},
    }


def write_sidecar(facts: dict[str, Any], folder: Path) -> Path:
    """Store it."""
    path = folder / "ascend.json"
    path.write_text(json.dumps(facts, indent=2) + "\n")
    return path


def _graph(job: AtcJob, folder: Path) -> dict[str, Any]:
    images = {name: aipp.as_dict() for name, aipp in image_inputs(job.spec).items()}
    return {
        "atc": job.argv(),
        "images": images,
        "inputs": _border(job.spec, "inputs"),
        "outputs": _border(job.spec, "outputs"),
        "sha256": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (folder / f"{job.graph}.onnx", folder / f"{job.graph}.om")
            if path.is_file()
        },
    }


def _border(spec: GraphSpec, side: str) -> list[dict[str, Any]]:
    tensors = spec.inputs if side == "inputs" else spec.outputs
    return [{"name": t.name, "shape": list(t.shape), "dtype": t.dtype} for t in tensors]
