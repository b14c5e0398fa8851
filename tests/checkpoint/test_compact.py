import json

import numpy as np
import pytest
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from typer.testing import CliRunner

from fartrack_sdk import ArtifactError, InputError, StateThresholds
from fartrack_sdk.checkpoint.compact import read_compact
from fartrack_sdk.checkpoint.conversion import convert_checkpoint
from fartrack_sdk.checkpoint.source import read_checkpoint, write_checkpoint
from fartrack_sdk.cli.convert import app


@pytest.fixture
def source(tmp_path, released_state):
    path = tmp_path / "source.safetensors"
    save_file({n: np.ascontiguousarray(a) for n, a in released_state(0).items()}, path)
    return path


@pytest.mark.parametrize(("variant", "depth"), [("tiny", 15), ("nano", 10), ("pico", 6)])
@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_conversion_keeps_weights_and_says_where_they_are_from(
    source, tmp_path, variant, depth, precision
):
    target = tmp_path / "out.safetensors"
    report = convert_checkpoint(source, target, variant, precision, "CC0-1.0")
    with safe_open(target, "np") as file:
        metadata = file.metadata()
        assert str(file.get_tensor("identity").dtype) == precision
    assert metadata["license"] == "CC0-1.0"
    assert metadata["source"] == "source.safetensors"
    assert metadata["source_sha256"] == report["source_sha256"]
    assert json.loads(metadata["config"])["depth"] == depth
    original, converted = read_checkpoint(source, variant), read_checkpoint(target)
    assert converted.config == original.config
    assert set(converted.weights) == set(original.weights)
    tolerance = 0 if precision == "float32" else 2e-2
    for name, array in original.weights.items():
        np.testing.assert_allclose(converted.weights[name], array, atol=tolerance)


def test_the_file_is_as_readable_as_any_new_file(source, tmp_path):
    plain, target = tmp_path / "plain", tmp_path / "out.safetensors"
    plain.touch()
    convert_checkpoint(source, target)
    assert target.stat().st_mode == plain.stat().st_mode


def test_provenance_survives_a_second_conversion(source, tmp_path):
    first, second = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    report = convert_checkpoint(source, first)
    assert convert_checkpoint(first, second, "pico")["source_sha256"] == report["source_sha256"]


def test_thresholds_travel_with_the_weights(source, tmp_path):
    from dataclasses import replace

    limits = StateThresholds(lost_below=0.011, tracking_above=0.022)
    target = tmp_path / "out.safetensors"
    write_checkpoint(target, replace(read_checkpoint(source), thresholds=limits))
    assert read_checkpoint(target).thresholds == limits


@pytest.mark.parametrize(
    ("name", "message"),
    [("out.bin", "safetensors"), ("absent/out.safetensors", "does not exist")],
)
def test_bad_targets_are_refused(source, tmp_path, name, message):
    with pytest.raises(InputError, match=message):
        convert_checkpoint(source, tmp_path / name)


def test_an_existing_target_is_kept_unless_told(source, tmp_path):
    target = tmp_path / "out.safetensors"
    target.write_text("precious")
    with pytest.raises(InputError, match="overwrite"):
        convert_checkpoint(source, target)
    assert target.read_text() == "precious"
    convert_checkpoint(source, target, overwrite=True)
    assert read_checkpoint(target).config.depth == 15


@pytest.mark.parametrize(
    "failure", [OSError("No space left on device"), SafetensorError("No space left on device")]
)
def test_nothing_half_written_is_left(source, tmp_path, monkeypatch, failure):
    def fail(*args, **kwargs):
        raise failure

    monkeypatch.setattr("fartrack_sdk.checkpoint.compact.save_file", fail)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=r"out.safetensors' cannot be written.*space"):
        convert_checkpoint(source, tmp_path / "out.safetensors")
    assert sorted(tmp_path.iterdir()) == before


def test_a_damaged_file_is_refused(source):
    source.write_bytes(source.read_bytes()[:5000])
    with pytest.raises(ArtifactError, match="damaged"):
        read_checkpoint(source)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"config": "{not json"}, "'config' is not JSON"),
        ({"config": "[" * 100_000}, "'config' is not JSON"),
        ({"config": '{"depth": 99}'}, "depth = 99"),
        ({"config": '{"retention": 2}'}, "retention = 2"),
        ({"config": '{"kind": 1}'}, "got 'kind'"),
        ({"config": '{"protocol": "dense"}'}, "protocol = 'dense' instead of 'sparse'"),
        ({"config": '{"search_size": 256}'}, "search_size = 256 instead of 224"),
        ({"config": '{"layer_norm_eps": 0.1}'}, "layer_norm_eps = 0.1 instead of 1e-05"),
        ({"thresholds": '{"lost_below": 3}'}, "thresholds.*lost_below = 3"),
    ],
)
def test_damaged_metadata_is_refused_by_the_name_of_the_file(
    metadata, message, tmp_path, released_state
):
    path = tmp_path / "x.safetensors"
    state = {n: np.ascontiguousarray(a) for n, a in released_state(0).items()}
    save_file(state, path, metadata=metadata)
    with pytest.raises(ArtifactError, match=rf"x\.safetensors: .*{message}"):
        read_checkpoint(path)


def test_metadata_of_more_layers_than_the_file_holds_is_refused(source, tmp_path):
    target = tmp_path / "pico.safetensors"
    convert_checkpoint(source, target, "pico")
    weights, metadata = read_compact(target)
    fields = {**json.loads(metadata["config"]), "depth": 15}
    save_file(weights, target, metadata={**metadata, "config": json.dumps(fields)})
    with pytest.raises(ArtifactError, match=r"pico\.safetensors: .*15 layers; the file holds 6"):
        read_checkpoint(target)


def test_too_deep_a_variant_is_refused(source, tmp_path):
    target = tmp_path / "pico.safetensors"
    convert_checkpoint(source, target, "pico")
    with pytest.raises(ArtifactError, match="holds 6"):
        read_checkpoint(target, "tiny")


def test_the_command_converts_and_reports(source, tmp_path):
    target = tmp_path / "out.safetensors"
    result = CliRunner().invoke(app, [str(source), str(target), "--variant", "pico", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["variant"] == "pico"
    again = CliRunner().invoke(app, [str(source), str(target)])
    assert again.exit_code == 2
    assert "--overwrite" in again.stderr
