"""Metrics against the official toolkit and against computations written out here."""

import math

import numpy as np
import pytest

from fartrack_sdk.benchmarks.metrics import (
    CONVENTIONS,
    PLAIN,
    average,
    center_error,
    iou,
    normalized_center_error,
    score_sequence,
)
from fartrack_sdk.boxes import Box

EXACT = 1e-6


def random_boxes(seed, count=200):
    rng = np.random.default_rng(seed)
    truth = np.column_stack([rng.uniform(1, 300, (count, 2)), rng.uniform(5, 90, (count, 2))])
    return truth + rng.normal(0, 9, truth.shape) * [1, 1, 0.3, 0.3], truth


def overlap_written_out(a, b):
    """Per pair, without numpy, from the corners."""
    ax, ay, aw, ah = a
    bx, by, bw, bh = b
    width = max(0.0, min(ax + aw, bx + bw) - max(ax, bx))
    height = max(0.0, min(ay + ah, by + bh) - max(ay, by))
    return width * height / (aw * ah + bw * bh - width * height)


def scores_written_out(prediction, truth, first):
    """AO, SR, success, precision and normalised precision with plain loops."""
    pairs = list(zip(prediction, truth, strict=True))[first:]
    overlaps = [overlap_written_out(p, t) for p, t in pairs]
    distances, scaled = [], []
    for p, t in pairs:
        dx, dy = p[0] + p[2] / 2 - t[0] - t[2] / 2, p[1] + p[3] / 2 - t[1] - t[3] / 2
        distances.append(math.hypot(dx, dy))
        scaled.append(math.hypot(dx / t[2], dy / t[3]))
    count = len(pairs)
    success = [sum(o > i / 20 for o in overlaps) / count for i in range(21)]
    return {
        "ao": sum(overlaps) / count,
        "sr50": sum(o > 0.5 for o in overlaps) / count,
        "sr75": sum(o > 0.75 for o in overlaps) / count,
        "auc": sum(success) / 21,
        "precision": sum(d <= 20 for d in distances) / count,
        "norm_precision": sum(d <= 0.2 for d in scaled) / count,
    }


def test_plain_scores_equal_an_independent_computation():
    prediction, truth = random_boxes(0)
    found = score_sequence(prediction, truth, PLAIN)
    for name, value in scores_written_out(prediction, truth, first=1).items():
        assert getattr(found, name) == pytest.approx(value, abs=EXACT), name


def test_otb_counts_the_first_frame_as_right():
    prediction, truth = random_boxes(1)
    prediction[0] = 0
    expected = scores_written_out(np.vstack([truth[:1], prediction[1:]]), truth, first=0)
    found = score_sequence(prediction, truth, CONVENTIONS["otb"])
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, abs=EXACT), name


def test_array_iou_equals_the_iou_of_single_boxes():
    a, b = random_boxes(2)
    expected = [Box(*p).iou(Box(*t)) for p, t in zip(a, b, strict=True)]
    np.testing.assert_allclose(iou(a, b), expected, atol=1e-12)


def test_iou_of_empty_and_disjoint_boxes_is_zero_and_nan_stays():
    a = [[0, 0, 0, 0], [0, 0, 5, 5], [np.nan, 0, 5, 5]]
    b = [[0, 0, 0, 0], [9, 9, 5, 5], [0, 0, 5, 5]]
    found = iou(a, b)
    assert found[:2].tolist() == [0.0, 0.0]
    assert np.isnan(found[2])


def test_distances_of_a_hand_computed_pair():
    assert center_error([[0, 0, 10, 10]], [[3, 4, 10, 10]]) == pytest.approx(5.0)
    assert normalized_center_error([[0, 0, 10, 10]], [[5, 0, 10, 20]])[0] == pytest.approx(
        math.hypot(5 / 10, 5 / 20)
    )


