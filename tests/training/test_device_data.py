"""Samples drawn on a device against the same samples drawn by OpenCV."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from fartrack_sdk.training.appearance import Look, draw_look
from fartrack_sdk.training.bank import Bank
from fartrack_sdk.training.clips import ClipDataset
from fartrack_sdk.training.config import ClipConfig, DataConfig, StageConfig
from fartrack_sdk.training.device_bank import DeviceBank
from fartrack_sdk.training.device_jpeg import compressed
from fartrack_sdk.training.device_render import DeviceRenderer
from fartrack_sdk.training.encoding import BORDERS, encode
from fartrack_sdk.training.generated import shape, texture
from fartrack_sdk.training.objects import Sprite
from fartrack_sdk.training.pairs import PairDataset
from fartrack_sdk.training.render import Crop, Layer, Pose
from fartrack_sdk.training.stage import make_stage
from fartrack_sdk.training.trainer import Trainer
from fartrack_sdk.training.view import View, draw_view

CPU = torch.device("cpu")
PLAIN = Look(gamma=1.0, gains=np.ones(3, np.float32), offset=0.0)


@pytest.fixture(scope="module")
def boxed(tmp_path_factory):
    """A bank in memory: one photo with a target and one object."""
    rng = np.random.default_rng(4)
    photo, thing = texture(rng, 192), shape(rng)
    thing[..., 1:3] = 255 - thing[..., 1:3] // 4
    pack = tmp_path_factory.mktemp("none")
    return Bank(pack, [photo], [(0, (60.0, 70.0, 50.0, 40.0))], [thing], 1)


@pytest.fixture(scope="module")
def renderer(boxed):
    return DeviceRenderer(boxed, CPU)


def view(**changes):
    camera = np.array([[40.0, 0.0, 90.0], [0.0, 40.0, 100.0]])
    plain = View(0, camera, cv2.BORDER_REPLICATE, (), Crop(0.0, 0.0, 4.0, 96), PLAIN)
    return replace(plain, **changes)


def difference(bank, renderer, shown):
    """Mean distance of the two drawings, grey levels, and how much there is to draw."""
    there = renderer.draw(encode((shown,)), shown.crop.size)[0].numpy().astype(float)
    here = draw_view(bank, shown).astype(float)
    return np.abs(there - here).mean(), here.std()


def layer_difference(bank, renderer, layer):
    """Mean distance of the two drawings where a layer shows, and what the layer changed."""
    shown = view(layers=(layer,))
    there = renderer.draw(encode((shown,)), 96)[0].numpy().astype(float)
    here, bare = draw_view(bank, shown).astype(float), draw_view(bank, view()).astype(float)
    covered = np.abs(here - bare).sum(axis=2) > 0
    assert covered.sum() > 100
    return np.abs(there - here)[covered].mean(), np.abs(here - bare)[covered].mean()


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("side", [1.5, 4.0, 12.0])
def test_backgrounds_of_every_border_and_scale_agree(boxed, renderer, border, side):
    turned = np.array([[36.0, 12.0, 90.0], [-12.0, 36.0, 100.0]])
    shown = view(border=border, camera=turned, crop=Crop(0.3, -0.4, side, 96))
    distance, spread = difference(boxed, renderer, shown)
    assert spread > 5
    assert distance < 2.0


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("scale", [-3.9, -4.9])
def test_objects_agree_in_place_shape_and_transparency(boxed, renderer, mirrored, scale):
    image = boxed.objects[0][:, ::-1] if mirrored else boxed.objects[0]
    pose = Pose(scale, 0.4, 0.2, 0.3).matrix()
    layer = Layer(Sprite(image, 1, mirrored=mirrored), np.array([0.4, -0.3]), pose)
    distance, changed = layer_difference(boxed, renderer, layer)
    assert changed > 30
    assert distance < 0.12 * changed


def test_pieces_of_photos_agree_with_their_outline(boxed, renderer):
    outline = np.array([[5.0, 10.0], [55.0, 2.0], [40.0, 30.0], [58.0, 44.0], [8.0, 40.0]])
    alpha = np.zeros((48, 60), np.uint8)
    cv2.fillPoly(alpha, [outline.astype(np.int32)], 255)
    image = np.dstack([boxed.photos[0][20:68, 110:170], alpha])
    sprite = Sprite(image, 0, 110, 20, outline=outline)
    layer = Layer(sprite, np.array([0.1, 0.2]), Pose(-3.6, 0.5).matrix())
    distance, changed = layer_difference(boxed, renderer, layer)
    assert changed > 20
    assert distance < 0.12 * changed


LOOKS = {
    "light": {"gamma": 1.3, "gains": np.array([0.8, 1.0, 1.2], np.float32), "offset": 0.05},
    "bend": {"bend": np.random.default_rng(0).normal(0, 0.03, (4, 4, 2)).astype(np.float32)},
    "shadow": {"shadow": np.array([[0.5, 1.1], [0.9, 0.6]], np.float32)},
    "blur": {"blur": np.eye(7, dtype=np.float32) / 7},
    "resolution": {"resolution": 0.45},
    "compression": {"quality": 40},
    "grey": {"grey": True},
    "mirror": {},
}


@pytest.mark.parametrize("name", LOOKS)
def test_every_change_of_appearance_agrees(boxed, renderer, name):
    plain = view()
    shown = view(look=replace(PLAIN, **LOOKS[name]), mirrored=name == "mirror")
    effect = np.abs(draw_view(boxed, plain).astype(int) - draw_view(boxed, shown)).mean()
    distance, _ = difference(boxed, renderer, shown)
    assert effect > 1
    assert distance < 0.25 * effect + 0.7


def test_noise_has_its_strength_and_is_the_same_again(boxed, renderer):
    shown = encode((view(look=replace(PLAIN, noise=6.0, seed=5)),))
    plain = renderer.draw(encode((view(),)), 96).float()
    noisy = renderer.draw(shown, 96)
    assert torch.equal(noisy, renderer.draw(shown, 96))
    assert 5.0 < (noisy.float() - plain).std() < 6.5


def test_random_looks_fill_every_field():
    rng = np.random.default_rng(0)
    looks = [draw_look(rng, 64, 1.0, bend=0.02, shaded=0.5) for _ in range(200)]
    assert any(look.blur is not None for look in looks)
    assert any(look.shadow is not None for look in looks)
    assert {look.resolution < 1 for look in looks} == {True, False}
    assert any(look.noise for look in looks)
    assert any(look.quality for look in looks)


@pytest.mark.parametrize("quality", [35, 60, 89])
def test_compression_is_that_of_opencv(quality):
    image = texture(np.random.default_rng(1), 96)
    coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    wanted = cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1].astype(np.float32)
    rgb = torch.from_numpy(image[..., ::-1].astype(np.float32)).permute(2, 0, 1)[None]
    found = compressed(rgb, torch.tensor([quality]))[0].permute(1, 2, 0).numpy()
    assert np.abs(found - wanted).mean() < 0.4 * np.abs(wanted - image[..., ::-1]).mean()


def test_smaller_copies_end_before_an_image_vanishes():
    small, large = np.zeros((9, 40, 3), np.uint8), np.zeros((200, 300, 4), np.uint8)
    bank = DeviceBank(Bank(None, [small], [], [large], 1), CPU)
    index, shrink = torch.tensor([0, 1, 1]), torch.tensor([30.0, 30.0, 0.3])
    assert bank.levels(index, shrink).tolist() == [0, 4, 0]
    width, height = bank.sizes(index, bank.levels(index, shrink))
    assert width.tolist() == [40, 18, 300]
    assert height.tolist() == [9, 12, 200]


@pytest.mark.parametrize("real_share", [0.0, 1.0])
def test_whole_pairs_agree_and_their_facts_are_equal(boxed, renderer, real_share):
    data = DataConfig(search_size=96, template_size=48, num_templates=3, real_share=real_share)
    stage = StageConfig(batch=6, data=data)
    here = next(make_stage(stage, boxed, 0, 0).batches(0, 1, 0))
    there = next(make_stage(stage, boxed, 0, 0, renderer).batches(0, 1, 0))
    for name in ("box", "corner", "kept", "slots"):
        assert torch.equal(here[name], there[name])
    noisy = [PairDataset(boxed, data, 0).plan(i).search.look.noise for i in range(6)]
    for name in ("templates", "search"):
        assert here[name].shape == there[name].shape
        assert there[name].dtype == torch.uint8
        gap = (here[name].float() - there[name].float()).abs().flatten(1).mean(1)
        assert float(gap.min()) < 2.5
        assert float(gap.max()) < 12, noisy


def test_windows_of_the_search_region_agree(boxed, renderer):
    data = DataConfig(search_size=160, template_size=48, window=6, real_share=0.0)
    stage = StageConfig(batch=2, data=data)
    here = next(make_stage(stage, boxed, 0, 0).batches(0, 1, 0))["search"]
    there = next(make_stage(stage, boxed, 0, 0, renderer).batches(0, 1, 0))["search"]
    assert here.shape == there.shape == (2, 96, 96, 3)
    assert (here.float() - there.float()).abs().mean() < 8


def test_clips_agree(boxed, renderer):
    data, clip = DataConfig(real_share=0.0), ClipConfig(frames=2, size=96)
    stage = StageConfig(kind="sequence", batch=2, data=data, clip=clip)
    here = next(make_stage(stage, boxed, 3, 0).batches(0, 1, 0))
    there = next(make_stage(stage, boxed, 3, 0, renderer).batches(0, 1, 0))
    assert torch.equal(here["boxes"], there["boxes"])
    assert len(ClipDataset(boxed, data, clip, 3000).plan(0).frames) == 3
    assert (here["frames"].float() - there["frames"].float()).abs().mean() < 8


def test_a_run_that_draws_on_its_device_learns_and_goes_on_exactly(run_config, tmp_path):
    losses = []

    def run(name, *pieces):
        config = run_config.model_copy(update={"draw_on": "device", "out": tmp_path / name})
        curve = []
        for steps in pieces:
            Trainer(config, [lambda p: curve.append(p.scalars["loss"])]).run(steps)
        losses.append(curve)

    run("whole", 4)
    run("pieces", 2, 2)
    assert losses[0] == losses[1]
    assert len(set(losses[0])) == 4
