"""The fake ``atc``; a test chooses its behaviour by ``FAKE_ATC``.

========== ==========================================================================
FAKE_ATC   what happens
========== ==========================================================================
(empty)    compiles
arch-name  writes ``<output>_linux_aarch64.om``
no-file    exits 0 and says success, without a file
liar       writes the file and says success, exits 255
quiet      writes the file, exits 0, says nothing
other      fails with that text, ``|`` between lines
========== ==========================================================================
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import onnx
from fake_acl.om import Om, describe

from fake_cann.aipp_file import AippError, parse

FLAGS = {
    "framework", "model", "output", "soc_version", "input_format", "input_shape",
    "insert_op_conf", "precision_mode", "precision_mode_v2", "output_type", "log",
    "op_compiler_cache_mode", "op_compiler_cache_dir", "modify_mixlist", "debug_dir",
}  # fmt: skip
MODES = {
    "force_fp16", "force_fp32", "allow_fp32_to_fp16", "must_keep_origin_dtype",
    "allow_mix_precision", "cube_fp16in_fp32out",
}  # fmt: skip
EVERYWHERE = {
    "Add", "ArgMax", "Cast", "Clip", "Concat", "Conv", "Div", "Einsum", "Erf", "Exp", "Expand",
    "Gather", "GatherElements", "GatherND", "Gemm", "MatMul", "Max", "Min", "Mul", "Pad", "Pow",
    "ReduceMax", "ReduceMean", "ReduceSum", "Relu", "Reshape", "Sigmoid", "Slice", "Softmax",
    "Split", "Sqrt", "Squeeze", "Sub", "Tanh", "Tile", "Transpose", "Unsqueeze", "Where",
}  # fmt: skip
REGISTERED = {
    **dict.fromkeys(EVERYWHERE, (8, 18)),
    "TopK": (10, 18),
    "Resize": (10, 18),
    "ScatterElements": (11, 18),
    "Trilu": (14, 18),
    "ReduceL1": (8, 17),
    "ReduceL2": (8, 17),
    "LayerNormalization": (17, 18),
}
"""Operator to the opsets for which CANN's open plugins register it."""
START = "ATC start working now, please wait for a moment."
DONE = "ATC run success, welcome to the next use."
FAILED = "ATC run failed, Please check the detail log, Try 'atc --help' for more information"


class Refused(Exception):  # noqa: N818
    """ATC would stop here; the text has its code."""


def options(arguments: list[str]) -> dict[str, str]:
    """Flags by name, checked."""
    found = {}
    for argument in arguments:
        name, _, value = argument.removeprefix("--").partition("=")
        if name not in FLAGS:
            raise Refused(f"E10001: --{name} is not a flag")
        found[name] = value
    for name in ("framework", "model", "output", "soc_version"):
        if name not in found:
            raise Refused(f"E10007: --{name} is required")
    if {"precision_mode", "precision_mode_v2"} <= set(found):
        raise Refused("E10001: --precision_mode and --precision_mode_v2 exclude each other")
    if found.get("precision_mode", "force_fp16") not in MODES:
        raise Refused(f"E10001: --precision_mode={found['precision_mode']}")
    if found["framework"] != "5" or found.get("input_format", "NCHW") not in ("NCHW", "ND"):
        raise Refused("E10001: value of --framework or --input_format is invalid")
    if not re.fullmatch(r"Ascend\d{3}[A-Z]?\d?", found["soc_version"]):
        raise Refused("E10001: value of --soc_version is not supported")
    for name in ("model", "output", "insert_op_conf"):
        if not re.fullmatch(r"[A-Za-z0-9_.\-/]*", found.get(name, "")):
            raise Refused(f"E10001: --{name} has characters that paths may not have")
    return found


def check_model(path: Path, shapes: str) -> None:
    """Opset, operators, names and shapes."""
    if not path.is_file():
        raise Refused("E10041: failed to load the model")
    model = onnx.load(str(path))
    opset = model.opset_import[0].version
    for node in model.graph.node:
        low, high = REGISTERED.get(node.op_type, (1, 0))
        if not low <= opset <= high or node.domain:
            raise Refused(
                f"E16002: No ONNX parser is registered for optype ai.onnx::{opset}::{node.op_type}"
            )
    real = {t.name: t.shape for t in describe(path)[0]}
    for part in filter(None, shapes.split(";")):
        name, _, dims = part.rpartition(":")
        if name not in real:
            raise Refused(f"E10016: Op name {name} not found")
        if [int(d) for d in dims.split(",")] != real[name]:
            raise Refused(f"E10001: --input_shape of {name} differs from the model")
        if len(real[name]) > 4:
            raise Refused(f"E10001: --input_format=NCHW takes no more than 4 axes, {name} has more")


def compiled(flags: dict[str, str]) -> Om:
    """The container for a checked model."""
    path = Path(flags["model"])
    check_model(path, flags.get("input_shape", ""))
    inputs, outputs = describe(path)
    aipp = {}
    if "insert_op_conf" in flags:
        for block in parse(Path(flags["insert_op_conf"]).read_text()):
            rank = block["related_input_rank"]
            if rank >= len(inputs) or len(inputs[rank].shape) != 4:
                raise Refused(f"E10001: related_input_rank {rank} is no image")
            if inputs[rank].shape[2:] != [block["src_image_size_h"], block["src_image_size_w"]]:
                raise Refused("E10001: src_image_size differs from the model")
            aipp[str(rank)] = block
    mode = flags.get("precision_mode", "force_fp16")
    precision = "fp16" if mode == "force_fp16" else "origin"
    return Om(flags["soc_version"], inputs, outputs, aipp, precision, path.read_bytes())


def main(arguments: list[str], behaviour: str) -> int:
    """As the real one: 0 or 255."""
    print(START, flush=True)
    Path("fusion_result.json").write_text("{}")
    Path("kernel_meta").mkdir(exist_ok=True)
    if behaviour not in ("", "arch-name", "no-file", "liar", "quiet"):
        print("\n".join((FAILED, *behaviour.split("|"))))
        return 255
    try:
        flags = options(arguments)
        om = compiled(flags)
    except (Refused, AippError) as error:
        print(f"{FAILED}\n{error}")
        return 255
    suffix = "_linux_aarch64.om" if behaviour == "arch-name" else ".om"
    if behaviour != "no-file":
        om.write(Path(flags["output"] + suffix))
    if behaviour != "quiet":
        print(DONE)
    return 255 if behaviour == "liar" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ.get("FAKE_ATC", "")))
