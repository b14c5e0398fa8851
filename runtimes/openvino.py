"""OpenVINO: CPU, GPU and NPU."""

from __future__ import annotations

import os
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from ..errors import ArtifactError, ConfigError, DeviceUnavailableError, MissingDependencyError
from ..runtime import Feeds, Outputs, RuntimeInfo, closed
from ..threads import resolve_threads
from .files import CACHE_VARIABLE, ModelFiles, Options, cache_directory

if TYPE_CHECKING:
    import openvino as ov

HINTS = {"fp32": "f32", "fp16": "f16", "bf16": "bf16"}
PRECISIONS = {"f32": "fp32", "f16": "fp16", "bf16": "bf16", "dynamic": "dynamic"}


class OpenVINORuntime:
    """Runs OpenVINO IR or ONNX graphs, safe for several threads.

    One compiled model a graph; each thread that runs at the same time has its own infer
    request. OpenVINO would choose bf16 by itself where the CPU has it; here it computes
    in fp32 unless ``fast`` or a precision is asked for.

    Args:
        files: IR or ONNX graphs.
        options: device ``auto``, ``cpu``, ``gpu``, ``gpu:N`` or ``npu``.

    Raises:
        MissingDependencyError: openvino is not installed.
        DeviceUnavailableError: OpenVINO does not see the device.
        ConfigError: a precision that the device does not have, or a cache that cannot be
            made where it was asked for.
        ArtifactError: a graph that cannot be read.
    """

    def __init__(self, files: ModelFiles, options: Options) -> None:
        module = _module()
        core = module.Core()
        device = _device(core, options.device)
        on_cpu = device == "CPU"
        threads = resolve_threads(options.threads)
        properties = _properties(options, threads if on_cpu else None)
        self._compiled = {
            name: _compile(core, path, files.weights, device, properties)
            for name, path in files.graphs.items()
        }
        self._idle: dict[str, SimpleQueue[Any]] = {name: SimpleQueue() for name in self._compiled}
        self._info = RuntimeInfo(
            name="openvino",
            device=device.lower().replace(".", ":"),
            provider=f"{core.get_property(device, 'FULL_DEVICE_NAME')} "
            f"(openvino {module.__version__})",
            precision=self._precision(options),
            threads=threads if on_cpu else 0,
            details={"hint": "LATENCY", "cache": properties["CACHE_DIR"] or "off"},
        )

    @property
    def info(self) -> RuntimeInfo:
        """What is really active."""
        return self._info

    def run(self, graph: str, feeds: Feeds) -> Outputs:
        """Run one graph once."""
        if not self._compiled:
            raise closed("openvino")
        idle = self._idle[graph]
        try:
            request = idle.get_nowait()
        except Empty:
            request = self._compiled[graph].create_infer_request()
        try:
            results = request.infer(dict(feeds))
            return {port.get_any_name(): array for port, array in results.items()}
        finally:
            idle.put(request)

    def close(self) -> None:
        """Drop the compiled models."""
        self._idle, self._compiled = {}, {}

    def _precision(self, options: Options) -> str:
        compiled = next(iter(self._compiled.values()))
        name = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        active = PRECISIONS.get(name, name)
        if options.precision is not None and active != options.precision:
            raise ConfigError(
                f"expected precision {options.precision}; OpenVINO computes in {active} on this "
                "device. Leave precision out, or use fast=True to take what the device has."
            )
        return str(active)


def _module() -> Any:
    try:
        import openvino
    except ModuleNotFoundError as error:
        raise MissingDependencyError("openvino", "openvino", "to run on OpenVINO") from error
    return openvino


def _device(core: ov.Core, asked: str) -> str:
    found = core.available_devices
    if asked == "auto":
        return "CPU"
    name = asked.upper().replace(":", ".")
    matches = [d for d in found if name in (d, d.partition(".")[0], f"{d}.0")]
    if not matches:
        raise DeviceUnavailableError(
            asked,
            f"{', '.join(found).lower()} (openvino)",
            "Choose one of them, or install the device's driver for OpenVINO.",
        )
    return str(matches[0])


def _properties(options: Options, threads: int | None) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        "CACHE_DIR": _cache(options.cache),
    }
    if threads is not None:
        properties |= {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    asked = options.precision or (None if options.fast else "fp32")
    if asked is not None:
        if asked not in HINTS:
            raise ConfigError(f"expected precision {', '.join(HINTS)}; got {asked!r}.")
        properties["INFERENCE_PRECISION_HINT"] = HINTS[asked]
    return properties


def _cache(asked: str | os.PathLike[str] | None) -> str:
    """Folder for compiled models; empty, which turns caching off, where there is no home."""
    try:
        folder = cache_directory(asked) / "openvino"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        if asked is None and CACHE_VARIABLE not in os.environ:
            return ""
        raise ConfigError(
            f"expected a folder for compiled models, from cache_dir or {CACHE_VARIABLE}; it "
            f"cannot be made: {error}."
        ) from error
    return str(folder)


def _compile(
    core: ov.Core, path: Path, weights: Path | None, device: str, properties: dict[str, Any]
) -> ov.CompiledModel:
    try:
        if path.suffix == ".xml" and weights is not None:
            model = core.read_model(path, weights)
        else:
            model = core.read_model(path)
        return core.compile_model(model, device, properties)
    except RuntimeError as error:
        raise ArtifactError(f"{path}: OpenVINO cannot open it: {error}") from error
