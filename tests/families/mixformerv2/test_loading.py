"""From files to boxes."""

import dataclasses

import numpy as np
import pytest
from small_mixformerv2 import save_as_trainer

from fartrack_sdk import ArtifactError, Tracker, TrackerConfig, TrackState
from fartrack_sdk.checkpoint.source import read_checkpoint, write_checkpoint
from fartrack_sdk.target import Pass


@pytest.fixture
def trainer_file(tmp_path):
    """Save a state dict as the released trainer does; its classes are gone afterwards."""

    def save(state, name="mixformerv2_small.pth.tar", **extra):
        return save_as_trainer(tmp_path / name, state, **extra)

    return save


def test_a_released_file_is_recognised_and_tracks(trainer_file, recipe, data_folder):
    golden = np.load(data_folder / "mixformerv2_s_seed0.npz")
    path = trainer_file(recipe.weights_mixformerv2(0, "s"))
    frames, _ = recipe.frames(0, 40)
    with Tracker.from_checkpoint(path, color="rgb", threads=1) as tracker:
        assert (tracker.model.config.family, tracker.model.config.variant) == ("mixformerv2", "s")
        assert tracker.metadata["net_type"] == "MixFormer"
        tracker.init(frames[0], golden["init_box"])
        results = [tracker.track(frame) for frame in frames[1:4]]
    np.testing.assert_allclose([r.box for r in results], golden["boxes"][1:4], atol=0.01)
    np.testing.assert_allclose([r.score for r in results], golden["scores"][1:4], atol=1e-4)


def test_a_file_that_asks_for_code_is_refused(trainer_file, random_state):
    class Exploit:
        def __reduce__(self):
            import os

            return os.system, ("true",)

    path = trainer_file(random_state(), "evil.pth.tar", settings=Exploit())
    with pytest.raises(ArtifactError, match=r"evil\.pth\.tar"):
        read_checkpoint(path)


def test_models_without_a_score_head_track_and_never_update(
    trainer_file, random_state, small_layout, recipe
):
    layout = dataclasses.replace(small_layout, depth=12, bins=72, score_head=False)
    path = trainer_file(random_state(layout), "MixFormer2-288-12-ep0500.pth.tar")
    frames, boxes = recipe.frames(0, 40)
    with Tracker.from_checkpoint(path, color="rgb", threads=1, update_interval=1) as tracker:
        config = tracker.model.config
        assert (config.depth, config.bins, config.score_head) == (12, 72, False)
        assert (tracker.model.thresholds.lost_below, config.variant) == (0.05, "12-layer")
        tracker.init(frames[0], boxes[0])
        results = [tracker.track(frame) for frame in frames[1:4]]
    assert [r.frame_index for r in results] == [1, 2, 3]
    assert all(0 < r.score < 1 for r in results)


def test_options_and_preset_survive_a_compact_file(random_state, tmp_path, trainer_file):
    source = trainer_file(random_state())
    checkpoint = read_checkpoint(source, preset="got10k", template_cache="pair")
    target = tmp_path / "small.safetensors"
    write_checkpoint(target, checkpoint)
    again = read_checkpoint(target)
    assert again.config == checkpoint.config
    assert (again.config.preset, again.config.template_cache) == ("got10k", "pair")
    np.testing.assert_equal(again.weights, checkpoint.weights)


def test_presence_decides_the_state(random_state, open_model, recipe):
    frames, boxes = recipe.frames(0, 40)
    states = {}
    for logit in (-3.0, 3.0):
        state = random_state()
        state["score_head.layers.1.weight"] = np.zeros((1, 768), np.float32)
        state["score_head.layers.1.bias"] = np.array([logit], np.float32)
        with Tracker(open_model(state), color="rgb", owns_model=True) as tracker:
            tracker.init(frames[0], boxes[0])
            results = [tracker.track(frame) for frame in frames[1:7]]
        states[logit] = results[-1].state
        assert results[0].score == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-6)
    assert states == {-3.0: TrackState.LOST, 3.0: TrackState.TRACKING}


def test_a_frame_that_raises_leaves_the_tracker_as_it_was(random_state, open_model, recipe):
    frames, boxes = recipe.frames(0, 40)
    state = random_state()
    state["score_head.layers.1.bias"] = np.array([2.0], np.float32)
    model = open_model(state, update_interval=2)

    def boxes_of(fail):
        tracker = Tracker(model, TrackerConfig(), color="rgb").init(frames[0], boxes[0])
        found = []
        for t in range(1, 6):
            if fail and t == 2:
                with pytest.raises(ConnectionError):
                    broken(tracker, frames[t])
            found.append(tuple(tracker.track(frames[t]).box))
        return found

    def broken(tracker, frame):
        target = tracker._target
        look = target.look(frame)
        outputs = model.runtime.run(look.graph, look.feeds)

        def run(graph, feeds):
            raise ConnectionError(graph)

        target.settle(target.read(frame, look, Pass(outputs, 0.0, run)))

    assert boxes_of(fail=True) == boxes_of(fail=False)
