"""What ATC's output says about a failure, in words.

Codes and texts from CANN's error registry and field reports; the first match wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class FailureClass:
    """A recognised failure.

    Attributes:
        name: short and stable.
        pattern: in ATC's output.
        remedy: what to do.
    """

    name: str
    pattern: str
    remedy: str


PYTHON_PACKAGES = (
    "ATC compiles operators with the Python that is first on PATH. Give it one of its own: "
    "Python 3.8 to 3.10 with 'numpy<1.25', decorator, sympy, scipy, attrs, psutil, cffi, "
    "'protobuf==3.20.*' and absl-py, and pass its bin folder as --atc-python-bin."
)
CLASSES = (
    FailureClass(
        "python-too-new",
        r"FrameLocalsProxy|np\.float_|numpy\.dtype size changed|module 'numpy' has no attribute",
        PYTHON_PACKAGES,
    ),
    FailureClass(
        "python-packages",
        r"ModuleNotFoundError|No module named|te_fusion|ImportError",
        PYTHON_PACKAGES,
    ),
    FailureClass(
        "unsupported-operator",
        r"E16002|No ONNX parser is registered",
        "This CANN does not know an operator of that opset. Export with --opset 13.",
    ),
    FailureClass(
        "no-kernel",
        r"EZ3002|EZ3003|E10501|IR .*not registered",
        "The chip has no kernel for an operator, or CANN's ops package is not installed.",
    ),
    FailureClass(
        "out-of-memory",
        r"[Oo]ut of memory|Cannot allocate memory|std::bad_alloc|\bKilled\b|signal 9",
        "Compile on an x86 host with the CANN toolkit (no NPU needed), or add swap to the board.",
    ),
    FailureClass(
        "wrong-chip",
        r"[Ss]oc_?version.*(invalid|not support|unsupported)|E10001.*soc_version",
        "Check --soc-version with npu-smi info, and that this CANN supports the chip.",
    ),
    FailureClass(
        "input-names",
        r"E10016|E13025",
        "The shapes do not fit the graph: export again; do not edit the ONNX or the command.",
    ),
    FailureClass(
        "missing-flag",
        r"E10007",
        "This CANN wants another flag. Run the printed command by hand and add it.",
    ),
    FailureClass(
        "bad-value",
        r"E10001",
        "This CANN refuses a value. Run the printed command by hand; see 'atc --help'.",
    ),
    FailureClass(
        "bad-model",
        r"E10041|E16005|E16001",
        "ATC cannot read the ONNX file: check the disk and export again.",
    ),
    FailureClass(
        "environment",
        r"E148049|OPP path|libascend\w*\.so|set_env",
        "Source CANN's set_env.sh in the shell that runs the export.",
    ),
    FailureClass(
        "internal",
        r"E19999|EZ9999",
        f"An inner error; the lines above it say more. Most often: {PYTHON_PACKAGES}",
    ),
)
UNKNOWN = FailureClass("unknown", "", "Run the command by hand with --log=debug.")


def recognised(output: str) -> FailureClass:
    """The class of a failure, `UNKNOWN` if none fits."""
    return next((c for c in CLASSES if re.search(c.pattern, output)), UNKNOWN)
