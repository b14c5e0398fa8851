"""ONNX Runtime: CPU, CUDA and CANN (Ascend NPUs)."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArtifactError, ConfigError, DeviceUnavailableError, MissingDependencyError
from ..families.base import GraphSpec
from ..runtime import Feeds, Outputs, RuntimeInfo, closed
from ..threads import resolve_threads
from .files import ModelFiles, Options

if TYPE_CHECKING:
    import onnxruntime as ort

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
CANN = "CANNExecutionProvider"
REFUSED_CPU = "fallback to CPU EP has been explicitly disabled"
DISTRIBUTIONS = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-cann")


class OnnxRuntime:
    """Runs ONNX graphs; one session a graph, safe for several threads.

    Waiting threads sleep instead of spinning: spinning costs a whole CPU between frames
    and several times the latency as soon as another process wants the same CPUs.

    Args:
        files: ONNX graphs.
        options: device ``auto``, ``cpu``, ``cuda``, ``cuda:N``, ``npu`` or ``npu:N``;
            precision fp32.

    Raises:
        MissingDependencyError: onnxruntime is not installed.
        DeviceUnavailableError: the device has no active provider.
        ConfigError: a precision that this runtime does not have.
        ArtifactError: a graph that cannot be read.
    """

    def __init__(self, files: ModelFiles, options: Options) -> None:
        module = _module()
        if options.precision not in (None, "fp32") or options.fast:
            raise ConfigError(
                "expected precision fp32 for onnxruntime; got "
                f"{options.precision or 'fast=True'}. Use runtime='openvino' for bf16."
            )
        self._device, provider = _provider(module, options.device)
        threads = resolve_threads(options.threads)
        self._specs = dict(files.specs)
        self._sessions = {
            name: _session(module, _readable(path), provider, threads)
            for name, path in files.graphs.items()
        }
        self._on_cuda = self._device.startswith("cuda")
        for session in self._sessions.values():
            active = session.get_providers()
            if self._on_cuda and CUDA not in active:
                raise _no_cuda(module, options.device, f"{active} after loading CUDA failed")
            if self._device.startswith("npu") and CANN not in active:
                raise _no_cann(module, options.device, f"{active} after loading CANN failed")
        self._info = RuntimeInfo(
            name="onnxruntime",
            device=self._device,
            provider=f"{active[0]} (onnxruntime {module.__version__})",
            precision="fp32",
            threads=threads if self._device == "cpu" else 0,
            details={"spinning": "off", "available": ", ".join(module.get_available_providers())},
        )

    @property
    def info(self) -> RuntimeInfo:
        """What is really active."""
        return self._info

    def run(self, graph: str, feeds: Feeds) -> Outputs:
        """Run one graph once."""
        if not self._sessions:
            raise closed("onnxruntime")
        session, spec = self._sessions[graph], self._specs[graph]
        names = [tensor.name for tensor in spec.outputs]
        if self._on_cuda:
            return self._run_bound(session, spec, feeds)
        return dict(zip(names, session.run(names, dict(feeds)), strict=True))

    def close(self) -> None:
        """Drop the sessions."""
        self._sessions = {}

    def _run_bound(self, session: ort.InferenceSession, spec: GraphSpec, feeds: Feeds) -> Outputs:
        """One copy of the feeds to the device and one of the outputs back."""
        binding = session.io_binding()
        for tensor in spec.inputs:
            binding.bind_cpu_input(tensor.name, np.ascontiguousarray(feeds[tensor.name]))
        for tensor in spec.outputs:
            binding.bind_output(tensor.name, "cuda", _index(self._device))
        session.run_with_iobinding(binding)
        values = binding.copy_outputs_to_cpu()
        return dict(zip((tensor.name for tensor in spec.outputs), values, strict=True))


def _module() -> Any:
    installed = installed_distributions()
    if len(installed) > 1:
        raise ConfigError(
            f"{' and '.join(installed)} are installed side by side; they overwrite each other's "
            "files. Uninstall both (pip uninstall -y onnxruntime onnxruntime-gpu), then install "
            "one: pip install onnxruntime (CPU) or pip install onnxruntime-gpu (CPU and CUDA)."
        )
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise MissingDependencyError("onnxruntime", "onnxruntime", "to run ONNX") from error
    return onnxruntime


def installed_distributions() -> tuple[str, ...]:
    """Which of the onnxruntime wheels are installed; more than one is a fault."""
    found = []
    for name in DISTRIBUTIONS:
        try:
            version(name)
        except PackageNotFoundError:
            continue
        found.append(name)
    return tuple(found)


def _provider(module: Any, asked: str) -> tuple[str, Any]:
    """The device's name and what to ask of ONNX Runtime; the CPU takes over nothing."""
    has_cuda = CUDA in module.get_available_providers()
    device = ("cuda" if has_cuda else "cpu") if asked == "auto" else asked
    if device == "cpu":
        return device, CPU
    kind, _, number = device.partition(":")
    if kind == "npu" and (not number or number.isdecimal()):
        return _cann(module, device)
    if kind != "cuda" or (number and not number.isdecimal()):
        raise DeviceUnavailableError(
            asked,
            "cpu, cuda, cuda:N, npu, npu:N (onnxruntime)",
            "Choose one of them, or another runtime.",
        )
    if not has_cuda:
        raise _no_cuda(module, asked, ", ".join(module.get_available_providers()))
    return device, (CUDA, {"device_id": _index(device), "use_tf32": 0})


