"""Targets that share a model, each in a phase of its own."""

import numpy as np
from small_mixformerv2 import tracking_state

from fartrack_sdk import MultiTracker, Tracker


def test_targets_in_different_phases_get_the_boxes_they_get_alone(open_model, recipe):
    frames, boxes = recipe.frames(0, 40)
    model = open_model(tracking_state(recipe), update_interval=3, update_threshold=0.0)
    apart = Tracker(model, color="rgb").init(frames[0], boxes[0])
    together = MultiTracker(model, color="rgb").init(frames[0], {"early": boxes[0]})
    other = None
    for i, frame in enumerate(frames[1:9]):
        if i == 2:
            together.add(frames[i], {"late": boxes[i]})
            other = Tracker(model, color="rgb").init(frames[i], boxes[i])
        found = together.track(frame)
        np.testing.assert_allclose(found["early"].box, apart.track(frame).box, atol=1e-3)
        if other is not None:
            np.testing.assert_allclose(found["late"].box, other.track(frame).box, atol=1e-3)
    assert found["late"].frame_index < found["early"].frame_index
