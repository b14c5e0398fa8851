"""Boxes and scores of the released online tracker, frame by frame."""

import numpy as np
import pytest

from fartrack_sdk import Tracker

TOLERANCE_PX, TOLERANCE_SCORE = 0.01, 1e-4
CASES = [
    ("s", 0, "folded", 40),
    ("s", 1, "folded", 40),
    ("s", 0, "pair", 14),
    ("s", 0, "off", 14),
    ("b", 0, "folded", 40),
]


@pytest.mark.parametrize(("variant", "seed", "cache", "count"), CASES)
def test_boxes_and_scores_equal_the_released_tracker(
    variant, seed, cache, count, recipe, data_folder, open_model
):
    golden = np.load(data_folder / f"mixformerv2_{variant}_seed{seed}.npz")
    state = recipe.weights_mixformerv2(seed, variant)
    interval = int(golden["update_interval"])
    model = open_model(state, template_cache=cache, update_interval=interval)
    assert (model.config.variant, model.config.search_factor) == (variant, golden["search_factor"])
    frames, _ = recipe.frames(seed, 40)
    with Tracker(model, color="rgb", owns_model=True) as tracker:
        tracker.init(frames[0], golden["init_box"])
        results = [tracker.track(frame) for frame in frames[1:count]]
    boxes, scores = [r.box for r in results], [r.score for r in results]
    np.testing.assert_allclose(boxes, golden["boxes"][1:count], rtol=0, atol=TOLERANCE_PX)
    np.testing.assert_allclose(scores, golden["scores"][1:count], rtol=0, atol=TOLERANCE_SCORE)
    assert golden["updated"][:count].any()
