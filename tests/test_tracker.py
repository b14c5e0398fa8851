import pickle

import numpy as np
import pytest

from fartrack_sdk import (
    Box,
    ConfigError,
    InferenceError,
    InputError,
    MultiTracker,
    StateError,
    StateThresholds,
    Tracker,
    TrackerConfig,
    TrackState,
)

BOX = (140.0, 100.0, 40.0, 40.0)
BAD_FRAMES = [
    None,
    np.zeros((240, 320), np.uint8),
    np.zeros((240, 320, 4), np.uint8),
    np.zeros((240, 320, 3), np.float64),
    np.zeros((480, 640, 3), np.uint8),
    np.zeros((0, 0, 3), np.uint8),
]


def boxes_of(tracker, frames):
    return [tracker.track(frame) for frame in frames]


def test_track_before_init_says_so(scripted, noise_frame):
    model, _ = scripted()
    with pytest.raises(StateError, match="init"):
        Tracker(model).track(noise_frame())


def test_init_returns_the_tracker_and_results_count_frames(scripted, noise_frame):
    model, _ = scripted()
    tracker = Tracker(model).init(noise_frame(), BOX)
    results = boxes_of(tracker, [noise_frame(seed=i) for i in range(3)])
    assert [r.frame_index for r in results] == [1, 2, 3]
    assert results[0].box == pytest.approx(BOX, abs=0.5)
    assert 0.0 < results[0].score <= 1.0
    assert results[0].uncertainty > 0.0
    assert results[0].timings.total >= results[0].timings.infer


def test_raw_box_is_before_clipping(scripted, noise_frame):
    model, script = scripted()
    tracker = Tracker(model).init(noise_frame(), (300.0, 10.0, 40.0, 40.0))
    script.corners = (0.45, 0.1, 0.9, 0.6)
    result = tracker.track(noise_frame(seed=1))
    assert result.raw_box.xyxy[2] > 320
    assert result.box.xyxy[2] == 320
    assert result.raw_box.clipped(320, 240) == result.box


@pytest.mark.parametrize("frame", BAD_FRAMES, ids=lambda f: str(getattr(f, "shape", f)))
def test_a_frame_that_raises_leaves_the_state_as_it_was(frame, recipe, scripted):
    frames, _ = recipe.frames(0, 8)
    plain, disturbed = (Tracker(scripted(seed=3)[0]).init(frames[0], BOX) for _ in range(2))
    for good in frames[1:]:
        with pytest.raises(InputError):
            disturbed.track(frame)
        expected, got = plain.track(good), disturbed.track(good)
        assert (got.box, got.score, got.frame_index) == (
            expected.box,
            expected.score,
            expected.frame_index,
        )


def test_values_that_are_not_finite_raise_and_change_nothing(scripted, noise_frame):
    model, script = scripted()
    tracker = Tracker(model).init(noise_frame(), BOX)
    before = tracker.track(noise_frame(seed=1))
    script.sharpness = np.nan
    with pytest.raises(InferenceError, match="fp32"):
        tracker.track(noise_frame(seed=2))
    script.sharpness = 30.0
    assert tracker.track(noise_frame(seed=2)).frame_index == before.frame_index + 1


def test_a_bad_init_keeps_the_old_target(scripted, noise_frame):
    model, _ = scripted()
    tracker = Tracker(model).init(noise_frame(), BOX)
    with pytest.raises(InputError):
        tracker.init(noise_frame(), (900, 900, 10, 10))
    assert tracker.track(noise_frame(seed=1)).frame_index == 1


def test_a_reused_tracker_equals_a_fresh_one_bit_for_bit(released_state, recipe):
    from fartrack_sdk.families.registry import family_named
    from fartrack_sdk.loading import assemble
    from fartrack_sdk.runtimes.pytorch import PyTorchRuntime

    family = family_named("fartrack")
    weights, config = family.read(released_state(0), {}, "pico", {})
    runtime = PyTorchRuntime(
        family.torch_graphs(weights, config), family.graph_specs(config), "cpu", 1
    )
    model = assemble(config, runtime)
    first, boxes = recipe.frames(0, 12)
    second, others = recipe.frames(1, 8)
    used = Tracker(model, color="rgb").init(first[0], boxes[0])
    boxes_of(used, first[1:])
    used.init(second[0], others[0])
    fresh = Tracker(model, color="rgb").init(second[0], others[0])
    for frame in second[1:]:
        a, b = used.track(frame), fresh.track(frame)
        assert (a.box, a.raw_box, a.score, a.uncertainty) == (
            b.box,
            b.raw_box,
            b.score,
            b.uncertainty,
        )


