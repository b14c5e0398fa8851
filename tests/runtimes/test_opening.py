"""Asked for means got."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch

from fartrack_sdk import (
    ArtifactError,
    ConfigError,
    DeviceUnavailableError,
    InputError,
    MissingDependencyError,
    StateError,
    Tracker,
    load_checkpoint,
    load_exported,
    load_pretrained,
)
from fartrack_sdk.runtimes import compiled_cache, onnxruntime, opening
from fartrack_sdk.runtimes.compiled_cache import CompiledCache
from fartrack_sdk.runtimes.files import cache_directory
from fartrack_sdk.runtimes.openvino_compiler import Compiler


@pytest.fixture
def artifact(small_artifacts):
    return small_artifacts["onnx", 1]


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_requested_device_that_is_not_there_raises(runtime, artifact):
    with pytest.raises(DeviceUnavailableError, match=r"Found: .*cpu|Found: .*CPU") as caught:
        load_exported(artifact, runtime, "cuda" if runtime == "onnxruntime" else "gpu")
    assert "install" in str(caught.value)


def test_requested_cuda_without_torch_support_raises(small_checkpoint):
    with pytest.raises(DeviceUnavailableError, match="Found: cpu"):
        load_checkpoint(small_checkpoint, device="cuda:7")


def test_auto_picks_the_first_installed_runtime_and_says_which(artifact, monkeypatch):
    assert load_exported(artifact).runtime.info.name == "onnxruntime"
    found = opening.find_spec
    monkeypatch.setattr(
        opening, "find_spec", lambda name: None if name == "onnxruntime" else found(name)
    )
    assert load_exported(artifact).runtime.info.name == "openvino"


def test_without_any_runtime_the_remedy_is_named(artifact, monkeypatch):
    monkeypatch.setattr(opening, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"fartrack-sdk\[onnxruntime\]"):
        load_exported(artifact)


def test_a_runtime_that_cannot_open_the_files_is_refused(artifact, small_artifacts):
    with pytest.raises(ConfigError, match="onnxruntime, openvino, auto"):
        load_exported(artifact, "ascend")
    with pytest.raises(ConfigError, match="target 'openvino'"):
        load_exported(small_artifacts["openvino", 1], "onnxruntime")


def test_both_onnxruntime_wheels_side_by_side_are_explained(artifact, monkeypatch):
    monkeypatch.setattr(onnxruntime, "version", lambda name: "1.0")
    with pytest.raises(ConfigError, match=r"side by side.*pip uninstall"):
        load_exported(artifact, "onnxruntime")


def test_precision_that_is_not_there_is_refused(artifact):
    with pytest.raises(ConfigError, match="openvino"):
        load_exported(artifact, "onnxruntime", precision="bf16")
    with pytest.raises(ConfigError, match="expected precision"):
        load_exported(artifact, "openvino", precision="fp12")


def test_openvino_computes_in_fp32_unless_fast_is_asked_for(artifact, tmp_path):
    plain = load_exported(artifact, "openvino", "cpu", cache_dir=tmp_path)
    fast = load_exported(artifact, "openvino", "cpu", fast=True, cache_dir=tmp_path)
    assert plain.runtime.info.precision == "fp32"
    assert fast.runtime.info.precision in ("fp32", "bf16", "fp16")


def test_cached_models_do_not_outlive_their_weights(
    small_artifacts, small_checkpoint, tmp_path, feeds
):
    folder = tmp_path / "model"
    shutil.copytree(small_artifacts["openvino", 1], folder)
    model = load_exported(folder, "openvino", "cpu", cache_dir=tmp_path / "cache")
    given = feeds(model, "track")
    before = model.runtime.run("track", given)["logits"]
    model.close()
    _negate_weights(folder)
    again = load_exported(folder, "openvino", "cpu", cache_dir=tmp_path / "cache")
    assert np.abs(again.runtime.run("track", given)["logits"] - before).max() > 1e-3


def test_openvino_on_the_cpu_keeps_nothing_unasked(artifact, tmp_path, monkeypatch):
    monkeypatch.delenv("FARTRACK_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with contextlib.closing(load_exported(artifact, "openvino", "cpu", 1)) as model:
        assert model.runtime.info.details["cache"] == "off"
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("FARTRACK_CACHE", str(tmp_path))
    with contextlib.closing(load_exported(artifact, "openvino", "cpu", 1)) as model:
        assert model.runtime.info.details["cache"] == str(tmp_path / "openvino")
    assert len(list(tmp_path.rglob("*.blob"))) == 2


def zeroed(data):
    middle = len(data) // 2
    return data[:middle] + bytes(8192) + data[middle + 8192 :]


@pytest.mark.parametrize("damage", [zeroed, lambda data: data[:-99], lambda data: b""])
def test_damaged_cached_models_are_compiled_again(damage, artifact, opened, tmp_path, feeds):
    folder = tmp_path / "openvino"
    given = feeds(opened["openvino"], "track")
    expected = opened["openvino-on-onnx"].runtime.run("track", given)["logits"]
    load_exported(artifact, "openvino", "cpu", 2, cache_dir=tmp_path).close()
    for blob in folder.iterdir():
        blob.write_bytes(damage(blob.read_bytes()))
    with contextlib.closing(
        load_exported(artifact, "openvino", "cpu", 2, cache_dir=tmp_path)
    ) as model:
        np.testing.assert_array_equal(model.runtime.run("track", given)["logits"], expected)
    assert {len(blob.read_bytes()) > 1_000_000 for blob in folder.iterdir()} == {True}


def test_whole_cached_models_are_not_compiled_again(artifact, opened, tmp_path, feeds, monkeypatch):
    from fartrack_sdk.runtimes.openvino_compiler import Compiler

    load_exported(artifact, "openvino", "cpu", 2, cache_dir=tmp_path).close()
    before = {blob: blob.stat().st_mtime_ns for blob in tmp_path.rglob("*.blob")}
    compiled = []
    monkeypatch.setattr(Compiler, "_compiled", lambda self, path, weights: compiled.append(path))
    with contextlib.closing(
        load_exported(artifact, "openvino", "cpu", 2, cache_dir=tmp_path)
    ) as model:
        given = feeds(model, "track")
        got = model.runtime.run("track", given)["logits"]
    assert compiled == []
    assert {blob: blob.stat().st_mtime_ns for blob in tmp_path.rglob("*.blob")} == before
    expected = opened["openvino-on-onnx"].runtime.run("track", given)["logits"]
    np.testing.assert_array_equal(got, expected)


def test_other_settings_take_the_place_of_a_cached_model(artifact, tmp_path):
    for threads in (1, 2, 1):
        model = load_exported(artifact, "openvino", "cpu", threads, cache_dir=tmp_path)
        assert model.runtime.info.threads == threads
        model.close()
    assert len(list((tmp_path / "openvino").iterdir())) == 2


def test_a_cache_that_cannot_be_written_is_named_where_it_was_asked_for(tmp_path, monkeypatch):
    def full(*_):
        raise InputError("No space left on device")

    monkeypatch.setattr(compiled_cache, "write_atomically", full)
    given = (tmp_path / "track.onnx", "GPU", "facts", b"model")
    compiled_cache.CompiledCache(tmp_path, needed=False).keep(*given)
    with pytest.raises(InputError, match="No space"):
        compiled_cache.CompiledCache(tmp_path, needed=True).keep(*given)


def _negate_weights(folder):
    """Change the weights and make the checksums fit."""
    from fartrack_sdk.artifact import METADATA_FILE, file_facts, read_metadata

    file = folder / "weights.bin"
    values = np.fromfile(file, np.float32)
    weights = (np.abs(values) > 1e-3) & (np.abs(values) < 1e3)
    values[weights] *= -1
    values.tofile(file)
    metadata = read_metadata(folder)
    changed = metadata.model_copy(update={"files": {**metadata.files, file.name: file_facts(file)}})
    (folder / METADATA_FILE).write_text(changed.model_dump_json())


def test_cache_directory_rule(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("FARTRACK_CACHE", raising=False)
    assert cache_directory(None) == tmp_path / "xdg" / "fartrack"
    monkeypatch.setenv("FARTRACK_CACHE", str(tmp_path / "own"))
    assert cache_directory(None) == tmp_path / "own"
    assert cache_directory(tmp_path / "asked") == tmp_path / "asked"


def test_openvino_does_without_a_cache_where_there_is_no_home(artifact, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    for name in ("XDG_CACHE_HOME", "FARTRACK_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    with contextlib.closing(load_exported(artifact, "openvino", "cpu", 1)) as model:
        assert model.runtime.info.details["cache"] == "off"
    with pytest.raises(ConfigError, match=r"cache_dir.*cannot be made.*file"):
        load_exported(artifact, "openvino", "cpu", 1, cache_dir=tmp_path / "file")


def test_threads_follow_the_affinity_of_the_process(artifact):
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system has no CPU affinity")
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "import fartrack_sdk as f\n"
        f"print(f.load_exported({str(artifact)!r}).runtime.info.threads)"
    )
    clean = {k: v for k, v in os.environ.items() if k != "FARTRACK_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=clean, check=True
    )
    assert done.stdout.strip() == "1"


def test_a_batch_of_four_gives_what_four_single_passes_give(small_artifacts, opened, feeds):
    model = load_exported(small_artifacts["onnx", 4], "onnxruntime", "cpu", 2)
    given = feeds(opened["pytorch"], "track", seed=3, batch=3)
    together = model.runtime.run("track", given)["logits"]
    assert together.shape[0] == 3
    for i in range(3):
        one = {name: feed[i : i + 1] for name, feed in given.items()}
        alone = opened["pytorch"].runtime.run("track", one)["logits"]
        np.testing.assert_allclose(together[i : i + 1], alone, atol=1e-3)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize(("threads", "status"), [(1, 0), (2, 7)])
def test_pytorch_in_a_forked_child_says_so_instead_of_waiting(opened, feeds, threads, status):
    given, before = feeds(opened["pytorch"], "track"), torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        opened["pytorch"].runtime.run("track", given)
        child = os.fork()
        if child == 0:
            _run_in_child(opened["pytorch"].runtime, given)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == status
    finally:
        torch.set_num_threads(before)


def _run_in_child(runtime, given):
    signal.alarm(30)
    status = 1
    try:
        runtime.run("track", given)
        status = 0
    except StateError as error:
        status = 7 if "'spawn'" in str(error) else 1
    finally:
        os._exit(status)


def test_openvino_caches_for_one_of_several_devices_of_a_kind(artifact, tmp_path):
    openvino = pytest.importorskip("openvino")

    class TwoDevices(openvino.Core):
        """The CPU under a name with a number; versions are named by the kind alone."""

        def get_versions(self, device):
            return super().get_versions(device.partition(".")[0])

        def get_property(self, device, name):
            return super().get_property(device.partition(".")[0], name)

        def compile_model(self, model, device, properties):
            return super().compile_model(model, device.partition(".")[0], properties)

    compiler, cache = Compiler(TwoDevices(), "CPU.1", {}), CompiledCache(tmp_path, needed=True)
    assert compiler.opened(artifact / "track.onnx", None, cache).inputs
    assert len(list(tmp_path.glob("*-cpu.1.blob"))) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="names are UTF-8 elsewhere")
def test_a_folder_whose_name_is_not_utf_8_is_named(artifact, tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        shutil.copytree(artifact, folder)
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    with pytest.raises(ArtifactError, match=r"in UTF-8.*caf\\udce9.*Rename the folder"):
        load_exported(folder, "onnxruntime", "cpu", 1)
    load_exported(folder, "openvino", "cpu", 1, cache_dir=tmp_path).close()


def test_a_runtime_that_takes_no_checkpoints_says_how_to_get_there(small_checkpoint):
    with pytest.raises(ConfigError, match=r"fartrack-export.*from_exported"):
        load_checkpoint(small_checkpoint, runtime="onnxruntime")


def test_bundled_model_runs_without_torch(tmp_path):
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import numpy as np, fartrack_sdk as f\n"
        "t = f.Tracker.from_pretrained(threads=1)\n"
        "frame = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)\n"
        "t.init(frame, (50, 50, 60, 60)); t.track(frame); t.track(frame)\n"
        "print(t.runtime_info().name)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "onnxruntime"


def test_bundled_model_is_the_same_on_pytorch(feeds):
    exported, source = load_pretrained(), load_pretrained("pytorch", "cpu")
    assert exported.config == source.config
    given = feeds(source, "track")
    a, b = (m.runtime.run("track", given)["logits"] for m in (exported, source))
    np.testing.assert_allclose(a, b, atol=1e-3)


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino", "pytorch"])
def test_a_tracker_on_a_closed_model_says_so(runtime, small_checkpoint, artifact, tmp_path):
    if runtime == "pytorch":
        model = load_checkpoint(small_checkpoint, device="cpu", threads=1)
    else:
        model = load_exported(artifact, runtime, "cpu", 1, cache_dir=tmp_path)
    frame = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    tracker = Tracker(model).init(frame, (40, 40, 30, 30))
    model.close()
    with pytest.raises(StateError, match=f"{runtime} runtime is closed"):
        tracker.track(frame)
