"""The whole tracker through the ACL code path gives the released tracker's boxes."""

import numpy as np
import pytest

from fartrack_sdk import Tracker
from fartrack_sdk.loading import assemble
from fartrack_sdk.runtimes.ascend.opening import open_folder

CASES = [
    ("sparse", "pico", 0, True, 0, 39),
    ("sparse", "pico", 1, True, 1, 12),
    ("sparse", "pico", 0, False, 1, 12),
    ("dense", "pico", 0, True, 0, 12),
]
GRAPH_PX, AIPP_PX = 0.01, 0.05
"""Float32 graph with images normalised in float32, and with AIPP's float16 images."""


def tracked(folder, config, golden, frames, steps):
    runtime = open_folder(folder)
    with Tracker(assemble(config, runtime), color="rgb", owns_model=True) as tracker:
        tracker.init(frames[0], golden["init_box"])
        return np.array([tracker.track(frame).box for frame in frames[1 : steps + 1]])


@pytest.mark.parametrize(("layout", "variant", "seed", "aipp", "run_mode", "steps"), CASES)
def test_boxes_equal_the_released_tracker(
    layout, variant, seed, aipp, run_mode, steps, compiled, new_board, recipe, data_folder
):
    prefix = "fartrack" if layout == "sparse" else "fartrackdistill"
    golden = np.load(data_folder / f"{prefix}_{variant}_seed{seed}.npz")
    frames, _ = recipe.frames(seed, 40)
    folder, config = compiled(variant, layout, seed, aipp=aipp)
    board = new_board(run_mode=run_mode)
    boxes = tracked(folder, config, golden, frames, steps)
    errors = np.abs(boxes - golden["boxes"][1 : steps + 1]).max(axis=1)
    assert errors.max() <= (AIPP_PX if aipp else GRAPH_PX)
    assert board.calls["acl.mdl.execute"] == 0
    assert board.calls["acl.mdl.execute_async"] >= steps
