"""A released file to artifacts, and artifacts to boxes, as the commands do it."""

import copy
import csv
import dataclasses
import functools
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from small_mixformerv2 import SMALL, random_state, save_as_trainer, tracking_state
from typer.testing import CliRunner

from fartrack_sdk import ArtifactError, ConfigError, ParityError, Tracker, load_checkpoint
from fartrack_sdk.cli.track import app as track_app
from fartrack_sdk.exporters import onnx_graph, onnx_target, openvino_target
from fartrack_sdk.exporters.cli import app as export_app
from fartrack_sdk.exporters.clips import load_clip
from fartrack_sdk.exporters.job import ExportOptions
from fartrack_sdk.exporters.parity import compare, require
from fartrack_sdk.exporters.tolerances import TOLERANCES
from fartrack_sdk.loading import assemble

CACHED = {"templates_one", "search_one", "templates", "search"}
ALL = CACHED | {"full"}


def invoke(app, *arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def released_file(recipe, tmp_path_factory):
    folder = tmp_path_factory.mktemp("released")
    return save_as_trainer(folder / "mixformerv2_small.pth.tar", tracking_state(recipe))


@pytest.fixture(scope="module")
def clip_options(clip_folder):
    folder, box = clip_folder
    return ["--verify-video", str(folder), "--box", ",".join(map(str, box))]


@pytest.fixture(scope="module")
def exports(released_file, clip_options, tmp_path_factory):
    """Target -> (artifact, result of the command); traced once, which is what takes long."""
    root = tmp_path_factory.mktemp("exports")
    trace = functools.cache(lambda: onnx_graph.onnx_models(jobs[0]))
    jobs, made = [], {}

    def traced(job):
        jobs.append(job)
        return copy.deepcopy(trace())

    with pytest.MonkeyPatch.context() as patch:
        for module in (onnx_target, openvino_target):
            patch.setattr(module, "onnx_models", traced)
        for target in ("onnx", "openvino"):
            words = [released_file, "--target", target, "--precision", "fp32"]
            words += ["-o", root / target, "--json", *clip_options]
            made[target] = (root / target, invoke(export_app, *words))
    return made


@pytest.fixture
def boxes_of(clip_folder, tmp_path):
    """(model, flags) -> boxes and scores that fartrack-track writes."""
    folder, box = clip_folder

    def track(model, *flags):
        table = tmp_path / "boxes.csv"
        words = [folder, "--model", model, "--box", ",".join(map(str, box)), "--threads", 1]
        result = invoke(track_app, *words, "--csv", table, "--overwrite", *flags)
        assert result.exit_code == 0, result.stderr
        rows = list(csv.DictReader(table.open()))[1:]
        return np.array(
            [[float(row[key]) for key in ("x", "y", "w", "h", "score")] for row in rows]
        )

    return track


@pytest.mark.parametrize("target", ["onnx", "openvino"])
def test_a_released_file_becomes_one_artifact_with_all_graphs_compared(target, exports):
    artifact, result = exports[target]
    assert result.exit_code == 0, result.stderr
    facts = json.loads(result.stdout)
    assert (facts["family"], facts["config"]["preset"]) == ("mixformerv2", "lasot")
    assert set(facts["graphs"]) == ALL
    report = json.loads((artifact / "parity.json").read_text())
    assert {t["graph"] for t in report["tensors"]} == ALL
    assert report["failures"] == []
    assert report["step_pixels"] < 0.02
    assert report["trajectory_iou"] > 0.99


def test_the_graphs_carry_family_and_configuration(exports):
    onnx, openvino = pytest.importorskip("onnx"), pytest.importorskip("openvino")
    graph = onnx.load(exports["onnx"][0] / "search.onnx", load_external_data=False)
    facts = {prop.key: prop.value for prop in graph.metadata_props}
    assert facts["family"] == "mixformerv2"
    assert json.loads(facts["config"])["depth"] == SMALL.depth
    folder = exports["openvino"][0]
    model = openvino.Core().read_model(folder / "search.xml", folder / "weights.bin")
    assert model.get_rt_info(["fartrack", "family"]).value == "mixformerv2"


def test_info_describes_the_artifact(exports):
    result = invoke(export_app, "--info", exports["onnx"][0])
    assert result.exit_code == 0, result.stderr
    assert "model: mixformerv2 2-layer, batch 1" in result.stdout
    assert (
        "graph search: search uint8[1, 64, 64, 3], keys float32[1, 2, 12, 8, 64]" in result.stdout
    )


def test_exports_give_the_boxes_of_the_checkpoint(released_file, exports, boxes_of):
    expected = boxes_of(released_file)
    assert np.ptp(expected[:, 0]) > 1
    for artifact, _ in exports.values():
        np.testing.assert_allclose(boxes_of(artifact), expected, atol=0.01)


def test_an_export_tracks_without_torch(exports, clip_folder):
    folder, box = clip_folder
    code = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "import cv2\n"
        "from fartrack_sdk import Tracker\n"
        f"tracker = Tracker.from_exported({str(exports['onnx'][0])!r}, update_interval=1)\n"
        f"frames = [cv2.imread({str(folder)!r} + f'/00{{i}}.png') for i in range(3)]\n"
        f"tracker.init(frames[0], {box!r})\n"
        "print([tracker.track(frame).frame_index for frame in frames[1:]])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[1, 2]", done.stderr


def test_an_export_opens_with_another_preset_and_without_the_cache(exports):
    artifact = exports["onnx"][0]
    with Tracker.from_exported(artifact, preset="got10k", threads=1) as tracker:
        config = tracker.model.config
        assert (config.preset, config.update_interval, config.search_factor) == ("got10k", 10, 4.5)
    with Tracker.from_exported(artifact, template_cache="off", threads=1) as tracker:
        assert tracker.model.config.template_cache == "off"


def test_every_cache_gives_the_same_boxes(exports, clip_folder, recipe):
    _, box = clip_folder
    frames, _ = recipe.frames(0, 8)
    options = {"update_interval": 2, "update_threshold": 0.0, "threads": 1}
    found = {}
    for kind in ("folded", "pair", "off"):
        with Tracker.from_exported(
            exports["onnx"][0], color="rgb", template_cache=kind, **options
        ) as tracker:
            tracker.init(frames[0], box)
            found[kind] = [tracker.track(frame).box for frame in frames[1:]]
    np.testing.assert_allclose(found["pair"], found["folded"], atol=0.01)
    np.testing.assert_allclose(found["off"], found["folded"], atol=0.01)


def test_the_preset_of_the_command_line_reaches_checkpoint_and_export(
    released_file, exports, boxes_of
):
    usual, other = boxes_of(released_file), boxes_of(released_file, "--preset", "vot2020")
    np.testing.assert_allclose(other, usual)  # this size has one search factor, no update yet
    np.testing.assert_allclose(boxes_of(exports["onnx"][0], "--preset", "video"), usual, atol=0.01)


def test_options_inside_the_graphs_cannot_be_changed_in_an_export(exports):
    with pytest.raises(ConfigError, match=r"expected options preset, .*; got bins"):
        Tracker.from_exported(exports["onnx"][0], bins=72)


def test_graphs_that_an_export_does_not_hold_are_named(exports, tmp_path):
    folder = shutil.copytree(exports["onnx"][0], tmp_path / "lean")
    facts = json.loads((folder / "metadata.json").read_text())
    del facts["graphs"]["full"]
    (folder / "metadata.json").write_text(json.dumps(facts))
    Tracker.from_exported(folder).close()
    with pytest.raises(ArtifactError, match=r"'graphs\.full'.*the graphs templates_one"):
        Tracker.from_exported(folder, template_cache="off")


class Wrong:
    """A runtime that answers wrongly where one graph is asked for."""

    def __init__(self, runtime, graph):
        self.runtime, self.graph, self.info = runtime, graph, runtime.info

    def run(self, graph, feeds):
        outputs = self.runtime.run(graph, feeds)
        if graph != self.graph:
            return outputs
        return {name: array + np.float32(0.1) for name, array in outputs.items()}

    def close(self):
        self.runtime.close()


@pytest.mark.parametrize("graph", [None, *sorted(CACHED)])
def test_the_comparison_reaches_every_cached_graph(graph, released_file, clip_folder):
    folder, box = clip_folder
    model = load_checkpoint(released_file, threads=1)
    wrong = assemble(model.config, Wrong(model.runtime, graph))
    clip = load_clip(ExportOptions(verify_video=folder, verify_box=box))
    report = compare(model, wrong, clip, TOLERANCES["fp32"])
    assert {t.graph for t in report.tensors} == CACHED
    assert bool(report.failures) == (graph is not None)
    assert all(f"graph '{graph}'" in failure for failure in report.failures[:1])


def test_models_whose_boxes_have_no_area_agree_with_themselves(clip_folder, tmp_path):
    folder, box = clip_folder
    layout = dataclasses.replace(SMALL, score_head=False)
    path = save_as_trainer(tmp_path / "flat.pth.tar", random_state(layout))
    model = load_checkpoint(path, threads=1)
    clip = load_clip(ExportOptions(verify_video=folder, verify_box=box))
    report = compare(model, model, clip, TOLERANCES["fp32"])
    assert {t.graph for t in report.tensors} == {"templates_one", "search_one"}
    assert (report.step_pixels, report.failures) == (0.0, ())
    assert report.step_iou == pytest.approx(1.0)


def test_a_clip_that_is_too_short_for_all_graphs_fails(released_file, clip_folder):
    folder, box = clip_folder
    model = load_checkpoint(released_file, threads=1)
    options = ExportOptions(verify_video=folder, verify_box=box, verify_frames=1)
    report = compare(model, model, load_clip(options), TOLERANCES["fp32"])
    with pytest.raises(ParityError, match="never led to graph search; compare on a longer one"):
        require(report)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--variant", "pico"], "expected variant '2-layer', which the file holds; got 'pico'"),
        (["--preset", "uav123"], "expected preset lasot, trackingnet, got10k"),
        (["--templates", "3"], "got 'num_templates'"),
    ],
)
def test_wrong_options_are_explained_with_status_2(flags, message, released_file, tmp_path):
    result = invoke(export_app, released_file, "-o", tmp_path / "a", *flags)
    assert result.exit_code == 2
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_truncated_file_is_refused(released_file, tmp_path):
    cut = tmp_path / "cut.pth.tar"
    cut.write_bytes(released_file.read_bytes()[:100_000])
    result = invoke(export_app, cut, "-o", tmp_path / "a")
    assert result.exit_code == 2
    assert "cut.pth.tar: expected a PyTorch checkpoint" in result.stderr


@pytest.mark.parametrize("app", [track_app, export_app])
def test_help_lists_the_presets(app, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    text = " ".join(invoke(app, "--help").stdout.replace("│", " ").split())
    assert "lasot [default], trackingnet, got10k, vot2020, vot2020lt, or video" in text
