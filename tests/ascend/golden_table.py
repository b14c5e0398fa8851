"""Emulated boxes beside the golden ones: ``python tests/ascend/golden_table.py [CASE ...]``.

For each golden vector, way to normalise and arithmetic: largest and median difference of a
box over the clip, in pixels. The weights are random, so near ties are many.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS / "data")]

import make_inputs as recipe  # noqa: E402
from ascend_models import SOC, UNVERIFIED, in_memory, tracked  # noqa: E402

from fartrack_sdk.exporters.ascend.emulation import EmulatedBoard  # noqa: E402
from fartrack_sdk.exporters.ascend.folder import export_ascend  # noqa: E402
from fartrack_sdk.exporters.ascend.request import AscendRequest  # noqa: E402
from fartrack_sdk.loading import assemble  # noqa: E402

CASES = [
    *(f"fartrack_{variant}_seed{seed}" for variant in ("pico", "nano", "tiny") for seed in (0, 1)),
    "mixformerv2_s_seed0",
    "mixformerv2_s_seed1",
    "mixformerv2_b_seed0",
]
WAYS = [("graph", False), ("aipp", False), ("host", False), ("graph", True), ("aipp", True)]
CLIP = 40


def checkpoint_of(case, golden):
    family, variant, seed = case.rsplit("_", 2)
    number = int(seed.removeprefix("seed"))
    if family == "mixformerv2":
        state = recipe.weights_mixformerv2(number, variant)
        return in_memory(state, update_interval=int(golden["update_interval"])), number
    return in_memory(recipe.weights(number), variant), number


def differences(case, normalise, half):
    """Largest difference of each frame's box, pixels."""
    golden = np.load(TESTS / "data" / f"{case}.npz")
    checkpoint, seed = checkpoint_of(case, golden)
    frames, _ = recipe.frames(seed, CLIP)
    with TemporaryDirectory() as name:
        folder = Path(name)
        request = AscendRequest(SOC, normalise=normalise, dry_run=True)
        export_ascend(checkpoint, folder, request, UNVERIFIED)
        model = assemble(checkpoint.config, EmulatedBoard(folder, half=half))
        boxes = tracked(model, golden, frames, CLIP - 1)
    return np.abs(boxes - golden["boxes"][1:]).max(axis=1)


def main(cases):
    names = [f"{way}, {'float16' if half else 'float32'}" for way, half in WAYS]
    print(f"| largest (median) px | {' | '.join(names)} |")
    print(f"|---|{'---|' * len(WAYS)}")
    for case in cases:
        cells = []
        for normalise, half in WAYS:
            found = differences(case, normalise, half)
            cells.append(f"{found.max():.2g} ({np.median(found):.2g})")
        print(f"| {case} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or CASES)
