"""Every layout is found, read, and whatever is wrong in it is named."""

import json

import numpy as np
import pytest

from fartrack_sdk.benchmarks.datasets import LAYOUTS, load_dataset
from fartrack_sdk.benchmarks.datasets.aerial import uav123_range
from fartrack_sdk.errors import ConfigError, InputError


def messages(dataset):
    return [str(p) for p in dataset.problems]


def test_plain_layout(plain_set):
    found = load_dataset(plain_set)
    assert (found.layout, found.convention.name) == ("plain", "plain")
    assert [s.name for s in found.sequences] == ["ball", "car", "dog", "egg"]
    ball = found.sequences[0]
    assert (len(ball.frames), ball.truth.shape) == (6, (6, 4))
    assert ball.first_box == (15.0, 21.0, 18.0, 18.0)
    assert found.problems == []


def test_one_sequence_folder_is_a_set(plain_set):
    assert [s.name for s in load_dataset(plain_set / "ball").sequences] == ["ball"]


def test_frames_are_ordered_by_number(tmp_path, write_frames, write_boxes):
    write_frames(tmp_path / "a" / "img", count=12, pattern="{}.jpg")
    write_boxes(tmp_path / "a" / "groundtruth.txt", count=12)
    frames = load_dataset(tmp_path).sequences[0].frames
    assert [f.stem for f in frames] == [str(i) for i in range(1, 13)]


def test_otb_layout_with_two_targets_and_tabs(tmp_path, write_frames, write_boxes):
    write_frames(tmp_path / "Jogging" / "img", pattern="{:04d}.jpg")
    write_boxes(tmp_path / "Jogging" / "groundtruth_rect.1.txt", separator="\t")
    write_boxes(tmp_path / "Jogging" / "groundtruth_rect.2.txt", separator=" ")
    found = load_dataset(tmp_path)
    assert (found.layout, found.convention.name) == ("otb", "otb")
    assert [s.name for s in found.sequences] == ["Jogging.1", "Jogging.2"]


def test_otb_sequence_that_starts_late(tmp_path, write_frames, write_boxes):
    write_frames(tmp_path / "Football1" / "img", count=80, pattern="{:04d}.jpg")
    write_boxes(tmp_path / "Football1" / "groundtruth_rect.txt", count=74)
    found = load_dataset(tmp_path)
    assert len(found.sequences[0].frames) == 74
    assert found.problems == []


def test_got10k_layout(tmp_path, write_frames, write_boxes):
    folder = tmp_path / "val" / "GOT-10k_Val_000001"
    write_frames(folder, pattern="{:08d}.jpg")
    write_boxes(folder / "groundtruth.txt")
    (folder / "cover.label").write_text("8\n8\n0\n8\n8\n8\n")
    (folder / "meta_info.ini").write_text("[METAINFO]\nmotion_class: swimming\n")
    (tmp_path / "val" / "list.txt").write_text("GOT-10k_Val_000001\n")
    found = load_dataset(tmp_path)
    assert (found.layout, found.convention.name) == ("got10k", "got10k")
    assert found.sequences[0].absent.tolist() == [False, False, True, False, False, False]
    assert found.sequences[0].attributes == ("motion_class: swimming",)


def test_got10k_test_split_has_one_box(tmp_path, write_frames, write_boxes):
    folder = tmp_path / "test" / "GOT-10k_Test_000001"
    write_frames(folder, pattern="{:08d}.jpg")
    write_boxes(folder / "groundtruth.txt", count=1)
    found = load_dataset(tmp_path)
    assert found.layout == "got10k"
    assert not found.sequences[0].has_truth
    assert found.problems == []


@pytest.mark.parametrize("depth", ["basketball/basketball-1", "basketball-1"])
def test_lasot_layout(tmp_path, write_frames, write_boxes, depth):
    folder = tmp_path / depth
    write_frames(folder / "img", pattern="{:08d}.jpg")
    write_boxes(folder / "groundtruth.txt")
    (folder / "full_occlusion.txt").write_text("0,0,1,0,0,0")
    (folder / "out_of_view.txt").write_text("0,0,0,0,0,1")
    found = load_dataset(tmp_path)
    assert (found.layout, found.convention.name) == ("lasot", "lasot")
    assert np.flatnonzero(found.sequences[0].absent).tolist() == [2, 5]
    assert load_dataset(tmp_path, layout="lasotext").sequences[0].name == "basketball-1"


def test_trackingnet_layout(tmp_path, write_frames, write_boxes):
    write_frames(tmp_path / "TEST" / "frames" / "abc", pattern="{}.jpg", first=0)
    write_boxes(tmp_path / "TEST" / "anno" / "abc.txt", count=1)
    found = load_dataset(tmp_path)
    assert (found.layout, found.convention.name) == ("trackingnet", "trackingnet")
    assert [f.name for f in found.sequences[0].frames][:2] == ["0.jpg", "1.jpg"]


def test_uav123_layout_with_attributes_and_nan(tmp_path, write_frames, write_boxes):
    write_frames(tmp_path / "data_seq" / "UAV123" / "bike1")
    rows = np.full((6, 4), 20.0)
    rows[3] = np.nan
    write_boxes(tmp_path / "anno" / "UAV123" / "bike1.txt", rows)
    att = tmp_path / "anno" / "UAV123" / "att" / "bike1.txt"
    att.parent.mkdir()
    att.write_text("1,0,0,1,0,0,0,0,0,0,0,0")
    found = load_dataset(tmp_path)
    assert found.layout == "uav123"
    assert found.sequences[0].attributes == ("SV", "FM")
    assert np.isnan(found.sequences[0].truth[3]).all()


