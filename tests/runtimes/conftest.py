"""Artifacts of a random model with other batch sizes, and every runtime by name."""

import numpy as np
import pytest
from ascend_models import compile_into, executable_atc
from fake_acl import FakeBoard, installed

from fartrack_sdk import export, load_checkpoint, load_exported
from fartrack_sdk.checkpoint.compact import write_compact
from fartrack_sdk.checkpoint.source import read_checkpoint
from fartrack_sdk.runtimes.ascend import shutdown


@pytest.fixture(scope="session")
def small_checkpoint(released_state, tmp_path_factory):
    """Random weights, two layers."""
    path = tmp_path_factory.mktemp("small") / "two.safetensors"
    state = released_state(1)
    drop = ("backbone.extension.", *(f"backbone.blocks.{i}." for i in range(2, 12)))
    write_compact(path, {n: a for n, a in state.items() if not n.startswith(drop)}, {})
    return path


@pytest.fixture(scope="session")
def small_artifacts(small_checkpoint, tmp_path_factory):
    """(target, batch) -> directory."""
    root = tmp_path_factory.mktemp("small-artifacts")
    made = {}
    for target, batch in (("onnx", 1), ("onnx", 4), ("openvino", 1)):
        made[target, batch] = root / f"{target}{batch}"
        export(
            small_checkpoint, made[target, batch], target, precision="fp32", batch=batch,
            verify=False,
        )  # fmt: skip
    return made


@pytest.fixture(scope="session")
def opened(small_checkpoint, small_artifacts, compiled, boards, tmp_path_factory):
    """Name -> model on that runtime. A runtime that is listed and missing is a failure."""
    cache = tmp_path_factory.mktemp("cache")
    onnx, ir = small_artifacts["onnx", 1], small_artifacts["openvino", 1]
    models = {
        "pytorch": load_checkpoint(small_checkpoint, device="cpu", threads=2),
        "onnxruntime": load_exported(onnx, "onnxruntime", "cpu", 2),
        "openvino": load_exported(ir, "openvino", "cpu", 2, cache_dir=cache),
        "openvino-on-onnx": load_exported(onnx, "openvino", "cpu", 2, cache_dir=cache),
    }
    for name, board in boards.items():
        with installed(board):
            models[name] = load_exported(compiled, "ascend", "npu:0")
    yield models
    for model in models.values():
        model.close()
        model.close()


@pytest.fixture(scope="session")
def boards():
    """Fake boards in both run modes; at the end nothing may be violated or alive."""
    found = {"ascend-board": FakeBoard(run_mode=0), "ascend-card": FakeBoard(run_mode=1)}
    yield found
    shutdown()
    for board in found.values():
        assert board.violations == []
        assert board.leaks() == []


@pytest.fixture(scope="session")
def compiled(small_checkpoint, tmp_path_factory):
    """The checkpoint in ``.om`` files of the fake compiler."""
    folder = tmp_path_factory.mktemp("compiled")
    atc = executable_atc(tmp_path_factory.mktemp("cann"))
    compile_into(folder, read_checkpoint(small_checkpoint), atc)
    return folder


@pytest.fixture
def feeds():
    """(model, graph, seed) -> feeds of the contract."""

    def make(model, graph, seed=0, batch=1):
        from fartrack_sdk.families.registry import family_named

        random = np.random.default_rng(seed)
        spec = family_named(model.config.family).graph_specs(model.config, batch)[graph]
        return {
            t.name: random.integers(0, 256, t.shape, np.uint8)
            if t.dtype == "uint8"
            else random.standard_normal(t.shape, dtype=np.float32)
            for t in spec.inputs
        }

    return make
