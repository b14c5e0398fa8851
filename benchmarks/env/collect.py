"""What a bug report needs: machine, cores, libraries, providers."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Any

from ...threads import ENVIRONMENT, cgroup_quota, resolve_threads, usable_cpus
from .cpu import FLAGS, cpu_flags, cpu_name
from .report import EnvReport

PACKAGES = (
    "fartrack-sdk",
    "numpy",
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "pydantic",
    "safetensors",
    "torch",
    "onnx",
    "onnxruntime",
    "onnxruntime-gpu",
    "openvino",
    "matplotlib",
    "psutil",
    "distributed",
)
ONNXRUNTIME_WHEELS = {"onnxruntime", "onnxruntime-gpu"}
ASCEND_HOMES = ("ASCEND_TOOLKIT_HOME", "ASCEND_HOME_PATH")


def environment() -> EnvReport:
    """Look at this machine and interpreter; nothing is changed and nothing leaves it."""
    versions = {name: version for name in PACKAGES if (version := _version(name)) is not None}
    return EnvReport(
        machine={
            "CPU": cpu_name(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "Python": f"{platform.python_version()} ({sys.executable})",
            "memory": _memory(),
            "GPU driver": shutil.which("nvidia-smi") or "none found",
        },
        cores=_cores(),
        instruction_sets=[flag for flag in FLAGS if flag in cpu_flags()],
        packages=versions,
        runtimes=_runtimes(versions),
        warnings=_warnings(versions),
    )


def _memory() -> str:
    try:
        psutil: Any = importlib.import_module("psutil")
    except ImportError:
        return "unknown (psutil is not installed)"
    memory = psutil.virtual_memory()
    return f"{memory.total / 2**30:.1f} GiB, {memory.available / 2**30:.1f} GiB available"


def _cores() -> dict[str, str]:
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    quota = cgroup_quota()
    return {
        "logical CPUs": str(os.cpu_count()),
        "affinity": "unknown" if affinity is None else str(affinity),
        "cgroup quota": "none" if quota is None else f"{quota:g}",
        "usable": str(usable_cpus()),
        "threads by default": str(resolve_threads(None)),
        ENVIRONMENT: os.environ.get(ENVIRONMENT, "not set"),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "not set"),
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _runtimes(versions: dict[str, str]) -> dict[str, str]:
    probes = {
        "pytorch": _pytorch,
        "onnxruntime": _onnxruntime,
        "openvino": _openvino,
        "OpenCV": _opencv,
    }
    found = {name: _probed(probe) for name, probe in probes.items()}
    return {**found, "CANN": _cann()}


def _probed(probe: Any) -> str:
    """A library that is broken must not keep the rest from being reported."""
    try:
        return str(probe())
    except ImportError as error:
        return f"not importable: {error}"
    except Exception as error:
        return f"broken: {type(error).__name__}: {error}"


def _pytorch() -> str:
    import torch

    cuda = f"CUDA {torch.version.cuda}" if torch.cuda.is_available() else "no CUDA"
    capability = torch.backends.cpu.get_cpu_capability()
    return f"{torch.__version__}, {cuda}, CPU capability {capability}"


def _onnxruntime() -> str:
    onnxruntime: Any = importlib.import_module("onnxruntime")
    return f"{onnxruntime.__version__}: {', '.join(onnxruntime.get_available_providers())}"


def _openvino() -> str:
    openvino: Any = importlib.import_module("openvino")
    core = openvino.Core()
    return f"{openvino.get_version()}: {', '.join(core.available_devices)}"


def _opencv() -> str:
    import cv2

    lines = cv2.getBuildInformation().splitlines()
    wanted = ("Parallel framework", "FFMPEG", "GStreamer", "CPU/HW features")
    picked = [
        " ".join(line.split())
        for line in lines
        if line.strip().startswith(wanted) and not line.strip().endswith(":")
    ]
    return "; ".join([cv2.__version__, *picked])


def _cann() -> str:
    homes = [os.environ[name] for name in ASCEND_HOMES if os.environ.get(name)]
    usual = Path("/usr/local/Ascend/ascend-toolkit/latest")
    place = homes[0] if homes else str(usual) if usual.exists() else None
    return place or "not found"


def _warnings(versions: dict[str, str]) -> list[str]:
    warnings = []
    if set(versions) >= ONNXRUNTIME_WHEELS:
        warnings.append(
            "onnxruntime and onnxruntime-gpu are both installed: they share one "
            "module, and which one is imported is chance. Uninstall both, then "
            "install one."
        )
    opencv = [name for name in versions if name.startswith("opencv-")]
    if len(opencv) > 1:
        warnings.append(
            f"{' and '.join(opencv)} are installed together: they share the module "
            "cv2. Uninstall all, then install one."
        )
    return warnings
