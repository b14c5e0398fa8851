"""The command: gate, atomic writes, refusals."""

import json
import shutil
import signal

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from fartrack_sdk import (
    ArtifactError,
    ConfigError,
    InputError,
    ParityError,
    export,
    load_exported,
)
from fartrack_sdk.exporters import onnx_weights
from fartrack_sdk.exporters.cli import app
from fartrack_sdk.exporters.clips import Clip, load_clip
from fartrack_sdk.exporters.job import ExportOptions
from fartrack_sdk.exporters.parity import compare
from fartrack_sdk.exporters.tolerances import TOLERANCES


@pytest.fixture
def one_weight_broken(monkeypatch):
    """The exporter stores one value wrongly (the random layers share equal matrices)."""
    stored = onnx_weights.write_compact

    def write(path, tensors, metadata, precision, **options):
        name = "backbone.blocks.0.mlp.fc2.weight"
        broken = np.array(tensors[name])
        broken[7, 9] += 30.0
        stored(path, {**tensors, name: broken}, metadata, precision, **options)

    monkeypatch.setattr(onnx_weights, "write_compact", write)


def arguments(checkpoint_file, clip_folder, output):
    folder, box = clip_folder
    return [
        str(checkpoint_file), "-o", str(output), "--target", "onnx", "--json",
        "--verify-video", str(folder), "--box", ",".join(map(str, box)),
    ]  # fmt: skip


def test_one_broken_weight_fails_the_gate_with_code_4(
    one_weight_broken, checkpoint_file, clip_folder, tmp_path
):
    target = tmp_path / "artifact"
    result = CliRunner().invoke(app, arguments(checkpoint_file, clip_folder, target))
    assert result.exit_code == 4
    assert "Level 1 (tensors)" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_parity_error_carries_the_report(one_weight_broken, checkpoint_file, clip_folder, tmp_path):
    folder, box = clip_folder
    with pytest.raises(ParityError) as caught:
        export(checkpoint_file, tmp_path / "a", verify_video=folder, verify_box=box)
    assert caught.value.report.failures
    assert caught.value.report.passes > 3


def test_values_that_are_no_boxes_are_a_parity_error(scripted, noise_frame):
    (reference, _), (candidate, script) = scripted(), scripted()
    script.sharpness = np.nan
    clip = Clip("noise", [noise_frame(seed=i) for i in range(4)], (140.0, 100.0, 40.0, 40.0))
    with pytest.raises(ParityError, match=r"does not give boxes.*finite"):
        compare(reference, candidate, clip, TOLERANCES["fp32"])


def test_export_reports_and_writes_the_comparison(artifacts):
    report = json.loads((artifacts["onnx"] / "parity.json").read_text())
    assert report["failures"] == []
    assert {t["output"] for t in report["tensors"]} == {"logits", "saliency", "newest_tokens"}
    assert report["step_pixels"] < 0.01
    assert report["trajectory_iou"] > 0.999
    assert report["candidate"].startswith("onnxruntime cpu fp32")


def test_info_describes_an_artifact(artifacts):
    result = CliRunner().invoke(app, ["--info", str(artifacts["openvino"]), "--json"])
    assert result.exit_code == 0, result.stderr
    facts = json.loads(result.stdout)
    assert facts["config"]["depth"] == 6
    assert facts["graphs"]["track"]["inputs"][1]["shape"] == [1, 148, 192]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_export_leaves_nothing(monkeypatch, checkpoint_file, tmp_path, number):
    def interrupted(*_):
        signal.raise_signal(number)

    monkeypatch.setattr("fartrack_sdk.exporters.onnx_target.share_weights", interrupted)
    result = CliRunner().invoke(app, [str(checkpoint_file), "-o", str(tmp_path / "a")])
    assert result.exit_code == 130
    assert list(tmp_path.iterdir()) == []


def test_full_disk_leaves_the_old_artifact(monkeypatch, artifacts, checkpoint_file, tmp_path):
    old = tmp_path / "a"
    shutil.copytree(artifacts["onnx"], old)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fartrack_sdk.exporters.onnx_target.share_weights", full)
    with pytest.raises(OSError, match="No space"):
        export(checkpoint_file, old, overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    load_exported(old).close()


def test_existing_folders_are_not_replaced_unasked(checkpoint_file, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="--overwrite"):
        export(checkpoint_file, tmp_path / "a")
    with pytest.raises(InputError, match="not an exported model"):
        export(checkpoint_file, tmp_path / "a", overwrite=True)


def test_torchscript_is_refused_with_the_reason(checkpoint_file, tmp_path):
    with pytest.raises(ConfigError, match="deprecated TorchScript"):
        export(checkpoint_file, tmp_path / "a", "torchscript")


def altered(artifacts, tmp_path, change):
    folder = tmp_path / "altered"
    shutil.copytree(artifacts["onnx"], folder)
    file = folder / "metadata.json"
    facts = json.loads(file.read_text())
    change(facts)
    file.write_text(json.dumps(facts))
    return folder


def test_damaged_files_are_named(artifacts, tmp_path):
    folder = tmp_path / "damaged"
    shutil.copytree(artifacts["onnx"], folder)
    data = bytearray((folder / "weights.safetensors").read_bytes())
    data[-1000] ^= 1
    (folder / "weights.safetensors").write_bytes(data)
    with pytest.raises(ArtifactError, match=r"weights\.safetensors.*SHA-256"):
        load_exported(folder)
    (folder / "track.onnx").unlink()
    with pytest.raises(ArtifactError, match=r"track\.onnx"):
        load_exported(folder)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("format", lambda facts: facts.update(format="other")),
        ("format_version", lambda facts: facts.update(format_version=99)),
        ("precision", lambda facts: facts.update(precision="fp7")),
        ("license", lambda facts: facts.pop("license")),
        ("surprise", lambda facts: facts.update(surprise=1)),
        ("graphs.track", lambda facts: facts["config"].update(num_templates=3)),
    ],
)
def test_foreign_metadata_is_refused_by_field(field, change, artifacts, tmp_path):
    with pytest.raises(ArtifactError, match=f"field '{field}"):
        load_exported(altered(artifacts, tmp_path, change))


def test_a_folder_without_metadata_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match=r"metadata\.json"):
        load_exported(tmp_path)


def test_bundled_clip_is_tracked_for_200_frames():
    clip = load_clip(ExportOptions())
    assert len(clip.frames) == 201
    last = len({id(frame) for frame in clip.frames}) - 1
    assert clip.frames[last + 1] is clip.frames[last - 1]
    assert clip.frames[1] is not clip.frames[0]


def test_clip_of_one_frame_is_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((32, 32, 3), np.uint8))
    with pytest.raises(InputError, match="at least 2 frames"):
        load_clip(ExportOptions(verify_video=tmp_path, verify_box=(1, 1, 9, 9)))


@pytest.mark.parametrize("opset", [5, 14])
def test_opset_that_torch_does_not_write_is_refused(checkpoint_file, tmp_path, opset):
    with pytest.raises(ConfigError, match=rf"18 or later.*got {opset}"):
        export(checkpoint_file, tmp_path / "old", opset=opset, verify=False)
    assert list(tmp_path.iterdir()) == []
