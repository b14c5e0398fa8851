import json
import multiprocessing
import os
import pickle
import signal

import cv2
import numpy as np
import pytest
import torch

from fartrack_sdk.errors import ConfigError
from fartrack_sdk.training.bank import Bank, pack_bank
from fartrack_sdk.training.clips import ClipDataset
from fartrack_sdk.training.config import ClipConfig, DataConfig, SourceConfig
from fartrack_sdk.training.generated import shape, texture
from fartrack_sdk.training.objects import Sprite
from fartrack_sdk.training.pairs import PairDataset, choose_slots
from fartrack_sdk.training.render import (
    Crop,
    Layer,
    Pose,
    alpha_extent,
    draw_background,
    draw_layer,
)
from fartrack_sdk.training.stream import batches
from fartrack_sdk.training.synthesis import Scene

WINDOW = DataConfig(
    search_size=224, template_size=112, num_templates=3, window=8, template_keep=16, real_share=0.0
)


def equal(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("config", [DataConfig(real_share=0.0), WINDOW])
def test_a_sample_depends_on_seed_and_index_alone(bank, config):
    first, again = PairDataset(bank, config, 1), PairDataset(bank, config, 1)
    ahead = [first[i] for i in (0, 1, 2)]
    assert equal(again[2], ahead[2])
    assert not torch.equal(first[0]["search"], first[1]["search"])
    assert not torch.equal(first[0]["search"], PairDataset(bank, config, 2)[0]["search"])


def test_batches_go_on_where_they_were_left_whatever_the_workers(bank):
    data = PairDataset(bank, DataConfig(search_size=64, template_size=32, real_share=0.0), 3)
    whole = list(batches(data, 0, 2, 3, 0))
    rest = list(batches(data, 2, 2, 2, 1))
    assert equal(whole[1], rest[0])
    assert equal(whole[2], rest[1])


def test_signals_to_the_whole_group_leave_the_workers_alone(bank):
    data = PairDataset(bank, DataConfig(search_size=64, template_size=32, real_share=0.0), 3)
    stream = batches(data, 0, 2, 12, 1)
    first = next(stream)
    (worker,) = multiprocessing.active_children()
    os.kill(worker.pid, signal.SIGINT)
    os.kill(worker.pid, signal.SIGTERM)
    assert len([first, *stream]) == 12


def test_a_bank_travels_as_its_path(bank):
    assert len(pickle.dumps(bank)) < 1000
    again = pickle.loads(pickle.dumps(bank))
    assert np.array_equal(again.photos[0], bank.photos[0])


def test_shapes_and_types_of_a_windowed_sample(bank):
    sample = PairDataset(bank, WINDOW, 0)[0]
    assert sample["templates"].shape == (3, 112, 112, 3)
    assert sample["search"].shape == (128, 128, 3)
    assert sample["search"].dtype == torch.uint8
    assert sample["kept"].shape == (3, 16)
    assert sample["slots"].tolist()[0] == 0
    assert sample["slots"].tolist()[-1] == 4


def test_the_window_holds_the_target_s_centre(bank):
    dataset = PairDataset(bank, WINDOW, 5)
    for i in range(20):
        sample = dataset[i]
        x0, y0, x1, y1 = (sample["box"] * 14).tolist()
        row, column = sample["corner"].tolist()
        assert row - 0.5 <= (y0 + y1) / 2 <= row + 8.5
        assert column - 0.5 <= (x0 + x1) / 2 <= column + 8.5


def test_the_box_lies_where_the_object_is_drawn():
    rng = np.random.default_rng(0)
    image = shape(rng)
    image[..., :3] = 255
    pose = Pose(-4.5, 0.3, 0.1, 0.2)
    extent = alpha_extent(image, pose.matrix())
    crop = Crop(0.1, -0.2, 4.0, 256)
    canvas = np.zeros((256, 256, 3), np.uint8)
    draw_layer(canvas, Layer(Sprite(image, 0), np.array([0.3, 0.2]), pose.matrix()), crop)
    x, y, w, h = cv2.boundingRect((canvas[..., 0] > 100).astype(np.uint8))
    corners = np.array(extent).reshape(2, 2) + np.array([0.3, 0.2])
    np.testing.assert_allclose(crop.to_pixels(corners).reshape(4), [x, y, x + w, y + h], atol=4)


def test_a_stretched_photo_keeps_its_box_around_its_target(tmp_path):
    photo = np.zeros((200, 300, 3), np.uint8)
    photo[80:120, 100:150] = 255
    bank = Bank(tmp_path, [photo], [(0, (100.0, 80.0, 50.0, 40.0))], [], 0)
    config = DataConfig(real_share=1.0, region_share=0.0, stretch=0.8)
    aspects = []
    for seed in range(6):
        scene = Scene(bank, config, np.random.default_rng(seed))
        frame = scene.frame(scene.motion(0.0, 0.0), False)
        crop = Crop(0.1, -0.2, 5.0, 320)
        canvas = draw_background(photo, frame.camera, crop, cv2.BORDER_CONSTANT)
        x, y, w, h = cv2.boundingRect((canvas[..., 0] > 127).astype(np.uint8))
        np.testing.assert_allclose(frame.box(crop) * 320, [x, y, x + w, y + h], atol=1.5)
        assert frame.size == pytest.approx(1.0)
        aspects.append(np.log(w / h))
    assert np.std(aspects) > 0.4


def test_slots_are_ascending_and_hold_first_and_newest():
    rng = np.random.default_rng(0)
    assert choose_slots(1, rng).tolist() == [0]
    assert choose_slots(5, rng).tolist() == [0, 1, 2, 3, 4]
    for _ in range(5):
        slots = choose_slots(3, rng).tolist()
        assert slots == sorted(set(slots))
        assert (slots[0], slots[-1]) == (0, 4)


def test_clips_are_repeatable_and_their_boxes_move_smoothly(bank):
    config = ClipConfig(frames=6, size=96)
    dataset = ClipDataset(bank, DataConfig(real_share=0.0), config, 1)
    clip = dataset[0]
    assert clip["frames"].shape == (7, 96, 96, 3)
    assert equal(clip, dataset[0])
    assert (clip["boxes"][1:] - clip["boxes"][:-1]).abs().max() < 48


@pytest.fixture
def folder(tmp_path):
    """A source with one boxed photo."""
    rng = np.random.default_rng(0)
    photo = texture(rng, 128)
    cut = shape(rng)
    photo[30 : 30 + cut.shape[0], 20 : 20 + cut.shape[1]][cut[..., 3] > 0] = (20, 240, 30)
    source = tmp_path / "photos"
    source.mkdir()
    cv2.imwrite(str(source / "a.png"), photo)
    box = {"image": "a.png", "box": [20, 30, cut.shape[1], cut.shape[0]]}
    (source / "boxes.jsonl").write_text(json.dumps(box))
    return source


def test_boxes_of_a_source_become_targets_and_pairs(folder, tmp_path):
    pack_bank([SourceConfig(path=folder, kind="photos")], tmp_path / "pack")
    bank = Bank.open(tmp_path / "pack")
    assert len(bank.photos) == len(bank.targets) == 1
    sample = PairDataset(bank, DataConfig(real_share=1.0), 0)[0]
    assert (sample["box"][2:] > sample["box"][:2]).all()


def test_a_missing_bank_or_source_says_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match="fartrack-train pack"):
        Bank.open(tmp_path)
    with pytest.raises(ConfigError, match="neither"):
        pack_bank([SourceConfig(path=tmp_path / "none.zip", kind="photos")], tmp_path / "pack")


