"""The script that an exported folder carries: its own parity check, for the board."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ...families.base import GraphSpec
from ...runtime import Array

SCRIPT_NAME, DATA_NAME = "board_check.py", "parity.npz"
SCRIPT = '''"""Parity of the compiled graphs on the board: python board_check.py [npu:0]

Feeds the stored inputs to the NPU and compares with what the float32 graphs gave on the
machine that exported them. Prints one line a graph and output; exit code 4 on a mismatch,
3 where the graphs cannot run.
Needs: CANN's set_env.sh sourced, numpy, and fartrack-sdk.
"""
import sys
from pathlib import Path

import numpy as np

from fartrack_sdk.errors import FartrackError
from fartrack_sdk.runtimes.ascend.opening import open_folder

LIMITS = {"origin": 2e-2, "mixed": 1e-1, "fp16": 2e-1}
folder = Path(__file__).resolve().parent
stored = np.load(folder / "parity.npz")
device = sys.argv[1] if len(sys.argv) > 1 else "npu:0"
try:
    runtime = open_folder(folder, device)
except FartrackError as error:
    print(f"Error: {error}", file=sys.stderr)
    sys.exit(3)
print(runtime.info)
limit = LIMITS[runtime.info.details["atc precision"]]
worst = 0.0
names = sorted(stored.files)
for graph in sorted({name.split("/")[0] for name in names}):
    part = [n for n in names if n.startswith(graph + "/in/")]
    found = runtime.run(graph, {n.split("/")[2]: stored[n] for n in part})
    for name, values in found.items():
        expected = stored[f"{graph}/out/{name}"]
        scale = max(1.0, float(np.abs(expected).max()))
        error = float(np.abs(values - expected).max()) / scale
        worst = max(worst, error if np.isfinite(error) else np.inf)
        print(f"{graph:6} {name:14} largest error {error:.2e} of the largest value")
runtime.close()
print(f"{'PASS' if worst <= limit else 'FAIL'}: {worst:.2e}, limit {limit:.0e}")
sys.exit(0 if worst <= limit else 4)
'''


def write_board_check(
    folder: Path, specs: Mapping[str, GraphSpec], run: Mapping[str, object], seed: int = 0
) -> list[Path]:
    """Write the script, and inputs with their expected outputs.

    Args:
        folder: of the export.
        specs: graph name to border in the SDK's contract.
        run: graph name to a PyTorch module of the SDK's contract.
        seed: of the inputs.
    """
    random = np.random.default_rng(seed)
    arrays: dict[str, Array] = {}
    for name, spec in specs.items():
        feeds = {t.name: _sample(random, t.shape, t.dtype) for t in spec.inputs}
        arrays |= {f"{name}/in/{key}": value for key, value in feeds.items()}
        for tensor, value in zip(spec.outputs, _reference(run[name], feeds), strict=True):
            arrays[f"{name}/out/{tensor.name}"] = value
    script, data = folder / SCRIPT_NAME, folder / DATA_NAME
    script.write_text(SCRIPT)
    np.savez_compressed(data, **arrays)  # type: ignore[arg-type]
    return [script, data]


def _reference(module: object, feeds: Mapping[str, Array]) -> list[Array]:
    import torch

    with torch.inference_mode():
        outputs = module(*(torch.from_numpy(value) for value in feeds.values()))  # type: ignore[operator]
    return [value.numpy() for value in outputs]


def _sample(random: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """A smooth image with noise, or tokens of the size that embeddings have.

    The image is red at the top and blue at the bottom, so that swapped channels show.
    """
    if dtype != "uint8":
        return random.standard_normal(shape).astype(np.float32)
    down = np.linspace(0, 200, shape[1])[None, :, None, None]
    across = np.linspace(0, 50, shape[2])[None, None, :, None]
    image = np.concatenate([200 - down + 0 * across, 2 * across + 0 * down, down + across], axis=-1)
    return (image + random.integers(0, 6, shape)).clip(0, 255).astype(np.uint8)