def test_black_frames_hold_the_box_and_say_lost(scripted, noise_frame):
    model, script = scripted()
    tracker = Tracker(model).init(noise_frame(), BOX)
    seen = tracker.track(noise_frame(seed=1))
    stored = len(tracker._target.session.store)
    black = np.zeros((240, 320, 3), np.uint8)
    script.corners = (-0.5, -0.5, 1.4, 1.4)
    for _ in range(500):
        result = tracker.track(black)
    assert result.box == seen.box
    assert result.score == 0.0
    assert result.state is TrackState.LOST
    assert len(tracker._target.session.store) == stored


def test_black_frames_can_be_fed_to_the_model_as_released(scripted, noise_frame):
    model, script = scripted()
    tracker = Tracker(model, TrackerConfig(skip_blank=False)).init(noise_frame(), BOX)
    black = np.zeros((240, 320, 3), np.uint8)
    script.corners = (-0.5, -0.5, 1.4, 1.4)
    for _ in range(500):
        box = tracker.track(black).box
    assert box == Box(0, 0, 320, 240)


def test_a_box_over_the_whole_image_goes_on(scripted, noise_frame):
    model, script = scripted()
    tracker = Tracker(model).init(noise_frame(), (0, 0, 320, 240))
    script.corners = (0.3, 0.3, 0.7, 0.7)
    for i in range(5):
        result = tracker.track(noise_frame(seed=i))
    assert result.box == Box(0, 0, 320, 240)


def test_an_8k_frame_and_a_one_pixel_box(scripted):
    model, _ = scripted()
    frame = np.full((4320, 7680, 3), 90, np.uint8)
    frame[::3] = 10
    tracker = Tracker(model).init(frame, (0, 0, 7680, 4320))
    assert tracker.track(frame).box.w <= 7680
    tracker.init(frame, (4000, 2000, 1, 1))
    assert tracker.track(frame).box.w >= 10


def test_non_contiguous_frames_equal_contiguous_ones(scripted, noise_frame):
    wide = np.ascontiguousarray(np.repeat(noise_frame(), 2, axis=1))
    view, copy = wide[:, ::-2], np.ascontiguousarray(wide[:, ::-2])
    results = [Tracker(scripted(seed=1)[0]).init(frame, BOX).track(frame) for frame in (view, copy)]
    assert results[0].box == results[1].box


def scores(script, *, high):
    script.sharpness = 30.0 if high else 0.0


@pytest.fixture
def losing(scripted, noise_frame):
    """(loop configuration) -> a tracker that gets LOST, and its script."""

    def make(**loop):
        model, script = scripted()
        limits = StateThresholds(lost_below=0.02, tracking_above=0.04, lost_after=3)
        config = TrackerConfig(thresholds=limits, **loop)
        tracker = Tracker(model, config).init(noise_frame(), BOX)
        tracker.track(noise_frame(seed=1))
        scores(script, high=False)
        script.corners = (0.5, 0.5, 0.75, 0.75)
        return tracker, script

    return make


def test_state_passes_through_uncertain_to_lost_and_back(losing, noise_frame):
    tracker, script = losing()
    states = [r.state.value for r in boxes_of(tracker, [noise_frame(seed=i) for i in range(4)])]
    assert states == ["UNCERTAIN", "UNCERTAIN", "LOST", "LOST"]
    scores(script, high=True)
    states = [r.state.value for r in boxes_of(tracker, [noise_frame(seed=i) for i in range(2)])]
    assert states == ["LOST", "TRACKING"]


def search_centre(tracker):
    return tracker._target._anchor.cxcywh[:2]