def test_overlap_and_distance_equal_the_got10k_package():
    official = pytest.importorskip("got10k.utils.metrics", reason="pip install got10k six")
    prediction, truth = random_boxes(3)
    np.testing.assert_allclose(
        iou(prediction, truth), official.rect_iou(prediction, truth), atol=EXACT
    )
    np.testing.assert_allclose(
        center_error(prediction, truth), official.center_error(prediction, truth), atol=EXACT
    )


def test_got10k_scores_equal_the_got10k_package(tmp_path):
    """The package's own report on a small set with absent frames and boxes over the edge."""
    experiments = pytest.importorskip("got10k.experiments", reason="pip install got10k six")
    root, names = tmp_path / "data", ["GOT-10k_Val_000001", "GOT-10k_Val_000002"]
    (root / "val").mkdir(parents=True)
    (root / "val" / "list.txt").write_text("\n".join(names))
    rng, ours = np.random.default_rng(4), []
    for i, name in enumerate(names):
        prediction, truth = (np.round(b, 3) for b in random_boxes(5 + i, count=30 + 25 * i))
        cover = rng.integers(0, 9, len(truth))
        folder = root / "val" / name
        folder.mkdir()
        (folder / "meta_info.ini").write_text("[METAINFO]\nresolution: (300, 240)\n")
        for k in range(len(truth)):
            (folder / f"{k:08d}.jpg").touch()
        for label in ("absence", "cut_by_image"):
            np.savetxt(folder / f"{label}.label", cover * 0, fmt="%d")
        np.savetxt(folder / "cover.label", cover, fmt="%d")
        np.savetxt(folder / "groundtruth.txt", truth, delimiter=",", fmt="%.3f")
        results = tmp_path / "results" / "GOT-10k" / "ours" / name
        results.mkdir(parents=True)
        np.savetxt(results / f"{name}_001.txt", prediction, delimiter=",", fmt="%.3f")
        np.savetxt(results / f"{name}_time.txt", np.full(len(truth), 0.01))
        ours.append(
            score_sequence(
                prediction, truth, CONVENTIONS["got10k"], absent=cover == 0, size=(300, 240)
            )
        )
    experiment = experiments.ExperimentGOT10k(
        str(root), "val", str(tmp_path / "results"), str(tmp_path / "reports")
    )
    experiment.plot_curves = lambda *_: None
    official = experiment.report(["ours"])["ours"]
    overall = average(ours, CONVENTIONS["got10k"])
    assert overall.ao == pytest.approx(official["overall"]["ao"], abs=EXACT)
    assert overall.sr50 == pytest.approx(official["overall"]["sr"], abs=EXACT)
    np.testing.assert_allclose(overall.success_curve, official["overall"]["succ_curve"], atol=EXACT)
    for name, scores in zip(names, ours, strict=True):
        assert scores.ao == pytest.approx(official["seq_wise"][name]["ao"], abs=EXACT)


def test_otb_curves_equal_the_got10k_package():
    experiments = pytest.importorskip("got10k.experiments", reason="pip install got10k six")
    official = pytest.importorskip("got10k.utils.metrics")
    prediction, truth = random_boxes(8)
    prediction[0] = truth[0]
    experiment = object.__new__(experiments.ExperimentOTB)
    experiment.nbins_iou, experiment.nbins_ce = 21, 51
    success, precision = experiment._calc_curves(
        official.rect_iou(prediction, truth), official.center_error(prediction, truth)
    )
    found = score_sequence(prediction, truth, CONVENTIONS["otb"])
    np.testing.assert_allclose(found.success_curve, success, atol=EXACT)
    np.testing.assert_allclose(found.precision_curve, precision, atol=EXACT)
    assert found.auc == pytest.approx(success.mean(), abs=EXACT)
    assert found.precision == pytest.approx(precision[20], abs=EXACT)


