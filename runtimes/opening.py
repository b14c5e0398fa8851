"""The one place that knows which runtimes there are and what each of them opens."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

from ..errors import ConfigError, MissingDependencyError
from .files import ModelFiles, Options

if TYPE_CHECKING:
    from ..runtime import Runtime


@dataclass(frozen=True)
class Entry:
    """A runtime by name.

    Attributes:
        module: of this package.
        type_name: class or function in it, called with (files, options).
        opens: targets of artifacts that it can open.
        package: that it needs.
        extra: of this SDK that installs the package.
    """

    module: str
    type_name: str
    opens: tuple[str, ...]
    package: str
    extra: str

    @property
    def installed(self) -> bool:
        """Whether the package can be imported."""
        return find_spec(self.package) is not None


RUNTIMES: dict[str, Entry] = {
    "onnxruntime": Entry("onnxruntime", "OnnxRuntime", ("onnx",), "onnxruntime", "onnxruntime"),
    "openvino": Entry("openvino", "OpenVINORuntime", ("openvino", "onnx"), "openvino", "openvino"),
    "ascend": Entry("ascend.opening", "open_ascend", ("ascend",), "acl", "ascend"),
}
"""In the order in which ``auto`` looks for one."""


def open_runtime(name: str, files: ModelFiles, options: Options) -> Runtime:
    """Open the graphs of a model.

    Args:
        name: of the runtime, or ``auto``: the first installed one that opens the files;
            ``info`` of what comes back says which.
        files: the graphs.
        options: device, threads, precision.

    Raises:
        ConfigError: no such runtime, or it does not open this kind of files.
        RuntimeUnavailableError: the runtime or the device is not there.
        ArtifactError: a graph that cannot be read.
    """
    entry = RUNTIMES[_chosen(files.target) if name == "auto" else _checked(name, files.target)]
    module = import_module(f".{entry.module}", __package__)
    return cast("Runtime", getattr(module, entry.type_name)(files, options))


def runtimes_for(target: str) -> tuple[str, ...]:
    """Names of the runtimes that open artifacts of a target."""
    return tuple(name for name, entry in RUNTIMES.items() if target in entry.opens)


def _checked(name: str, target: str) -> str:
    names = runtimes_for(target)
    if name not in names:
        raise ConfigError(
            f"expected runtime {', '.join((*names, 'auto'))} for an artifact of target "
            f"'{target}'; got {name!r}."
        )
    return name


def _chosen(target: str) -> str:
    names = runtimes_for(target)
    if not names:
        raise ConfigError(f"no runtime opens artifacts of target '{target}'.")
    if len(names) == 1:
        return names[0]
    for name in names:
        if RUNTIMES[name].installed:
            return name
    first = RUNTIMES[names[0]]
    raise MissingDependencyError(first.package, first.extra, f"to run {target} artifacts")