def test_hold_keeps_the_search_region_where_it_was(losing, noise_frame):
    held, _ = losing(on_lost="hold")
    followed, _ = losing(on_lost="follow")
    frames = [noise_frame(seed=i) for i in range(8)]
    boxes_of(held, frames[:2])
    before = search_centre(held)
    boxes_of(held, frames[2:])
    boxes_of(followed, frames)
    assert search_centre(held) == before
    assert search_centre(followed) != before


def test_a_callable_says_where_to_look_next(losing, noise_frame):
    calls = []

    def detector(frame, result):
        calls.append(result.frame_index)
        return (20, 30, 40, 40)

    tracker, _ = losing(on_lost=detector)
    boxes_of(tracker, [noise_frame(seed=i) for i in range(4)])
    assert calls == [4, 5]
    assert search_centre(tracker) == (40, 50)


def test_a_callable_that_fails_leaves_the_state(losing, noise_frame):
    def detector(frame, result):
        raise RuntimeError("no detector today")

    tracker, _ = losing(on_lost=detector)
    boxes_of(tracker, [noise_frame(seed=i) for i in range(2)])
    with pytest.raises(RuntimeError, match="today"):
        tracker.track(noise_frame(seed=5))
    assert tracker._target.frame_index == 3


def test_a_callable_that_gives_no_usable_box_is_named_and_leaves_the_state(losing, noise_frame):
    tracker, _ = losing(on_lost=lambda frame, result: (5, 5, 1e-200, 1e-200))
    boxes_of(tracker, [noise_frame(seed=i) for i in range(2)])
    for _ in range(2):
        with pytest.raises(InputError, match=r"on_lost.*area is zero"):
            tracker.track(noise_frame(seed=5))
    assert tracker._target.frame_index == 3


@pytest.mark.parametrize(("rule", "entries"), [("never", 6), ("lost", 4), ("uncertain", 2)])
def test_template_updates_pause(losing, noise_frame, rule, entries):
    tracker, _ = losing(pause_updates=rule)
    boxes_of(tracker, [noise_frame(seed=i) for i in range(4)])
    assert tracker._target.session._count == entries


def test_reset_and_close(scripted, noise_frame):
    model, _ = scripted()
    tracker = Tracker(model, owns_model=True).init(noise_frame(), BOX)
    tracker.reset()
    with pytest.raises(StateError):
        tracker.track(noise_frame())
    with tracker:
        tracker.init(noise_frame(), BOX)
    tracker.close()
    assert model.runtime.closed
    with pytest.raises(StateError, match="closed"):
        tracker.init(noise_frame(), BOX)


def test_a_shared_model_outlives_its_trackers(scripted):
    model, _ = scripted()
    Tracker(model).close()
    assert not model.runtime.closed


@pytest.mark.parametrize("tracker", [Tracker, MultiTracker])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"color": "hsv"}, "'bgr' or 'rgb'"),
        ({"config": {"on_lost": "hold"}}, r"expected a TrackerConfig; got dict"),
        ({"model": "pico.pth.tar"}, r"got 'pico\.pth\.tar'.*from_checkpoint"),
    ],
    ids=str,
)
def test_what_a_tracker_cannot_be_made_of_is_refused_at_once(scripted, tracker, arguments, message):
    with pytest.raises(ConfigError, match=message):
        tracker(**{"model": scripted()[0], **arguments})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"on_lost": "held"}, "on_lost.*'follow' or 'hold'"),
        ({"pause": "lost"}, "expected options on_lost, .*got 'pause'"),
        ({"thresholds": {"lost_below": 3}}, "lost_below = 3"),
        ({"max_entries": 1}, "max_entries = 1"),
    ],
)
def test_a_loop_configuration_that_means_nothing_is_a_config_error(fields, message):
    with pytest.raises(ConfigError, match=f"TrackerConfig: .*{message}"):
        TrackerConfig(**fields)


def test_configurations_travel_between_processes():
    config = TrackerConfig(on_lost="hold", thresholds=StateThresholds(lost_below=0.01))
    assert pickle.loads(pickle.dumps(config)) == config
