"""One contract, every runtime."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from fartrack_sdk.families.registry import family_named
from fartrack_sdk.runtime import Runtime

ACTIVE = {
    "pytorch": ("cpu", 2),
    "onnxruntime": ("cpu", 2),
    "openvino": ("cpu", 2),
    "openvino-on-onnx": ("cpu", 2),
    "ascend-board": ("npu:0", 0),
    "ascend-card": ("npu:0", 0),
}
"""Device and threads of each; Ascend is a fake in both of CANN's run modes."""


@pytest.fixture(params=ACTIVE)
def name(request):
    return request.param


@pytest.fixture
def model(name, opened):
    return opened[name]


@pytest.mark.parametrize("graph", ["first", "track"])
def test_outputs_are_those_of_the_contract_and_equal_pytorch(graph, model, opened, feeds):
    spec = family_named(model.config.family).graph_specs(model.config)[graph]
    given = feeds(model, graph)
    outputs = model.runtime.run(graph, given)
    expected = opened["pytorch"].runtime.run(graph, given)
    assert set(outputs) == {tensor.name for tensor in spec.outputs}
    for tensor in spec.outputs:
        assert outputs[tensor.name].shape == tensor.shape
        assert outputs[tensor.name].dtype == np.dtype(tensor.dtype)
        scale = np.abs(expected[tensor.name]).max()
        np.testing.assert_allclose(
            outputs[tensor.name], expected[tensor.name], atol=1e-4 * scale, rtol=0
        )


def test_feeds_are_not_changed_and_results_not_overwritten(model, feeds):
    given = feeds(model, "track", seed=1)
    before = {name: feed.copy() for name, feed in given.items()}
    first = model.runtime.run("track", given)
    kept = {name: array.copy() for name, array in first.items()}
    model.runtime.run("track", feeds(model, "track", seed=2))
    for name, feed in given.items():
        np.testing.assert_array_equal(feed, before[name])
    for name, array in first.items():
        np.testing.assert_array_equal(array, kept[name])


def test_threads_may_run_at_the_same_time(model, feeds):
    cases = [feeds(model, "track", seed) for seed in range(4)]
    alone = [model.runtime.run("track", case)["logits"] for case in cases]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda case: model.runtime.run("track", case), cases * 3))
    for i, outputs in enumerate(together):
        np.testing.assert_allclose(outputs["logits"], alone[i % 4], atol=1e-4)


def test_info_tells_what_is_active(name, model):
    info = model.runtime.info
    assert isinstance(model.runtime, Runtime)
    assert (info.device, info.threads) == ACTIVE[name]
    assert info.precision == "fp32"
    assert name.startswith(info.name)
    assert any(character.isdigit() for character in info.provider)
