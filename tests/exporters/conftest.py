"""A small random model and its artifacts."""

import numpy as np
import pytest
import torch

from fartrack_sdk import export
from fartrack_sdk.checkpoint.compact import write_compact

torch.set_num_threads(2)


@pytest.fixture(scope="session")
def checkpoint_file(released_state, tmp_path_factory):
    """Random weights, six layers, as a safe file with all fifteen layers' names cut to six."""
    path = tmp_path_factory.mktemp("checkpoint") / "random.safetensors"
    state = released_state(0)
    drop = ("backbone.extension.", *(f"backbone.blocks.{i}." for i in range(6, 12)))
    write_compact(path, {n: a for n, a in state.items() if not n.startswith(drop)}, {})
    return path


@pytest.fixture(scope="session")
def clip_folder(recipe, tmp_path_factory):
    """Eight frames as images, and the target's box."""
    import cv2

    folder = tmp_path_factory.mktemp("clip")
    frames, _ = recipe.frames(0, 8)
    for i, frame in enumerate(frames):
        cv2.imwrite(str(folder / f"{i:03d}.png"), frame[:, :, ::-1])
    box = np.load(recipe.__file__.replace("make_inputs.py", "fartrack_pico_seed0.npz"))["init_box"]
    return folder, tuple(float(v) for v in box)


@pytest.fixture(scope="session")
def artifacts(checkpoint_file, clip_folder, tmp_path_factory):
    """Target name -> verified artifact directory, fp32 weights."""
    root = tmp_path_factory.mktemp("artifacts")
    folder, box = clip_folder
    made = {}
    for target in ("onnx", "openvino"):
        made[target] = root / target
        export(
            checkpoint_file, made[target], target, precision="fp32",
            verify_video=folder, verify_box=box,
        )  # fmt: skip
    return made
