"""The targets by name; each is a module with ``write(job, folder) -> Written``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from ..artifact import WeightPrecision
from ..errors import ConfigError
from .job import Job, Written


@dataclass(frozen=True)
class Target:
    """A format that graphs can be exported to.

    Attributes:
        module: of this package, with the function ``write``.
        runtime: that the result is compared on.
        precisions: of the stored weights; the first is the default.
        packages: whose versions are recorded.
    """

    module: str
    runtime: str
    precisions: tuple[WeightPrecision, ...]
    packages: tuple[str, ...]

    def write(self, job: Job, folder: Path) -> Written:
        """Write the graphs into an empty folder."""
        module = import_module(f".{self.module}", __package__)
        return cast("Callable[[Job, Path], Written]", module.write)(job, folder)


TARGETS: dict[str, Target] = {
    "onnx": Target("onnx_target", "onnxruntime", ("fp32", "fp16"), ("torch", "onnx", "onnxscript")),
    "openvino": Target(
        "openvino_target", "openvino", ("fp16", "fp32"), ("torch", "onnx", "onnxscript", "openvino")
    ),
}
REFUSED = {
    "ascend": "It has options of its own: run fartrack-export --target ascend, or call "
    "fartrack_sdk.exporters.ascend.export_for_board",
    "torchscript": "PyTorch has deprecated TorchScript, and it still needs torch to run: use "
    "target 'onnx' or 'openvino', or the checkpoint itself with runtime 'pytorch'",
}


def target_named(name: str) -> Target:
    """The target of that name.

    Raises:
        ConfigError: there is none.
    """
    if name in TARGETS:
        return TARGETS[name]
    known = ", ".join(TARGETS)
    reason = f" {REFUSED[name]}." if name in REFUSED else ""
    raise ConfigError(f"expected target {known} or ascend; got {name!r}.{reason}")


def resolved_precision(target: Target, asked: WeightPrecision | None) -> WeightPrecision:
    """The precision of the stored weights.

    Raises:
        ConfigError: the target does not store weights so.
    """
    if asked is None:
        return target.precisions[0]
    if asked not in target.precisions:
        raise ConfigError(f"expected precision {', '.join(target.precisions)}; got {asked!r}.")
    return asked