def test_trackingnet_rounds_and_takes_areas():
    """Its devkit, written out: whole pixels, trapezoids over 21 thresholds."""
    prediction, truth = random_boxes(9)
    p, t = np.round(np.vstack([truth[:1], prediction[1:]])), np.round(truth)
    overlaps = np.array([overlap_written_out(a, b) for a, b in zip(p, t, strict=True)])
    delta = (p[:, :2] + (p[:, 2:] + 1) / 2) - (t[:, :2] + (t[:, 2:] + 1) / 2)
    distance, scaled = np.hypot(*delta.T), np.hypot(*(delta / t[:, 2:]).T)
    axis = np.linspace(0, 1, 21)

    def area(curve):
        return float(np.trapezoid(curve, x=axis))

    found = score_sequence(prediction, truth, CONVENTIONS["trackingnet"])
    assert found.auc == pytest.approx(area([(overlaps > x).mean() for x in axis]), abs=EXACT)
    assert found.precision == pytest.approx(
        area([(distance <= x).mean() for x in np.linspace(0, 50, 21)]), abs=EXACT
    )
    assert found.norm_precision == pytest.approx(
        area([(scaled <= x).mean() for x in np.linspace(0, 0.5, 21)]), abs=EXACT
    )


def toolkit_written_out(prediction, truth, absent=()):
    """OTB's and LaSOT's MATLAB toolkits step by step, with plain loops.

    Bad results repeat the one before, the first result is the true box, absent frames are
    removed; a true box that is not positive everywhere overlaps by -1 and is at distance
    -1; every count is divided by the frames of the whole sequence.
    """
    results = [list(truth[0])]
    for box, true in zip(prediction[1:], truth[1:], strict=True):
        bad = any(math.isnan(v) for v in box) or box[2] <= 0 or box[3] <= 0
        known = not any(math.isnan(v) for v in true)
        results.append(results[-1] if bad and known else list(box))
    overlaps, distances, scaled = [], [], []
    for i, (box, true) in enumerate(zip(results, truth, strict=True)):
        if i in absent:
            continue
        if not all(v > 0 for v in true):
            overlaps.append(-1.0)
            distances.append(-1.0)
            scaled.append(-1.0)
            continue
        dx = box[0] + (box[2] - 1) / 2 - true[0] - (true[2] - 1) / 2
        dy = box[1] + (box[3] - 1) / 2 - true[1] - (true[3] - 1) / 2
        overlaps.append(overlap_written_out(box, true))
        distances.append(math.hypot(dx, dy))
        scaled.append(math.hypot(dx / true[2], dy / true[3]))
    frames = len(truth)
    success = [sum(o > i / 20 for o in overlaps) / frames for i in range(21)]
    return {
        "success_curve": success,
        "precision_curve": [sum(d <= px for d in distances) / frames for px in range(51)],
        "norm_precision_curve": [sum(d <= i / 100 for d in scaled) / frames for i in range(51)],
        "auc": sum(success) / 21,
        "precision": sum(d <= 20 for d in distances) / frames,
        "norm_precision": sum(d <= 0.2 for d in scaled) / frames,
    }


def hard_sequence(seed):
    """True boxes that are NaN, zero or at a corner of 0, and results nobody can use.

    Whole pixels, as in the sets: an overlap of 1 is exactly 1.
    """
    prediction, truth = (np.round(boxes) for boxes in random_boxes(seed, count=120))
    truth[20:26] = np.nan
    truth[40:44] = 0.0
    truth[50, 0] = 0.0
    prediction[60] = np.nan
    prediction[61:63, 2:] = 0.0
    prediction[64, 3] = -4.0
    return prediction, truth


@pytest.mark.parametrize("seed", [20, 21, 22])
def test_otb_equals_its_toolkit_with_nan_zeros_and_bad_results(seed):
    prediction, truth = hard_sequence(seed)
    found = score_sequence(prediction, truth, CONVENTIONS["otb"])
    for name, value in toolkit_written_out(prediction, truth).items():
        np.testing.assert_allclose(getattr(found, name), value, atol=EXACT, err_msg=name)


