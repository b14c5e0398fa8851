"""Device ``npu`` of the ONNX Runtime runtime: what was asked for is active, or an error."""

from types import SimpleNamespace

import onnxruntime
import pytest

from fartrack_sdk.errors import DeviceUnavailableError
from fartrack_sdk.families.fartrack.contract import graph_specs
from fartrack_sdk.runtimes import onnxruntime as subject
from fartrack_sdk.runtimes.files import ModelFiles, Options

CANN = "CANNExecutionProvider"


class Session:
    """Notes what it was asked for."""

    active = (CANN, "CPUExecutionProvider")

    def __init__(self, path, options, providers):
        self.path, self.options, self.providers = path, options, providers

    def get_providers(self):
        return list(self.active)


def files(small):
    folder, config = small
    specs = graph_specs(config)
    return ModelFiles("onnx", {name: folder / f"{name}.onnx" for name in specs}, specs)


def fake_module(session):
    return SimpleNamespace(
        __version__="1.24",
        SessionOptions=onnxruntime.SessionOptions,
        InferenceSession=session,
        get_available_providers=lambda: [CANN, "CPUExecutionProvider"],
    )


@pytest.mark.parametrize("device", ["npu", "npu:0"])
def test_without_the_provider_the_npu_is_refused(small, device):
    with pytest.raises(DeviceUnavailableError, match=r"onnxruntime-cann.*runtime='ascend'"):
        subject.OnnxRuntime(files(small), Options(device=device))


def test_the_provider_gets_the_device_and_keeps_the_precision(small, monkeypatch):
    monkeypatch.setattr(subject, "_module", lambda: fake_module(Session))
    runtime = subject.OnnxRuntime(files(small), Options(device="npu:1"))
    assert runtime.info.device == "npu:1"
    assert runtime.info.provider.startswith(CANN)
    for session in runtime._sessions.values():
        ((name, options),) = session.providers
        assert name == CANN
        assert options["device_id"] == 1
        assert options["precision_mode"] == "must_keep_origin_dtype"
        entry = session.options.get_session_config_entry("session.disable_cpu_ep_fallback")
        assert entry == "1"


def test_falling_back_to_the_cpu_is_an_error_in_every_graph(small, monkeypatch):
    class Fallen(Session):
        def get_providers(self):
            return ["CPUExecutionProvider"] if "track" in str(self.path) else list(self.active)

    monkeypatch.setattr(subject, "_module", lambda: fake_module(Fallen))
    with pytest.raises(DeviceUnavailableError, match="after loading CANN failed"):
        subject.OnnxRuntime(files(small), Options(device="npu"))


def test_a_graph_that_only_partly_runs_on_the_npu_is_an_error(small, monkeypatch):
    """The real library refuses, with another provider that takes no operator of the graph."""
    idle = "AzureExecutionProvider"
    assert idle in onnxruntime.get_available_providers()
    monkeypatch.setattr(subject, "CANN", idle)
    monkeypatch.setattr(subject, "_cann", lambda module, device: (device, (idle, {"device_id": 0})))
    with pytest.raises(DeviceUnavailableError, match=r"npu:0.*CPU for the rest.*--opset 18"):
        subject.OnnxRuntime(files(small), Options(device="npu:0"))
