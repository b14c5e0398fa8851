import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from fartrack_sdk import Tracker
from fartrack_sdk.checkpoint.source import read_checkpoint
from fartrack_sdk.errors import ArtifactError, ConfigError
from fartrack_sdk.training.checkpoint import STATE_FILE, averaged_tensors
from fartrack_sdk.training.cli import app
from fartrack_sdk.training.config import (
    ClipConfig,
    DataConfig,
    LossConfig,
    RunConfig,
    StageConfig,
)
from fartrack_sdk.training.export import save_released
from fartrack_sdk.training.net import TrainableNet
from fartrack_sdk.training.pairs import PairDataset
from fartrack_sdk.training.run_file import read_run
from fartrack_sdk.training.smoke import run_smoke, smoke_config
from fartrack_sdk.training.stage import make_stage
from fartrack_sdk.training.start import initialise
from fartrack_sdk.training.stream import batches
from fartrack_sdk.training.trainer import Trainer

OPENED = []
WATCHING = False


def _watch(event, arguments):
    if WATCHING and event == "open" and isinstance(arguments[0], str):
        OPENED.append(arguments[0])


sys.addaudithook(_watch)


def curve(config, *pieces):
    losses = []
    for steps in pieces:
        Trainer(config, [lambda p: losses.append(p.scalars["loss"])]).run(steps)
    return losses


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_run_that_was_stopped_goes_on_exactly(run_config, tmp_path, optimizer):
    run_config = run_config.model_copy(update={"optimizer": optimizer})
    whole = curve(run_config, 6)
    pieces = curve(run_config.model_copy(update={"out": tmp_path / "other"}), 2, 1, 3)
    assert whole == pieces
    states = [torch.load(p / STATE_FILE) for p in (run_config.out, tmp_path / "other")]
    for name, value in states[0]["net"].items():
        assert torch.equal(value, states[1]["net"][name]), name
    for first, second in zip(states[0]["average"], states[1]["average"], strict=True):
        assert torch.equal(first, second)


def test_a_finished_run_does_nothing_more(run_config):
    Trainer(run_config).run()
    assert Trainer(run_config).run().samples == 24


def test_stop_saves_after_the_step(run_config):
    trainer = Trainer(run_config, [lambda _: trainer.stop()])
    assert trainer.run().step == 1
    assert Trainer(run_config).progress.step == 1


def test_a_state_of_another_depth_is_refused(run_config):
    Trainer(run_config).run(1)
    with pytest.raises(ArtifactError, match="10-layer"):
        Trainer(run_config.model_copy(update={"variant": "nano"}))


def test_muon_updates_the_matrices_of_the_blocks_alone(run_config):
    nets = {}
    for optimizer in ("adamw", "muon"):
        out = run_config.out.with_name(optimizer)
        trainer = Trainer(run_config.model_copy(update={"optimizer": optimizer, "out": out}))
        trainer.run(1)
        nets[optimizer] = dict(trainer.net.named_parameters())
    for name, value in nets["muon"].items():
        matrix = name.startswith("core.blocks.") and value.ndim == 2
        assert torch.equal(value, nets["adamw"][name]) != matrix, name


def test_a_state_of_another_optimizer_is_refused(run_config):
    Trainer(run_config).run(1)
    with pytest.raises(ArtifactError, match="optimizer"):
        Trainer(run_config.model_copy(update={"optimizer": "muon"}))


@pytest.mark.parametrize("change", [{"seed": 5}, {"batch": 8}, {"kind": "distill"}])
def test_a_state_of_other_samples_is_refused(run_config, change):
    Trainer(run_config).run(1)
    stage = run_config.stages[0].model_copy(update=change)
    other = {"seed": change.get("seed", 0), "stages": (stage,)}
    with pytest.raises(ConfigError, match="seed and the stages"):
        Trainer(run_config.model_copy(update=other))


def test_a_state_that_names_no_samples_goes_on(run_config):
    Trainer(run_config).run(1)
    file = run_config.out / STATE_FILE
    state = torch.load(file)
    del state["recipe"]
    torch.save(state, file)
    assert Trainer(run_config).progress.step == 1


def test_a_run_may_go_on_longer_and_at_another_rate(run_config):
    Trainer(run_config).run()
    stage = run_config.stages[0].model_copy(update={"samples": 32, "rate": 1e-4})
    more = run_config.model_copy(update={"stages": (stage, run_config.stages[0])})
    assert Trainer(more).run().samples == 48


def test_a_run_that_diverges_keeps_its_last_good_state(run_config):
    Trainer(run_config).run(2)
    stage = run_config.stages[0].model_copy(update={"rate": 1e30})
    with pytest.raises(ArtifactError, match="diverged"):
        Trainer(run_config.model_copy(update={"stages": (stage,)})).run()
    trainer = Trainer(run_config)
    assert trainer.progress.step == 2
    assert all(torch.isfinite(p).all() for p in trainer.net.parameters())


