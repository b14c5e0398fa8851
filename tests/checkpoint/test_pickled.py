import argparse
import collections
import datetime
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from fartrack_sdk import ArtifactError, ConfigError, Tracker
from fartrack_sdk.checkpoint.pickled import read_pickled
from fartrack_sdk.checkpoint.source import read_checkpoint


@pytest.mark.parametrize(
    ("net_type", "layout", "protocol"),
    [
        ("FARTrackSparse", "sparse", "sparse"),
        ("FARTrackSeq", "sparse", "sparse"),
        ("FARTrackDistill", "dense", "dense"),
        ("FARTrack", "dense", "dense"),
    ],
)
def test_released_files_load_without_the_training_code(
    save_training_file, released_state, net_type, layout, protocol
):
    path = save_training_file(released_state(0, layout), net_type)
    checkpoint = read_checkpoint(path)
    assert checkpoint.config.protocol == protocol
    assert (checkpoint.config.variant, checkpoint.config.depth) == ("tiny", 15)
    assert checkpoint.metadata["net_type"] == net_type
    assert checkpoint.metadata["epoch"] == "15"
    assert len(checkpoint.metadata["source_sha256"]) == 64


def test_a_released_file_tracks(save_training_file, released_state, recipe):
    path = save_training_file(released_state(0))
    frames, boxes = recipe.frames(0, 4)
    with Tracker.from_checkpoint(path, variant="pico", threads=1, color="rgb") as tracker:
        tracker.init(frames[0], boxes[0])
        assert [tracker.track(frame).frame_index for frame in frames[1:]] == [1, 2, 3]
        assert tracker.runtime_info().threads == 1


class Exploit:
    """Runs a command when a careless reader unpickles it."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "function", [os.system, eval, exec, subprocess.check_output, __import__, getattr]
)
def test_a_malicious_pickle_is_refused_and_not_executed(
    save_training_file, released_state, tmp_path, function
):
    trap = tmp_path / "executed"
    command = f"open({str(trap)!r}, 'w')" if function is eval else f"touch {trap}"
    path = save_training_file(released_state(0), stats=Exploit(function, command))
    with pytest.raises(ArtifactError, match="refused"):
        read_checkpoint(path)
    assert not trap.exists()


def test_what_a_training_run_may_leave_in_its_settings_is_skipped(
    save_training_file, released_state
):
    left = {
        "path": Path("somewhere"),
        "options": argparse.Namespace(lr=1e-4),
        "when": datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
        "count": collections.defaultdict(list, {"a": [1]}),
        "loss": np.float64(0.5),
        "curve": np.arange(3.0),
        "names": {"a", "b"},
        "raw": b"bytes",
    }
    path = save_training_file(released_state(0), settings=left, stats=Exploit(np.zeros, 3))
    assert read_checkpoint(path).config.depth == 15


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_dtypes_become_float32(tmp_path, dtype):
    values = torch.randn(4, 6).to(dtype)
    path = tmp_path / "x.pth"
    torch.save({"net": {"a": values.t(), "b": values[1:, 2:], "c": values[0, 0]}}, path)
    weights = read_pickled(path).weights
    expected = {"a": values.t(), "b": values[1:, 2:], "c": values[0, 0]}
    for name, tensor in expected.items():
        np.testing.assert_array_equal(weights[name], tensor.float().numpy())


def test_a_shape_beyond_the_bytes_is_refused(tmp_path):
    path = tmp_path / "x.pth"
    torch.save({"net": {"a": torch.zeros(4)}}, path)
    broken = tmp_path / "broken.pth"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content[:8] if name.endswith("data/0") else content)
    with pytest.raises(ArtifactError, match="safely"):
        read_pickled(broken)


def test_the_optimizer_does_not_stay_in_memory(save_training_file, released_state):
    path = save_training_file(released_state(0), optimizer={"m": torch.zeros(30_000_000)})
    code = (
        "import resource, sys;"
        "from fartrack_sdk.checkpoint.source import read_checkpoint;"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "read_checkpoint(sys.argv[1], 'pico');"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    grown_mb = int(run.stdout) / 1024
    assert path.stat().st_size > 120e6
    assert grown_mb < 70, "weights once (27 MB) and what reading needs, not 120 MB of optimizer"


def test_all_bad_tensors_are_named_in_one_error(save_training_file, released_state):
    state = released_state(0)
    del state["backbone.norm.bias"]
    state["backbone.output_bias"] = np.zeros(600, np.float32)
    state["backbone.something.else"] = np.zeros(3, np.float32)
    state["identity"] = np.zeros((1, 5, 192), np.float32)
    with pytest.raises(ArtifactError) as caught:
        read_checkpoint(save_training_file(state))
    message = str(caught.value)
    assert "missing: backbone.norm.bias" in message
    assert "unexpected: backbone.something.else" in message
    assert "identity (1, 5, 192) instead of (1, 6, 192)" in message
    assert "backbone.output_bias (600,) instead of (605,)" in message


def test_a_hole_in_the_layers_is_named(save_training_file, released_state):
    state = {
        name: array
        for name, array in released_state(0).items()
        if not name.startswith("backbone.blocks.3.")
    }
    with pytest.raises(ArtifactError, match=r"backbone\.blocks\.4\.attn\.qkv\.weight"):
        read_checkpoint(save_training_file(state))


@pytest.mark.parametrize(
    "content",
    [b"", b"not a checkpoint", pickle.dumps({"net": 1})],
    ids=["empty", "text", "plain pickle"],
)
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "x.pth.tar"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="zip"):
        read_checkpoint(path)


def test_a_truncated_file_is_refused(save_training_file, released_state):
    path = save_training_file(released_state(0))
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ArtifactError):
        read_checkpoint(path)


def test_a_zip_of_something_else_is_refused(tmp_path):
    path = tmp_path / "x.pth.tar"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("readme.txt", "hello")
    with pytest.raises(ArtifactError, match=r"data\.pkl"):
        read_checkpoint(path)


def test_a_state_dict_of_another_model_is_refused(tmp_path):
    path = tmp_path / "x.pth"
    torch.save({"layer.weight": torch.zeros(3)}, path)
    with pytest.raises(ArtifactError, match=r"layer\.weight"):
        read_checkpoint(path)


def test_a_bare_state_dict_loads(tmp_path, released_state):
    path = tmp_path / "bare.pth"
    torch.save({n: torch.from_numpy(a) for n, a in released_state(0).items()}, path)
    assert read_pickled(path).epoch is None
    assert read_checkpoint(path, "nano").config.depth == 10


def test_missing_file_and_unknown_variant(tmp_path, save_training_file, released_state):
    with pytest.raises(ArtifactError, match="there is none"):
        read_checkpoint(tmp_path / "absent.pth.tar")
    path = save_training_file(released_state(0))
    with pytest.raises(ConfigError, match="tiny, nano, pico"):
        read_checkpoint(path, "huge")
    with pytest.raises(ConfigError, match="num_templates"):
        read_checkpoint(path, "pico", num_templates=12)


def test_long_command_rows_are_rescaled_in_the_sparse_layout_only(released_state):
    from fartrack_sdk.families.fartrack.layout import canonical

    for layout in ("sparse", "dense"):
        state = released_state(0, layout)
        word = state["backbone.word_embeddings.weight"].copy()
        word[600:604] *= 2 / np.linalg.norm(word[600:604], axis=1, keepdims=True)
        state["backbone.word_embeddings.weight"] = word
        norms = np.linalg.norm(canonical(state)["word"][600:604], axis=1)
        np.testing.assert_allclose(norms, 1.0 if layout == "sparse" else 2.0, rtol=1e-5)