def test_a_pack_that_fails_leaves_the_bank_that_was_there(folder, tmp_path):
    source, pack = SourceConfig(path=folder, kind="photos"), tmp_path / "pack"
    pack_bank([source], pack)
    before = {file.name: file.read_bytes() for file in pack.iterdir()}
    (folder / "b.png").write_bytes(b"no picture")
    with pytest.raises(ConfigError, match=r"b\.png cannot be decoded"):
        pack_bank([source, source], pack)
    assert {file.name: file.read_bytes() for file in pack.iterdir()} == before


def test_a_bank_of_two_halves_is_refused(folder, tmp_path):
    pack = tmp_path / "pack"
    pack_bank([SourceConfig(path=folder, kind="photos")], pack)
    with (pack / "images.bin").open("ab") as images:
        images.write(b"more")
    with pytest.raises(ConfigError, match="Make the bank again"):
        Bank.open(pack)


def test_a_bank_that_names_no_size_is_opened(folder, tmp_path):
    pack = tmp_path / "pack"
    pack_bank([SourceConfig(path=folder, kind="photos")], pack)
    index = json.loads((pack / "index.json").read_text())
    del index["bytes"]
    (pack / "index.json").write_text(json.dumps(index))
    assert len(Bank.open(pack).photos) == 1


def test_a_run_file_without_sources_makes_no_bank(tmp_path):
    with pytest.raises(ConfigError, match="expected `sources`"):
        pack_bank([], tmp_path / "pack")
    assert not (tmp_path / "pack").exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"image": "c.png", "box": [1, 2, 3, 4]}', r"for example 'c\.png'"),
        ('{"image": "a.png", "box": [1, 2]}', "line 3"),
        ("no json", "line 3"),
    ],
)
def test_boxes_that_belong_to_no_image_are_named(folder, tmp_path, line, message):
    file = folder / "boxes.jsonl"
    file.write_text(file.read_text() + f"\n\n{line}\n")
    with pytest.raises(ConfigError, match=message):
        pack_bank([SourceConfig(path=folder, kind="photos")], tmp_path / "pack")


def test_an_empty_source_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="expected images"):
        pack_bank([SourceConfig(path=tmp_path / "empty", kind="photos")], tmp_path / "pack")
