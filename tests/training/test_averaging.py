"""The mean of several states of one run."""

import numpy as np
import pytest
from typer.testing import CliRunner

from fartrack_sdk.checkpoint.source import read_checkpoint
from fartrack_sdk.training.cli import app
from fartrack_sdk.training.export import save_released
from fartrack_sdk.training.net import TrainableNet
from fartrack_sdk.training.start import initialise


@pytest.fixture
def state(tmp_path):
    """(name, seed, variant) -> a checkpoint."""

    def write(name, seed, variant="pico"):
        net = TrainableNet({"pico": 6, "nano": 10}[variant])
        initialise(net, seed)
        path = tmp_path / f"{name}.safetensors"
        save_released(dict(net.named_parameters()), path, variant, license_name="Apache-2.0")
        return path

    return write


def average(*paths, output):
    return CliRunner().invoke(app, ["average", *map(str, paths), "-o", str(output)])


def test_weights_are_the_mean(state, tmp_path):
    first, second, output = state("a", 0), state("b", 1), tmp_path / "mean.safetensors"
    result = average(first, second, output=output)
    assert result.exit_code == 0, result.stderr
    parts = [read_checkpoint(path).weights for path in (first, second)]
    found = read_checkpoint(output)
    for name, weights in found.weights.items():
        mean = (parts[0][name].astype(np.float32) + parts[1][name]) / 2
        np.testing.assert_allclose(weights, mean, atol=1e-3, err_msg=name)
    assert found.metadata["license"] == "Apache-2.0"
    assert found.metadata["source"] == "mean of a.safetensors, b.safetensors"
    assert found.thresholds is None


def test_different_models_are_refused(state, tmp_path):
    output = tmp_path / "mean.safetensors"
    result = average(state("a", 0), state("b", 0, "nano"), output=output)
    assert result.exit_code == 2
    assert "one model" in result.stderr
    assert average(state("a", 0), output=output).exit_code == 2
    assert not output.exists()
