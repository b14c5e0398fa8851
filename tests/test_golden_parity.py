"""Boxes and keep masks of the released implementation, frame by frame."""

import numpy as np
import pytest

from fartrack_sdk import Tracker
from fartrack_sdk.families.registry import family_of
from fartrack_sdk.loading import assemble
from fartrack_sdk.runtimes.pytorch import PyTorchRuntime

TOLERANCE_PX = 0.01
CASES = [
    ("sparse", "pico", 0),
    ("sparse", "pico", 1),
    ("sparse", "nano", 0),
    ("sparse", "nano", 1),
    ("sparse", "tiny", 0),
    ("sparse", "tiny", 1),
    ("dense", "pico", 0),
    ("dense", "tiny", 0),
]


def open_model(state, variant):
    family = family_of(set(state))
    weights, config = family.read(state, {}, variant, {})
    graphs, specs = family.torch_graphs(weights, config), family.graph_specs(config)
    return assemble(config, PyTorchRuntime(graphs, specs, "cpu", 2))


@pytest.mark.parametrize(("layout", "variant", "seed"), CASES)
def test_boxes_and_keep_masks_equal_the_released_tracker(
    layout, variant, seed, recipe, released_state, data_folder
):
    prefix = "fartrack" if layout == "sparse" else "fartrackdistill"
    golden = np.load(data_folder / f"{prefix}_{variant}_seed{seed}.npz")
    frames, _ = recipe.frames(seed, 40)
    with Tracker(open_model(released_state(seed, layout), variant), color="rgb") as tracker:
        tracker.init(frames[0], golden["init_box"])
        for t in range(1, len(frames)):
            box = tracker.track(frames[t]).box
            np.testing.assert_allclose(box, golden["boxes"][t], atol=TOLERANCE_PX, rtol=0)
            if layout == "sparse":
                mask = tracker._target.session.keep_mask
                np.testing.assert_array_equal(mask, golden["kept"][t - 1], err_msg=f"frame {t}")


def test_bgr_frames_give_the_same_boxes_as_rgb(recipe, released_state):
    frames, boxes = recipe.frames(0, 6)
    model = open_model(released_state(0), "pico")
    rgb = Tracker(model, color="rgb").init(frames[0], boxes[0])
    bgr = Tracker(model).init(frames[0][:, :, ::-1], boxes[0])
    for frame in frames[1:]:
        assert rgb.track(frame).box == bgr.track(frame[:, :, ::-1]).box
