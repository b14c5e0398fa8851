"""Many targets on one model."""

from dataclasses import replace
from importlib.resources import files

import numpy as np
import psutil
import pytest

from fartrack_sdk import (
    InferenceError,
    InputError,
    MultiTracker,
    StateError,
    StateThresholds,
    Tracker,
    TrackerConfig,
    export,
    load_exported,
    load_pretrained,
)
from fartrack_sdk.batching import FixedBatch
from fartrack_sdk.loading import assemble


@pytest.fixture(scope="module")
def model():
    model = load_pretrained(device="cpu", threads=2)
    yield model
    model.close()


@pytest.fixture(scope="module")
def frames(recipe):
    return recipe.frames(0, 7)[0]


BOXES = {"a": (30.0, 30.0, 50.0, 40.0), "b": (90.0, 60.0, 40.0, 60.0), 3: (60.0, 20.0, 30.0, 30.0)}


def test_results_equal_single_trackers(model, frames):
    several = MultiTracker(model).init(frames[0], BOXES)
    alone = {key: Tracker(model).init(frames[0], box) for key, box in BOXES.items()}
    for frame in frames[1:]:
        results = several.track(frame)
        assert set(results) == set(BOXES)
        for key, tracker in alone.items():
            expected = tracker.track(frame)
            np.testing.assert_allclose(results[key].box, expected.box, atol=0.01)
            assert results[key].state is expected.state


def test_targets_come_and_go(model, frames):
    tracker = MultiTracker(model).init(frames[0], {"a": BOXES["a"]})
    tracker.track(frames[1])
    tracker.add(frames[1], {"b": BOXES["b"]})
    assert tracker.ids == ("a", "b")
    results = tracker.track(frames[2])
    assert (results["a"].frame_index, results["b"].frame_index) == (2, 1)
    with pytest.raises(InputError, match="being tracked"):
        tracker.add(frames[2], {"a": BOXES["a"]})
    tracker.remove("a")
    assert set(tracker.track(frames[3])) == {"b"}
    with pytest.raises(InputError, match="expected one of the ids"):
        tracker.remove("a")


def test_each_target_may_have_its_own_video(model, frames):
    videos = {"left": frames, "right": frames[::-1]}
    start = {key: video[0] for key, video in videos.items()}
    boxes = {"left": BOXES["a"], "right": BOXES["b"]}
    tracker = MultiTracker(model).init(start, boxes)
    alone = Tracker(model).init(frames[-1], BOXES["b"])
    results = tracker.track({key: video[1] for key, video in videos.items()})
    np.testing.assert_allclose(results["right"].box, alone.track(frames[-2]).box, atol=0.01)


def test_a_bad_frame_moves_no_target(model, frames):
    tracker = MultiTracker(model).init(frames[0], BOXES)
    with pytest.raises(InputError):
        tracker.track({"a": frames[1], "b": None})
    assert tracker.track(frames[1])["a"].frame_index == 1


def test_a_box_without_a_frame_is_named(model, frames):
    tracker = MultiTracker(model).init(frames[0], {"a": BOXES["a"]})
    with pytest.raises(InputError, match=r"none for the ids \['b'\]"):
        tracker.init({"a": frames[0]}, {"a": BOXES["a"], "b": BOXES["b"]})
    assert tracker.ids == ("a",)


def test_boxes_without_ids_are_refused_with_the_remedy(model, frames):
    tracker = MultiTracker(model).init(frames[0], {"a": BOXES["a"]})
    for call in (tracker.init, tracker.add):
        with pytest.raises(InputError, match=r"got list.*dict\(enumerate\(boxes\)\)"):
            call(frames[0], [BOXES["b"]])
    assert tracker.ids == ("a",)


