"""The whole tracker through the ACL code path gives the released tracker's boxes."""

import numpy as np
import pytest
from ascend_models import in_memory, tracked

from fartrack_sdk import load_exported

CASES = [
    ("sparse", 0, "graph", 0, 39),
    ("sparse", 1, "graph", 1, 12),
    ("dense", 0, "graph", 0, 12),
    ("sparse", 0, "aipp", 1, 12),
    ("sparse", 0, "host", 1, 12),
]
BOX_PX = {"graph": 0.01, "aipp": 0.05, "host": 0.01}
"""AIPP rounds its mean and deviation, and every pixel, to float16."""


@pytest.mark.parametrize(("layout", "seed", "normalise", "run_mode", "steps"), CASES)
def test_boxes_of_fartrack(
    layout, seed, normalise, run_mode, steps, pico, new_board, recipe, data_folder
):
    prefix = "fartrack" if layout == "sparse" else "fartrackdistill"
    golden = np.load(data_folder / f"{prefix}_pico_seed{seed}.npz")
    folder, _ = pico(seed, layout, normalise=normalise)
    board = new_board(run_mode=run_mode)
    boxes = tracked(load_exported(folder), golden, recipe.frames(seed, 40)[0], steps)
    limit = BOX_PX[normalise]
    np.testing.assert_allclose(boxes, golden["boxes"][1 : steps + 1], rtol=0, atol=limit)
    assert board.calls["acl.mdl.execute"] == 0
    assert board.calls["acl.mdl.execute_async"] >= steps


@pytest.mark.parametrize(("cache", "run_mode", "steps"), [("folded", 0, 12), ("off", 1, 6)])
def test_boxes_of_mixformerv2(cache, run_mode, steps, compiled, new_board, recipe, data_folder):
    golden = np.load(data_folder / "mixformerv2_s_seed0.npz")
    interval = int(golden["update_interval"])

    def model():
        state = recipe.weights_mixformerv2(0, "s")
        return in_memory(state, template_cache=cache, update_interval=interval)

    folder, config = compiled(("mixformerv2 s", cache), model)
    board = new_board(run_mode=run_mode)
    opened = load_exported(folder)
    assert opened.config == config
    boxes = tracked(opened, golden, recipe.frames(0, 40)[0], steps)
    np.testing.assert_allclose(boxes, golden["boxes"][1 : steps + 1], rtol=0, atol=0.01)
    assert golden["updated"][: steps + 1].any() or cache == "off"
    assert board.calls["acl.mdl.execute_async"] >= steps
