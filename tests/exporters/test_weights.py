"""One copy of the weights for all graphs."""

import numpy as np
import onnx
from safetensors.numpy import load_file

from fartrack_sdk import export, load_checkpoint, load_exported
from fartrack_sdk.artifact import read_metadata


def test_graph_files_are_small_and_refer_to_one_file_of_weights(artifacts):
    folder = artifacts["onnx"]
    metadata = read_metadata(folder)
    assert metadata.weights == "weights.safetensors"
    for graph in metadata.graphs.values():
        assert (folder / graph.file).stat().st_size < 120_000
        model = onnx.load(folder / graph.file, load_external_data=False)
        places = {
            entry.value
            for tensor in model.graph.initializer
            for entry in tensor.external_data
            if entry.key == "location"
        }
        assert places == {"weights.safetensors"}


def test_weights_file_is_a_checkpoint_that_pytorch_opens(artifacts, checkpoint_file):
    again = load_checkpoint(artifacts["onnx"] / "weights.safetensors")
    source = load_checkpoint(checkpoint_file)
    assert again.config == source.config
    feeds = {
        "search": np.full((1, 224, 224, 3), 90, np.uint8),
        "newest": np.full((1, 112, 112, 3), 30, np.uint8),
    }
    a, b = again.runtime.run("first", feeds), source.runtime.run("first", feeds)
    np.testing.assert_allclose(a["logits"], b["logits"], atol=1e-5)


def test_half_precision_halves_the_weights_and_still_opens(artifacts, checkpoint_file, tmp_path):
    folder = tmp_path / "half"
    metadata = export(checkpoint_file, folder, "onnx", precision="fp16", verify=False)
    assert metadata.precision == "fp16"
    half = (folder / "weights.safetensors").stat().st_size
    assert half < 0.52 * (artifacts["onnx"] / "weights.safetensors").stat().st_size
    assert {t.dtype for t in load_file(folder / "weights.safetensors").values()} == {
        np.dtype(np.float16)
    }
    load_exported(folder).close()


def test_openvino_graphs_share_one_file_as_well(artifacts):
    folder = artifacts["openvino"]
    assert sorted(p.suffix for p in folder.iterdir()) == [".bin", ".json", ".json", ".xml", ".xml"]
    onnx_size = (artifacts["onnx"] / "weights.safetensors").stat().st_size
    assert (folder / "weights.bin").stat().st_size < 1.15 * onnx_size
