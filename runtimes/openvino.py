"""OpenVINO: CPU, GPU and NPU."""

from __future__ import annotations

import os
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, DeviceUnavailableError, MissingDependencyError
from ..runtime import Feeds, Outputs, RuntimeInfo, closed
from ..threads import resolve_threads
from .compiled_cache import CompiledCache
from .files import CACHE_VARIABLE, ModelFiles, Options, cache_directory
from .openvino_compiler import Compiler

if TYPE_CHECKING:
    import openvino as ov

HINTS = {"fp32": "f32", "fp16": "f16", "bf16": "bf16"}
PRECISIONS = {"f32": "fp32", "f16": "fp16", "bf16": "bf16", "dynamic": "dynamic"}


class OpenVINORuntime:
    """Runs OpenVINO IR or ONNX graphs, safe for several threads.

    One compiled model a graph; each thread that runs at the same time has its own infer
    request. OpenVINO would choose bf16 by itself where the CPU has it; here it computes
    in fp32 unless ``fast`` or a precision is asked for.

    Compiled models are kept in a cache; on the CPU, where that saves a third of a second,
    only if one is asked for.

    Args:
        files: IR or ONNX graphs.
        options: device ``auto``, ``cpu``, ``gpu``, ``gpu:N`` or ``npu``.

    Raises:
        MissingDependencyError: openvino is not installed.
        DeviceUnavailableError: OpenVINO does not see the device.
        ConfigError: a precision that the device does not have, or a cache that cannot be
            made where it was asked for.
        InputError: that cache cannot be written to.
        ArtifactError: a graph that cannot be read.
    """

    def __init__(self, files: ModelFiles, options: Options) -> None:
        module = _module()
        core = module.Core()
        device = _device(core, options.device)
        on_cpu = device == "CPU"
        threads = resolve_threads(options.threads)
        compiler = Compiler(core, device, _properties(options, threads if on_cpu else None))
        cache = _cache(options.cache, on_cpu) if compiler.exports else None
        self._compiled = {
            name: compiler.opened(path, files.weights, cache) for name, path in files.graphs.items()
        }
        self._idle: dict[str, SimpleQueue[Any]] = {name: SimpleQueue() for name in self._compiled}
        self._info = RuntimeInfo(
            name="openvino",
            device=device.lower().replace(".", ":"),
            provider=f"{core.get_property(device, 'FULL_DEVICE_NAME')} "
            f"(openvino {module.__version__})",
            precision=self._precision(options),
            threads=threads if on_cpu else 0,
            details={"hint": "LATENCY", "cache": str(cache.folder) if cache else "off"},
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
    properties: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
    if threads is not None:
        properties |= {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    asked = options.precision or (None if options.fast else "fp32")
    if asked is not None:
        if asked not in HINTS:
            raise ConfigError(f"expected precision {', '.join(HINTS)}; got {asked!r}.")
        properties["INFERENCE_PRECISION_HINT"] = HINTS[asked]
    return properties


def _cache(asked: str | os.PathLike[str] | None, on_cpu: bool) -> CompiledCache | None:
    """Where compiled models are kept; None unasked on a CPU, or where there is no home."""
    needed = asked is not None or bool(os.environ.get(CACHE_VARIABLE))
    if on_cpu and not needed:
        return None
    try:
        folder = cache_directory(asked) / "openvino"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        if not needed:
            return None
        raise ConfigError(
            f"expected a folder for compiled models, from cache_dir or {CACHE_VARIABLE}; it "
            f"cannot be made: {error}."
        ) from error
    return CompiledCache(folder, needed=needed)
