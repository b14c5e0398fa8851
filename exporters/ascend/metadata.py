"""``metadata.json`` of an Ascend folder, in the format of all artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ...artifact import METADATA_FILE, GraphFacts, Metadata, file_facts
from ...checkpoint.source import Checkpoint
from .command import AtcJob

PACKAGES = ("fartrack-sdk", "torch", "onnx", "numpy")
FACTS_OF_THE_FILE = ("license",)


def write_metadata(
    checkpoint: Checkpoint,
    jobs: Mapping[str, AtcJob],
    folder: Path,
    opset: int,
    parity: dict[str, Any] | None,
) -> Path:
    """Describe the folder; the ``.om`` files are listed whether they are there yet or not.

    Args:
        checkpoint: that was exported.
        jobs: graph name to job.
        folder: with all other files.
        opset: of the ONNX graphs.
        parity: summary of the comparison with PyTorch, if it was made.
    """
    job = next(iter(jobs.values()))
    config, facts = checkpoint.config, checkpoint.metadata
    metadata = Metadata(
        target="ascend",
        family=config.family,
        variant=config.variant,
        config=config.model_dump(),
        precision="fp32",
        opset=opset,
        graphs={name: GraphFacts.of(j.spec, f"{name}.om") for name, j in jobs.items()},
        thresholds=checkpoint.thresholds,
        license=facts.get("license", "unknown"),
        source={k: v for k, v in facts.items() if k not in FACTS_OF_THE_FILE},
        versions={name: version(name) for name in PACKAGES},
        parity=parity,
        files={p.name: file_facts(p) for p in _files(folder)},
        extra={
            "soc_version": job.soc_version,
            "atc_precision": job.precision,
            "normalisation": job.normalisation,
            "status": "not run on hardware",
        },
    )
    path = folder / METADATA_FILE
    path.write_text(metadata.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return path


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_file() and p.name != METADATA_FILE)
