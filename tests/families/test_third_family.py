"""A family that the SDK has never heard of: template matching, with one trained number."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from pydantic import BaseModel, ConfigDict
from safetensors.numpy import save_file
from torch.nn import functional as F

from fartrack_sdk import ArtifactError, ConfigError, Tracker, TrackState, export
from fartrack_sdk.checkpoint.source import read_checkpoint, write_checkpoint
from fartrack_sdk.config import StateThresholds
from fartrack_sdk.families import registry
from fartrack_sdk.families.base import Estimate, Family, GraphSpec, TensorSpec

SEARCH, TEMPLATE = 64, 16
PLACES = SEARCH - TEMPLATE + 1


class MatcherConfig(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    family: str = "matcher"
    variant: str = "only"
    search_size: int = SEARCH
    search_factor: float = 4.0
    template_size: int = TEMPLATE
    template_factor: float = 1.0


class MatchGraph(torch.nn.Module):
    """Mean squared difference of the template and every window of the search region."""

    def __init__(self, softness):
        super().__init__()
        self.register_buffer("softness", torch.from_numpy(softness))

    def forward(self, search, template):
        windows = F.unfold(search.float().permute(0, 3, 1, 2), TEMPLATE)
        wanted = template.float().permute(0, 3, 1, 2).flatten(1).unsqueeze(-1)
        error = (windows - wanted).square().mean(dim=1) / self.softness
        return (error.reshape(-1, PLACES, PLACES),)


@dataclass
class MatcherSession:
    template: np.ndarray

    def request(self, search):
        return "match", {"search": search[None], "template": self.template[None]}

    def decode(self, outputs):
        error = outputs["error"][0]
        y, x = np.unravel_index(error.argmin(), error.shape)
        corners = np.array([x, y, x + TEMPLATE, y + TEMPLATE]) / SEARCH
        return Estimate(corners, float(np.exp(-error.min())), 0.0)

    def wants_template(self, estimate):
        return False

    def prepare(self, outputs, template, run):
        return lambda: None


class MatcherFamily(Family):
    name = "matcher"
    config_type = MatcherConfig

    def recognises(self, names):
        return names == {"matcher.softness"}

    def read(self, state, fields, variant, options):
        softness = state["matcher.softness"]
        if softness.shape != (1,):
            raise ArtifactError(f"expected matcher.softness of shape (1,); got {softness.shape}.")
        return {"softness": softness}, self.config({**fields, **options})

    def released(self, weights, config):
        return {"matcher.softness": weights["softness"]}

    def graph_specs(self, config, batch=1):
        inputs = (
            TensorSpec("search", (batch, SEARCH, SEARCH, 3), "uint8"),
            TensorSpec("template", (batch, TEMPLATE, TEMPLATE, 3), "uint8"),
        )
        outputs = (TensorSpec("error", (batch, PLACES, PLACES), "float32"),)
        return {"match": GraphSpec("match", inputs, outputs)}

    def torch_graphs(self, weights, config):
        return {"match": MatchGraph(weights["softness"])}

    def default_thresholds(self, config):
        return StateThresholds(lost_below=0.2, tracking_above=0.4)

    def new_session(self, config, max_entries, template, run):
        return MatcherSession(template)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setattr(registry, "_FAMILIES", list(registry._FAMILIES))
    registry.register_family(MatcherFamily())


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "matcher.safetensors"
    save_file({"matcher.softness": np.array([2000.0], np.float32)}, path)
    return path


def test_a_registered_family_is_recognised_and_tracks(file, recipe):
    frames, boxes = recipe.frames(0, 40)
    with Tracker.from_checkpoint(file, color="rgb", threads=1) as tracker:
        assert tracker.model.config == MatcherConfig()
        assert tracker.model.thresholds.lost_below == 0.2
        tracker.init(frames[0], boxes[0])
        results = [tracker.track(frame) for frame in frames[1:13]]
    centres = [r.box.cxcywh[:2] for r in results]
    true = boxes[1:13, :2] + boxes[1:13, 2:] / 2
    assert np.abs(np.array(centres) - true).max() < 4.0
    assert {r.state for r in results} == {TrackState.TRACKING}


def test_its_files_are_written_and_read_like_any_other(file, tmp_path):
    checkpoint = read_checkpoint(file, search_factor=3.0)
    write_checkpoint(tmp_path / "copy.safetensors", checkpoint)
    again = read_checkpoint(tmp_path / "copy.safetensors")
    assert again.config == checkpoint.config
    assert again.config.search_factor == 3.0
    assert again.weights == checkpoint.weights


@pytest.mark.parametrize("target", ["onnx", "openvino"])
def test_it_is_exported_compared_and_opened_like_any_other(target, file, tmp_path, recipe):
    metadata = export(file, tmp_path / target, target, precision="fp32", verify_frames=4)
    assert (metadata.family, set(metadata.graphs)) == ("matcher", {"match"})
    assert metadata.parity["trajectory_iou"] == 1.0
    frames, boxes = recipe.frames(0, 40)
    with Tracker.from_exported(tmp_path / target, color="rgb", threads=1) as tracker:
        tracker.init(frames[0], boxes[0])
        centres = [tracker.track(frame).box.cxcywh[:2] for frame in frames[1:5]]
    true = boxes[1:5, :2] + boxes[1:5, 2:] / 2
    assert np.abs(np.array(centres) - true).max() < 4.0


def test_it_has_the_usual_answers():
    family, config = MatcherFamily(), MatcherConfig()
    assert family.reconfigured(config, {}) is config
    assert (family.alternatives(config), family.rehearsals(config)) == ({}, ())
    assert family.complexity(config) is None
    with pytest.raises(ConfigError, match=r"an exported matcher model.*got preset"):
        family.reconfigured(config, {"preset": "lasot"})


def test_its_faults_name_the_file(tmp_path):
    path = tmp_path / "bad.safetensors"
    save_file({"matcher.softness": np.zeros(2, np.float32)}, path)
    with pytest.raises(ArtifactError, match=r"bad\.safetensors.*shape \(1,\); got \(2,\)"):
        read_checkpoint(path)


def test_the_built_in_families_are_still_there(recipe):
    assert registry.family_names() == ("matcher", "fartrack", "mixformerv2")
    names = set(recipe.weights_mixformerv2(0, "s"))
    assert registry.family_of(names).name == "mixformerv2"
    with pytest.raises(ArtifactError, match="expected the tensors of a model of matcher"):
        registry.family_of({"other"})