@pytest.mark.parametrize("seed", [23, 24, 25])
def test_lasot_equals_its_toolkit_with_absent_frames(seed):
    prediction, truth = hard_sequence(seed)
    absent = np.zeros(len(truth), dtype=bool)
    absent[[22, 41, *range(80, 110)]] = True
    found = score_sequence(prediction, truth, CONVENTIONS["lasot"], absent=absent)
    expected = toolkit_written_out(prediction, truth, set(np.flatnonzero(absent)))
    for name, value in expected.items():
        np.testing.assert_allclose(getattr(found, name), value, atol=EXACT, err_msg=name)
    assert found.auc != pytest.approx(toolkit_written_out(prediction, truth)["auc"], abs=EXACT)


def test_lasot_keeps_absent_frames_in_the_denominator():
    _, truth = random_boxes(10, count=10)
    absent = np.arange(10) >= 6
    found = score_sequence(truth, truth, CONVENTIONS["lasot"], absent=absent)
    assert found.frames == 10
    assert found.success_curve[0] == pytest.approx(0.6)
    assert found.precision == pytest.approx(0.6)
    assert found.norm_precision == pytest.approx(0.6)
    assert found.auc == pytest.approx(0.6 * 20 / 21, abs=EXACT)


def test_plain_and_got10k_leave_absent_frames_out():
    _, truth = random_boxes(11, count=10)
    absent = np.arange(10) >= 6
    for name in ("plain", "got10k"):
        found = score_sequence(truth, truth, CONVENTIONS[name], absent=absent, size=(999, 999))
        assert found.frames == 5
        assert found.ao == pytest.approx(1.0)


def test_otb_rows_with_nan_miss_in_success_and_hit_in_precision():
    """As the MATLAB toolkits: overlap -1 passes nothing, centre error -1 passes all."""
    _, truth = random_boxes(12, count=10)
    prediction = truth.copy()
    truth[5:] = np.nan
    found = score_sequence(prediction, truth, CONVENTIONS["otb"])
    assert found.frames == 10
    assert found.success_curve[0] == pytest.approx(0.5)
    assert found.precision == pytest.approx(1.0)


def test_plain_leaves_rows_with_nan_out():
    _, truth = random_boxes(13, count=10)
    prediction = truth.copy()
    truth[5:] = np.nan
    found = score_sequence(prediction, truth, PLAIN)
    assert (found.frames, found.ao) == (4, pytest.approx(1.0))


def test_rows_without_annotation_are_never_counted():
    prediction, truth = random_boxes(14, count=10)
    annotated = np.arange(10) < 4
    for convention in CONVENTIONS.values():
        found = score_sequence(prediction, truth, convention, annotated=annotated)
        assert found.frames == (3 if convention.first_frame == "excluded" else 4)


def test_bad_predictions_repeat_the_last_good_one():
    _, truth = random_boxes(15, count=5)
    prediction = truth.copy()
    prediction[2] = np.nan
    prediction[3, 2:] = 0
    repeated = truth[[0, 1, 1, 1, 4]]
    found = score_sequence(prediction, truth, PLAIN)
    assert found.ao == pytest.approx(iou(repeated, truth)[1:].mean(), abs=EXACT)


def test_averages_weigh_sequences_or_frames():
    _, truth = random_boxes(16, count=11)
    right = score_sequence(truth[:6], truth[:6], PLAIN)
    wrong = score_sequence(truth + np.array([999, 0, 0, 0]), truth, PLAIN)
    assert average([right, wrong], PLAIN).ao == pytest.approx(0.5)
    assert average([right, wrong], CONVENTIONS["got10k"]).ao == pytest.approx(5 / 15)
    assert average([], PLAIN) is None


def test_nothing_left_to_count_gives_no_scores():
    _, truth = random_boxes(17, count=4)
    assert score_sequence(truth, truth, PLAIN, absent=[True] * 4) is None


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match="as many predictions"):
        score_sequence(np.zeros((3, 4)), np.zeros((4, 4)), PLAIN)