def test_a_callable_that_fails_for_one_target_moves_none(model, frames):
    calls = []

    def detector(frame, result):
        calls.append(result.frame_index)
        return (900, 900, 5, 5) if len(calls) == 2 else None

    always = StateThresholds(lost_below=1.0, tracking_above=1.0, lost_after=1)
    config = TrackerConfig(on_lost=detector, thresholds=always)
    tracker = MultiTracker(model, config).init(frames[0], BOXES)
    with pytest.raises(InputError, match="overlaps"):
        tracker.track(frames[1])
    results = tracker.track(frames[1])
    assert [result.frame_index for result in results.values()] == [1, 1, 1]
    assert calls == [1] * 5


def test_a_further_pass_that_fails_for_one_target_moves_none(scripted, frames, monkeypatch):
    model, _ = scripted(protocol="dense")
    one_by_one = FixedBatch(model.runtime, 1)
    tracker = MultiTracker(replace(model, runtime=one_by_one)).init(frames[0], BOXES)
    run, embedded = one_by_one.run, []

    def failing(graph, feeds):
        embedded.extend([graph] if graph == "embed" else [])
        if len(embedded) == 2:
            raise InferenceError("device lost")
        return run(graph, feeds)

    monkeypatch.setattr(one_by_one, "run", failing)
    with pytest.raises(InferenceError):
        tracker.track(frames[1])
    monkeypatch.undo()
    results = tracker.track(frames[1])
    assert [result.frame_index for result in results.values()] == [1, 1, 1]


def test_track_without_targets_raises(model, frames):
    with pytest.raises(StateError, match="init"):
        MultiTracker(model).track(frames[0])


def test_fixed_batches_pad_and_split():
    class Doubling:
        info = None

        def __init__(self):
            self.sizes = []

        def run(self, graph, feeds):
            self.sizes.append(len(feeds["x"]))
            return {"y": feeds["x"] * 2}

        def close(self):
            self.sizes = []

    inner = Doubling()
    fixed = FixedBatch(inner, 4)
    for count in (1, 4, 6):
        x = np.arange(count * 2.0).reshape(count, 2)
        np.testing.assert_array_equal(fixed.run("g", {"x": x})["y"], x * 2)
    assert inner.sizes == [4, 4, 4, 4]


def test_thirty_two_targets_share_the_weights(scripted, noise_frame):
    model, _ = scripted()
    frame = noise_frame()
    trackers = [Tracker(model).init(frame, (50, 50, 60, 60)) for _ in range(32)]
    assert len({id(tracker.model.runtime) for tracker in trackers}) == 1
    assert assemble(model.config, model.runtime).runtime is model.runtime


@pytest.mark.parametrize("count", [1, 3, 6])
def test_a_batch_4_export_equals_single_trackers(batch_4, model, frames, count):
    rng = np.random.default_rng(count)
    corners = rng.uniform((0, 0), (250, 180), (count, 2))
    boxes = {i: (*corner, 40.0, 30.0) for i, corner in enumerate(corners)}
    several = MultiTracker(batch_4).init(frames[0], boxes)
    alone = {i: Tracker(model).init(frames[0], box) for i, box in boxes.items()}
    for frame in frames[1:]:
        for i, result in several.track(frame).items():
            np.testing.assert_allclose(result.box, alone[i].track(frame).box, atol=0.01)


@pytest.fixture(scope="module")
def batch_4(tmp_path_factory):
    checkpoint = files("fartrack_sdk.assets") / "default.safetensors"
    folder = tmp_path_factory.mktemp("batch") / "four"
    export(str(checkpoint), folder, batch=4, verify=False)
    model = load_exported(folder, device="cpu", threads=2)
    yield model
    model.close()


def test_memory_of_32_targets_is_that_of_their_state(model, frames):
    process = psutil.Process()
    trackers = [Tracker(model).init(frames[0], BOXES["a"]) for _ in range(2)]
    for tracker in trackers:
        tracker.track(frames[1])
    before = process.memory_info().rss
    trackers = [Tracker(model).init(frames[0], BOXES["a"]) for _ in range(32)]
    for frame in frames[1:4]:
        for tracker in trackers:
            tracker.track(frame)
    grown = (process.memory_info().rss - before) / 32
    assert grown < 2e6, "bytes a target; the weights alone are 12 MB"