def _cann(module: Any, device: str) -> tuple[str, Any]:
    """The whole graph on the NPU, in the graph's own precision; not run on hardware."""
    available = module.get_available_providers()
    if CANN not in available:
        raise _no_cann(module, device, ", ".join(available))
    wanted = {"device_id": _index(device), "precision_mode": "must_keep_origin_dtype"}
    return device, (CANN, {**wanted, "enable_cann_graph": True})


def _no_cann(module: Any, asked: str, found: str) -> DeviceUnavailableError:
    return DeviceUnavailableError(
        asked,
        f"{found} (onnxruntime {module.__version__})",
        "Install onnxruntime-cann in place of onnxruntime, source CANN's set_env.sh and check "
        "npu-smi info; or export with --target ascend and use runtime='ascend'.",
    )


def _index(device: str) -> int:
    return int(device.partition(":")[2] or 0)


def _no_cuda(module: Any, asked: str, found: str) -> DeviceUnavailableError:
    wheels = ", ".join(installed_distributions()) or "unknown wheel"
    return DeviceUnavailableError(
        asked,
        f"{found} ({wheels} {module.__version__})",
        "Run pip uninstall -y onnxruntime, then pip install onnxruntime-gpu, and check "
        "nvidia-smi; or use device='cpu'.",
    )


def _readable(path: Path) -> str:
    """The path as ONNX Runtime takes it, which is UTF-8."""
    try:
        return os.fsencode(path).decode()
    except UnicodeDecodeError as error:
        raise ArtifactError(
            f"expected a path in UTF-8 for ONNX Runtime; got {str(path)!a}. Rename the folder, or "
            "use runtime='openvino'."
        ) from error


def _session(module: Any, path: str, provider: Any, threads: int) -> Any:
    options = module.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = [provider] if provider == CPU else [provider, CPU]
    if provider[0] == CANN:
        providers = [provider]
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    try:
        return module.InferenceSession(path, options, providers=providers)
    except Exception as error:
        if REFUSED_CPU in str(error):
            raise _only_in_part(path, provider[1]["device_id"], module) from error
        raise ArtifactError(f"{path}: ONNX Runtime cannot open it: {error}") from error


def _only_in_part(path: str, index: int, module: Any) -> DeviceUnavailableError:
    """A graph that the CPU would have to finish is not one that runs on the NPU."""
    return DeviceUnavailableError(
        f"npu:{index}",
        f"CANN for a part of {path}, the CPU for the rest (onnxruntime {module.__version__})",
        "Its operators are too new for CANN: export with --opset 18, or with --target ascend and "
        "use runtime='ascend'.",
    )
