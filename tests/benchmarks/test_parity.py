"""Boxes beside those of another machine."""

import json

import numpy as np
import pytest

from fartrack_sdk.benchmarks.speed.config import SpeedOptions
from fartrack_sdk.benchmarks.speed.parity import on_the_clip_of
from fartrack_sdk.boxes import Box
from fartrack_sdk.errors import ArtifactError, ConfigError, InputError
from fartrack_sdk.reference import BUNDLED_CLIP, ReferenceBoxes, checksum

FIRST = Box(15.0, 21.0, 18.0, 18.0)
MOVED = tuple(Box(15.0 + i, 21.0, 18.0, 18.0) for i in range(1, 5))


def reference(boxes=MOVED, clip="img", **fields):
    return ReferenceBoxes(clip, "a test", FIRST, boxes, (1,) * (len(boxes) + 1), (0.9, 0.95))


@pytest.fixture
def gate(bench, plain_set, still, tmp_path):
    """A reference -> the speed command with it, on a tracker that moves a pixel a frame."""

    def run(expected, *extra):
        path = expected.save(tmp_path / "reference.npz")
        return bench(
            "speed", "--factory", still.factory, "--source", plain_set / "ball" / "img",
            "--rounds", 1, "--frames", 2, "--warmup", 1, "--no-roofline", "--parity", path, *extra,
        )  # fmt: skip

    return run


def test_a_reference_is_read_as_it_was_written(tmp_path):
    written = reference()
    assert ReferenceBoxes.load(written.save(tmp_path / "reference.npz")) == written


@pytest.mark.parametrize("content", [b"", b"PK", b"\x93NUMPY"])
def test_a_damaged_reference_is_refused(tmp_path, content):
    path = tmp_path / "reference.npz"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="expected reference boxes"):
        ReferenceBoxes.load(path)
    whole = reference().save(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ArtifactError, match="expected reference boxes"):
        ReferenceBoxes.load(path)
    np.savez(path, other=np.zeros(3))
    with pytest.raises(ArtifactError, match="expected reference boxes"):
        ReferenceBoxes.load(path)
    with pytest.raises(ArtifactError, match="expected reference boxes"):
        ReferenceBoxes.load(tmp_path / "none.npz")


def test_equal_boxes_pass_and_are_reported(gate, tmp_path):
    result = gate(reference(), "--json", tmp_path / "r.json")
    assert result.exit_code == 0, result.text
    assert "PASS" in result.text
    (row,) = json.loads((tmp_path / "r.json").read_text())["parity"]
    assert (row["frames"], row["least_iou"], row["passed"]) == (4, 1.0, True)
    assert row["other_frames"] == 5


def test_other_boxes_fail_with_4_and_say_where(gate):
    apart = (*MOVED[:2], Box(30.0, 21.0, 18.0, 18.0), MOVED[3])
    result = gate(reference(apart))
    assert result.exit_code == 4, result.text
    assert "FAIL" in result.text


def test_agreement_names_the_first_frame_and_the_largest_difference():
    apart = (*MOVED[:2], Box(30.0, 21.0, 18.0, 18.0), MOVED[3])
    frame = np.zeros((4, 4, 3), np.uint8)
    found = reference(apart).compare(MOVED, (checksum(frame), 1, 1, 1, 1))
    assert (found.first_frame_below, found.largest_px, found.passed) == (3, 12.0, False)
    assert found.other_frames == 1
    with pytest.raises(InputError, match="expected the 5 frames"):
        reference().compare(MOVED[:2], (1, 1, 1))


def test_another_clip_or_box_than_the_references_is_refused():
    bundled, other = reference(clip=BUNDLED_CLIP), reference()
    assert on_the_clip_of(bundled, SpeedOptions()).box == FIRST
    with pytest.raises(ConfigError, match="the clip that ships"):
        on_the_clip_of(bundled, SpeedOptions(source="video.mp4"))
    with pytest.raises(ConfigError, match="name it with --source"):
        on_the_clip_of(other, SpeedOptions())
    with pytest.raises(ConfigError, match="expected --box 15,21,18,18"):
        on_the_clip_of(other, SpeedOptions(source="video.mp4", box=(1, 2, 3, 4)))
