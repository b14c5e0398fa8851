"""The exact ``atc`` command of a graph."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from ...errors import ConfigError
from ...families.base import GraphSpec
from ...runtimes.ascend.aipp import NORMALISATIONS, Normalisation
from .border import onnx_inputs

Precision = Literal["origin", "mixed", "fp16"]
MODES = {
    "origin": "must_keep_origin_dtype",
    "mixed": "allow_mix_precision",
    "fp16": "force_fp16",
}
"""The SDK's word to ATC's ``--precision_mode``. ATC's own default would be force_fp16."""
CHIP = re.compile(r"Ascend\d{3}[A-Za-z0-9_]*")
SAFE = re.compile(r"[A-Za-z0-9_.\-/]+")


@dataclass(frozen=True)
class AtcJob:
    """One graph to compile, all paths relative to the working directory.

    Attributes:
        graph: name of the graph; ``<graph>.onnx`` becomes ``<graph>.om``.
        spec: its border.
        soc_version: for example ``Ascend310B4``.
        precision: ``origin``, ``mixed`` or ``fp16``.
        normalisation: who normalises images.
    """

    graph: str
    spec: GraphSpec
    soc_version: str
    precision: Precision = "origin"
    normalisation: Normalisation = "graph"

    @property
    def aipp_file(self) -> str | None:
        """Name of the AIPP configuration, if the NPU takes images as bytes."""
        images = any(tensor.dtype == "uint8" for tensor in self.spec.inputs)
        return f"aipp_{self.graph}.cfg" if images and self.normalisation != "host" else None

    def argv(self, atc: str = "atc") -> list[str]:
        """The command as an argument list; no shell, no quotes."""
        inputs = onnx_inputs(self.spec)
        shapes = ";".join(f"{t.name}:{','.join(map(str, t.shape))}" for t in inputs)
        images = [f"--insert_op_conf={self.aipp_file}"] if self.aipp_file else []
        return [
            atc,
            "--framework=5",
            f"--model={self.graph}.onnx",
            f"--output={self.graph}",
            f"--soc_version={self.soc_version}",
            "--input_format=NCHW",
            f"--input_shape={shapes}",
            *images,
            f"--precision_mode={MODES[self.precision]}",
            "--output_type=FP32",
            "--op_compiler_cache_mode=enable",
            "--op_compiler_cache_dir=./cache",
            "--log=error",
        ]


def checked_soc(soc_version: str | None) -> str:
    """The chip's name, which nobody can guess.

    Raises:
        ConfigError: none was given, or it is not one of a chip; says how to find it.
    """
    if soc_version and CHIP.fullmatch(soc_version):
        return soc_version
    raise ConfigError(
        f"expected --soc-version, the chip that will run the model; got {soc_version!r}. On the "
        "board, 'npu-smi info' shows it in the column Name (310B4 means Ascend310B4), or: "
        "python -c 'import acl; print(acl.get_soc_name())'. Orange Pi AIpro 8T and Atlas 200I "
        "DK A2 are Ascend310B4, Orange Pi AIpro 20T is Ascend310B1."
    )


def checked_precision(precision: str) -> Precision:
    """``origin``, ``mixed`` or ``fp16``.

    Raises:
        ConfigError: another word.
    """
    if precision not in MODES:
        raise ConfigError(f"expected --precision {', '.join(MODES)} for Ascend; got {precision!r}.")
    return cast(Precision, precision)


def checked_normalisation(normalisation: str) -> Normalisation:
    """``graph``, ``aipp`` or ``host``.

    Raises:
        ConfigError: another word.
    """
    if normalisation not in NORMALISATIONS:
        raise ConfigError(
            f"expected --normalise {', '.join(NORMALISATIONS)}; got {normalisation!r}."
        )
    return normalisation


def checked_python(folder: Path | None) -> None:
    """Whether there is a Python in the folder that ATC is to use.

    Raises:
        ConfigError: there is none.
    """
    if folder is not None and not any(folder.glob("python3*")):
        raise ConfigError(
            f"expected --atc-python-bin, the bin folder of a Python; {folder} has no python3."
        )