@pytest.mark.parametrize("content", [b"", b"text", b"\x80\x02}q\x00."])
def test_a_damaged_state_is_named(run_config, content):
    run_config.out.mkdir()
    (run_config.out / STATE_FILE).write_bytes(content)
    with pytest.raises(ArtifactError, match="expected the state of a training run"):
        Trainer(run_config)


def test_a_device_that_is_none_is_refused(run_config):
    with pytest.raises(ConfigError, match="expected cpu, cuda"):
        Trainer(run_config.model_copy(update={"device": "gpu0"}))


def test_a_run_begins_with_the_averaged_weights_of_another(run_config, tmp_path):
    Trainer(run_config).run(2)
    averaged, _ = averaged_tensors(run_config.out / STATE_FILE)
    other = run_config.model_copy(update={"out": tmp_path / "other", "init": run_config.out})
    trainer = Trainer(other)
    assert trainer.progress.samples == 0
    for name, parameter in trainer.net.named_parameters():
        assert torch.equal(parameter, averaged[name]), name
    trainer.run(1)
    assert Trainer(other).progress.step == 1


def test_a_run_begins_with_the_layers_of_a_deeper_checkpoint(run_config, tmp_path):
    deep = TrainableNet(10)
    initialise(deep, 3)
    save_released(dict(deep.named_parameters()), tmp_path / "deep.safetensors", "nano")
    trainer = Trainer(run_config.model_copy(update={"init": tmp_path / "deep.safetensors"}))
    last = len(trainer.net.core.blocks) - 1
    half = deep.layers[last].mlp.fc1.weight.detach().half().float()
    assert torch.equal(trainer.net.layers[last].mlp.fc1.weight, half)


def test_a_grown_run_computes_what_the_shallow_one_computes(run_config, bank, tmp_path):
    shallow = Trainer(run_config)
    shallow.run(2)
    init = {"variant": "nano", "out": tmp_path / "deep", "init": run_config.out}
    deep = Trainer(run_config.model_copy(update=init))
    averaged, _ = averaged_tensors(run_config.out / STATE_FILE)
    shallow.net.load_state_dict(averaged)
    data = run_config.stages[0].data
    batch = next(batches(PairDataset(bank, data, 0), 0, 2, 1, 0))
    with torch.no_grad():
        grid = data.search_size // 16
        first, second = (net.eval()(batch, grid).logits[-1] for net in (shallow.net, deep.net))
    assert torch.equal(first, second)


def test_frozen_layers_stay_what_they_are_while_deeper_ones_learn(run_config, tmp_path):
    Trainer(run_config).run(2)
    stage = run_config.stages[0].model_copy(update={"frozen": 6})
    init = {"variant": "nano", "out": tmp_path / "deep", "init": run_config.out, "stages": (stage,)}
    trainer = Trainer(run_config.model_copy(update=init))
    before = {n: p.detach().clone() for n, p in trainer.net.core.named_parameters()}
    trainer.run(3)
    moved = {n for n, p in trainer.net.core.named_parameters() if not torch.equal(p, before[n])}
    assert moved
    assert {int(n.split(".")[1]) for n in moved if n.startswith("blocks.")} == {6, 7, 8, 9}
    assert all(n.startswith("blocks.") for n in moved)


def test_a_stage_that_freezes_every_layer_is_refused(run_config):
    with pytest.raises(ValueError, match="none of the 6 layers"):
        RunConfig(out=run_config.out, bank=run_config.bank, stages=(StageConfig(frozen=6),))