def test_uav123_cuts():
    assert uav123_range("bird1_2") == ("bird1", 775, 1477)
    assert uav123_range("uav1_3") == ("uav1", 2473, 3469)
    assert uav123_range("bike1") == ("bike1", None, None)


def test_nfs_layout_takes_every_eighth_row(tmp_path, write_frames):
    folder = tmp_path / "airboard" / "30"
    write_frames(folder / "airboard", pattern="{:05d}.jpg")
    rows = [f'0 {10 + i} 20 {30 + i} 50 {i} 0 0 0 "airboard"' for i in range(48)]
    (folder / "airboard.txt").write_text("\n".join(rows))
    found = load_dataset(tmp_path)
    assert found.layout == "nfs"
    np.testing.assert_allclose(found.sequences[0].truth[:2], [[10, 20, 20, 30], [18, 20, 20, 30]])


def test_vasttrack_layout(tmp_path, write_frames, write_boxes):
    write_frames(tmp_path / "Zebra" / "Zebra-4" / "imgs", pattern="{:05d}.jpg")
    rows = np.full((6, 4), 20.0)
    rows[4] = 0.0
    write_boxes(tmp_path / "Zebra" / "Zebra-4" / "Groundtruth.txt", rows)
    found = load_dataset(tmp_path)
    assert (found.layout, found.convention.name) == ("vasttrack", "lasot")
    assert np.flatnonzero(found.sequences[0].absent).tolist() == [4]


def test_vot_layout_with_polygons_and_tags(tmp_path, write_frames, write_boxes):
    folder = tmp_path / "bag"
    write_frames(folder / "color", pattern="{:08d}.jpg")
    write_boxes(folder / "groundtruth.txt", [[10, 10, 30, 12, 28, 40, 8, 38]] * 6)
    (folder / "occlusion.tag").write_text("0\n0\n1\n0\n0\n0\n")
    (folder / "camera_motion.tag").write_text("0\n" * 6)
    (tmp_path / "list.txt").write_text("bag\nmissing\n")
    found = load_dataset(tmp_path)
    assert found.layout == "vot"
    assert found.sequences[0].first_box == (8.0, 10.0, 22.0, 30.0)
    assert found.sequences[0].attributes == ("occlusion",)
    assert messages(found) == ["missing: expected a folder, as list.txt names it; there is none."]


def test_missing_rows_are_named_and_not_scored(plain_set, write_boxes):
    write_boxes(plain_set / "car" / "groundtruth.txt", count=4)
    found = load_dataset(plain_set)
    car = next(s for s in found.sequences if s.name == "car")
    assert car.annotated.tolist() == [True] * 4 + [False] * 2
    assert "expected 6 annotation rows" in messages(found)[0]
    assert "Frames 4 to 5" in messages(found)[0]


def test_a_byte_order_mark_is_no_number(plain_set):
    path = plain_set / "car" / "groundtruth.txt"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    found = load_dataset(plain_set)
    assert not found.problems
    assert next(s for s in found.sequences if s.name == "car").truth[0, 0] == 15.0


def test_rows_without_numbers_are_no_truth(plain_set, write_boxes):
    rows = [(15, 21, 18, 18), *[(float("nan"),) * 4] * 5]
    write_boxes(plain_set / "car" / "groundtruth.txt", rows)
    found = {s.name: s.has_truth for s in load_dataset(plain_set).sequences}
    assert found == {"ball": True, "car": False, "dog": True, "egg": True}


def test_broken_row_is_named_with_its_place(plain_set):
    path = plain_set / "car" / "groundtruth.txt"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], "12,oops", *lines[4:]]))
    found = load_dataset(plain_set)
    assert messages(found) == [
        "car, frame 3: expected x,y,w,h or a polygon in row 4 of groundtruth.txt; got 2 values."
    ]


def test_empty_folder_missing_annotation_and_bad_first_box_are_fatal(plain_set, write_boxes):
    for file in (plain_set / "ball" / "img").iterdir():
        file.unlink()
    (plain_set / "car" / "groundtruth.txt").unlink()
    (plain_set / "cup").mkdir()
    write_boxes(plain_set / "dog" / "groundtruth.txt", [[5, 5, 0, 9]] * 6)
    found = load_dataset(plain_set)
    assert [s.name for s in found.sequences] == ["egg"]
    assert [(p.sequence, p.fatal) for p in found.problems] == [
        ("ball", True),
        ("car", True),
        ("cup", True),
        ("dog", True),
    ]
    assert "cup: expected images and the annotation groundtruth.txt; found neither." in messages(
        found
    )


def test_attributes_file_adds_attributes(plain_set):
    (plain_set / "attributes.json").write_text(json.dumps({"car": ["fast"]}))
    found = {s.name: s.attributes for s in load_dataset(plain_set).sequences}
    assert found["car"] == ("fast",)
    assert found["dog"] == ()


def test_unknown_folder_lists_the_layouts(tmp_path):
    with pytest.raises(InputError, match="expected one of these layouts") as error:
        load_dataset(tmp_path)
    assert all(name in str(error.value) for name in LAYOUTS)


def test_bad_names_are_refused(plain_set, tmp_path):
    with pytest.raises(ConfigError, match="expected a layout"):
        load_dataset(plain_set, layout="mot")
    with pytest.raises(ConfigError, match="expected a convention"):
        load_dataset(plain_set, convention="mot")
    with pytest.raises(InputError, match="there is no cat"):
        load_dataset(plain_set, only=["cat"])
    with pytest.raises(InputError, match="expected a folder"):
        load_dataset(tmp_path / "nowhere")