def test_a_compiled_run_without_a_compiler_is_refused_with_advice(run_config, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(ConfigError, match=r"apt install g\+\+"):
        Trainer(run_config.model_copy(update={"compiled": True}))


def test_training_opens_nothing_but_the_bank_and_its_own_folder(run_config):
    global WATCHING  # noqa: PLW0603
    Trainer(run_config).run(1)
    OPENED.clear()
    WATCHING = True
    try:
        Trainer(run_config).run(1)
    finally:
        WATCHING = False
    images = [p for p in OPENED if p.endswith((".jpg", ".png", ".zip", ".bin", ".txt"))]
    assert images
    assert all(str(run_config.bank) in p or str(run_config.out) in p for p in images)


def stage_loss(bank, stage, depth=6):
    net = TrainableNet(depth)
    initialise(net, 0)
    net.train()
    made = make_stage(stage, bank, 0, 0)
    batch = next(made.batches(0, 1, 0))
    loss, scalars = made.loss(net, batch, torch.device("cpu"), False)
    loss.backward()
    return net, loss, scalars


def test_distillation_trains_every_layer_from_the_fifth_on(bank):
    data = DataConfig(search_size=64, template_size=32, real_share=0.0)
    stage = StageConfig(kind="distill", batch=2, data=data, loss=LossConfig(distill=1.0))
    _, loss, scalars = stage_loss(bank, stage)
    assert torch.isfinite(loss)
    assert scalars["kl"] > 0


def test_distillation_without_weight_is_refused(bank):
    with pytest.raises(ConfigError, match=r"loss\.distill"):
        make_stage(StageConfig(kind="distill"), bank, 0, 0)


def test_sequences_feed_own_boxes_and_masks_forward_and_train(bank):
    data = DataConfig(search_size=224, template_size=112, real_share=0.0)
    stage = StageConfig(
        kind="sequence", batch=1, data=data, clip=ClipConfig(frames=3, size=96, kept_tokens=37)
    )
    net, loss, scalars = stage_loss(bank, stage)
    assert torch.isfinite(loss)
    assert set(scalars) == {"loss", "iou"}
    assert net.core.word.grad.abs().sum() > 0


def test_saved_weights_load_and_compute_the_same(run_config, tmp_path):
    Trainer(run_config).run(2)
    tensors, samples = averaged_tensors(run_config.out / STATE_FILE)
    path = tmp_path / "pico.safetensors"
    save_released(tensors, path, "pico", precision="float32", license_name="test")
    assert samples == 8
    tracker = Tracker.from_checkpoint(path, threads=1)
    assert tracker.metadata["license"] == "test"
    rng = np.random.default_rng(0)
    search, template = (rng.integers(0, 256, (1, s, s, 3), np.uint8) for s in (224, 112))
    outputs = tracker.model.runtime.run("first", {"search": search, "newest": template})
    net = TrainableNet(6)
    net.load_state_dict(tensors)
    net.eval()
    inputs = {
        "templates": torch.from_numpy(template)[:, None].expand(-1, 5, -1, -1, -1),
        "slots": torch.arange(5)[None],
        "kept": torch.arange(49).expand(1, 5, 49),
        "search": torch.from_numpy(search),
        "corner": torch.zeros(1, 2, dtype=torch.long),
    }
    with torch.no_grad():
        logits = net(inputs, 14).logits[-1]
    np.testing.assert_allclose(outputs["logits"], logits.numpy(), atol=2e-4)


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    tensors = dict(TrainableNet(6).named_parameters())
    tensors["core.norm.bias"] = torch.full((192,), torch.nan)
    with pytest.raises(ArtifactError, match=r"norm\.bias"):
        save_released(tensors, tmp_path / "x.safetensors", "pico")


@pytest.mark.parametrize("variant", ["tiny", "pcio"])
def test_a_variant_that_the_layers_do_not_make_is_refused(tmp_path, variant):
    tensors = dict(TrainableNet(6).named_parameters())
    with pytest.raises(ConfigError, match="6 layers make: pico"):
        save_released(tensors, tmp_path / "x.safetensors", variant)
    assert not list(tmp_path.iterdir())


def test_save_takes_all_layers_by_default(run_config, tmp_path):
    Trainer(run_config.model_copy(update={"variant": "nano"})).run(1)
    target = tmp_path / "nano.safetensors"
    result = CliRunner().invoke(app, ["save", str(run_config.out), str(target)])
    assert result.exit_code == 0, result.stderr
    assert read_checkpoint(target).config.variant == "nano"


@pytest.mark.parametrize("suffix", ["json", "toml", "yaml"])
def test_run_files_take_overrides(tmp_path, suffix):
    text = {
        "json": '{"out": "o", "bank": "b", "stages": [{"rate": 1e-3}]}',
        "toml": 'out = "o"\nbank = "b"\n[[stages]]\nrate = 1e-3\n',
        "yaml": "out: o\nbank: b\nstages:\n  - rate: 0.001\n",
    }[suffix]
    file = tmp_path / f"run.{suffix}"
    file.write_text(text)
    config = read_run(file, ["stages.0.rate=2e-4", "device=cpu", "stages.0.data.window=0"])
    assert config.stages[0].rate == 2e-4


def test_a_wrong_name_in_a_run_file_is_named(tmp_path):
    file = tmp_path / "run.json"
    file.write_text('{"out": "o", "bank": "b", "speed": 3}')
    with pytest.raises(ConfigError, match="speed"):
        read_run(file)


def test_training_on_generated_images_improves(tmp_path):
    config = smoke_config(tmp_path, samples=480, batch=16, size=64)
    result = run_smoke(config.model_copy(update={"threads": 1}), pairs=32)
    assert result.after > result.before + 0.02
    short = config.stages[0].model_copy(update={"samples": 16})
    again = run_smoke(config.model_copy(update={"threads": 1, "stages": (short,)}), pairs=32)
    assert (again.before, again.samples) == (result.before, 16)


def test_a_stopped_run_says_so(run_config, tmp_path):
    file = tmp_path / "run.json"
    file.write_text(run_config.model_dump_json())
    code = "from fartrack_sdk.training.cli import main; main()"
    command = [sys.executable, "-c", code, "run", str(file)]
    more = ["--set", "stages.0.samples=4000"]
    with subprocess.Popen([*command, *more], stderr=subprocess.PIPE, text=True) as process:
        while not list(run_config.out.glob("tensorboard/*")):
            time.sleep(0.05)
            assert process.poll() is None, process.stderr.read()
        process.send_signal(signal.SIGINT)
        _, messages = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "The same command goes on" in messages
    assert (run_config.out / STATE_FILE).is_file()
