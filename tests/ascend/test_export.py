"""The exported folder, and how the exporter drives ``atc``."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from test_golden_on_fake import tracked

from fartrack_sdk.artifact import check_files, read_metadata
from fartrack_sdk.errors import ConfigError, ExportError, MissingDependencyError
from fartrack_sdk.exporters.ascend import export
from fartrack_sdk.exporters.ascend.command import AtcJob
from fartrack_sdk.exporters.ascend.folder import AscendRequest, export_ascend
from fartrack_sdk.exporters.ascend.limits import violations
from fartrack_sdk.exporters.ascend.process import compile_graph
from fartrack_sdk.families.fartrack.contract import graph_specs
from fartrack_sdk.runtimes.files import ModelFiles, Options
from fartrack_sdk.runtimes.opening import open_runtime

SOC = "Ascend310B4"


def test_a_dry_run_is_complete_and_needs_no_atc(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    model = checkpoint(None, depth=1)
    export_ascend(model, tmp_path, AscendRequest(SOC, dry_run=True))
    assert {p.name for p in tmp_path.iterdir()} == {
        "first.onnx",
        "track.onnx",
        "aipp_first.cfg",
        "aipp_track.cfg",
        "atc_commands.sh",
        "ascend.json",
        "metadata.json",
        "board_check.py",
        "parity.npz",
    }
    metadata = read_metadata(tmp_path)
    check_files(tmp_path, metadata)
    assert metadata.target == "ascend"
    assert metadata.extra["status"] == "not run on hardware"
    commands = (tmp_path / "atc_commands.sh").read_text()
    assert (
        "atc --framework=5 --model=track.onnx --output=track --soc_version=Ascend310B4 "
        "--input_format=NCHW "
        "'--input_shape=search:1,3,224,224;kept:1,148,192;newest:1,3,112,112' "
        "--insert_op_conf=aipp_track.cfg --precision_mode=must_keep_origin_dtype "
        "--output_type=FP32"
    ) in commands


def test_without_atc_everything_else_is_written_first(checkpoint, tmp_path):
    request = AscendRequest(SOC, atc="atc-that-is-not-there")
    with pytest.raises(MissingDependencyError, match=r"set_env\.sh.*atc_commands\.sh"):
        export_ascend(checkpoint(None, depth=1), tmp_path, request)
    assert (tmp_path / "metadata.json").is_file()


@pytest.mark.parametrize("soc", [None, "", "310B4", "ascend"])
def test_the_chip_is_never_guessed(checkpoint, tmp_path, soc):
    with pytest.raises(ConfigError, match=r"--soc-version.*npu-smi info"):
        export_ascend(checkpoint(None, depth=1), tmp_path / "new", AscendRequest(soc))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("fields", [{"opset": 17}, {"precision": "int8"}])
def test_options_without_meaning_are_refused(checkpoint, tmp_path, fields):
    with pytest.raises(ConfigError, match="expected"):
        export_ascend(checkpoint(None, depth=1), tmp_path, AscendRequest(SOC, **fields))


@pytest.mark.parametrize(
    ("opset", "fields"),
    [
        (13, {}),
        (14, {"saliency": "paper"}),
        (15, {"num_templates": 1}),
        (16, {"num_templates": 3, "retention": 0.5}),
    ],
)
def test_every_graph_keeps_atcs_limits(checkpoint, tmp_path, opset, fields):
    model = checkpoint(None, depth=2, **fields)
    export_ascend(model, tmp_path, AscendRequest(SOC, dry_run=True, opset=opset))
    for name, spec in graph_specs(model.config).items():
        graph = onnx.load(str(tmp_path / f"{name}.onnx"))
        onnx.checker.check_model(graph, full_check=True)
        assert violations(graph, spec) == []
        assert graph.opset_import[0].version == opset
        assert graph.ir_version <= 8


def test_layer_norm_and_gelu_are_in_the_form_that_fuses(compiled):
    folder, config = compiled()
    graph = onnx.load(str(folder / "track.onnx")).graph
    users = {name: [n.op_type for n in graph.node if name in n.input] for name in _outputs(graph)}
    pattern = ["ReduceMean", "Sub", "Pow", "ReduceMean", "Add", "Sqrt", "Div", "Mul", "Add"]
    kinds = [n.op_type for n in graph.node]
    found = sum(kinds[i : i + 9] == pattern for i in range(len(kinds)))
    assert found == 2 * config.depth + 1
    for node in graph.node:
        if node.op_type == "Erf":
            assert users[node.output[0]] == ["Add"]
        if node.op_type == "ReduceMean" and node.name.startswith(("norm", "mlp")):
            assert helper.get_node_attr_value(node, "axes") == [-1]
    assert Counter(kinds)["Erf"] == config.depth


def _outputs(graph):
    return [name for node in graph.node for name in node.output]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda m: m.opset_import.append(helper.make_opsetid("com.microsoft", 1)), "domain"),
        (lambda m: setattr(m.opset_import[0], "version", 17), "opset 17"),
        (lambda m: setattr(m.graph.node[0], "op_type", "LayerNormalization"), "LayerNorm"),
        (lambda m: setattr(m.graph.node[0], "op_type", "TopK"), "operator TopK"),
        (lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", 7), "not float"),
        (lambda m: setattr(m.graph.node[0], "name", "a:b"), "name 'a:b'"),
        (lambda m: setattr(m.graph.node[0], "name", "x" * 200), "name 'xxx"),
        (
            lambda m: m.graph.initializer.append(
                onnx.numpy_helper.from_array(np.float32([-np.inf]), "mask")
            ),
            "goes down to -inf",
        ),
    ],
)
def test_the_check_of_limits_sees_each_fault(compiled, change, fault):
    folder, config = compiled()
    model = onnx.load(str(folder / "track.onnx"))
    change(model)
    faults = violations(model, graph_specs(config)["track"])
    assert any(fault in text for text in faults), faults


@pytest.fixture
def job(small):
    folder, config = small
    return AtcJob("track", graph_specs(config)["track"], SOC), folder


@pytest.fixture
def sources(job, tmp_path):
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    for name in ("track.onnx", "aipp_track.cfg"):
        (folder / name).write_bytes((job[1] / name).read_bytes())
    return folder


@pytest.mark.parametrize("behaviour", ["", "arch-name"])
def test_both_output_names_become_the_graphs(job, sources, fake_atc, monkeypatch, behaviour):
    monkeypatch.setenv("FAKE_ATC", behaviour)
    monkeypatch.chdir(sources)
    said = []
    made = compile_graph(job[0], sources, str(fake_atc), say=said.append)
    assert made == sources / "track.om"
    assert made.stat().st_size > 1000
    assert said[0].startswith("ATC start working")
    assert said[-1].startswith("ATC run success")
    assert {p.name for p in sources.iterdir()} == {"track.onnx", "aipp_track.cfg", "track.om"}


@pytest.mark.parametrize("behaviour", ["no-file", "liar", "quiet"])
def test_success_needs_code_line_and_file(job, sources, fake_atc, monkeypatch, behaviour):
    monkeypatch.setenv("FAKE_ATC", behaviour)
    with pytest.raises(ExportError, match="atc failed on graph 'track'"):
        compile_graph(job[0], sources, str(fake_atc))
    assert not (sources / "track.om").exists()


@pytest.mark.parametrize(
    ("text", "name", "remedy"),
    [
        ("E16002: No ONNX parser is registered for optype ai.onnx::20::Gelu", "unsupported-op", 13),
        ("ModuleNotFoundError: No module named 'decorator'|E19999: Inner Error", "python-pack", ""),
        ("cannot pickle 'FrameLocalsProxy' object", "python-too-new", "3.8 to 3.10"),
        ("AttributeError: `np.float_` was removed", "python-too-new", "numpy<1.25"),
        ("E10016: Op name searc not found", "input-names", ""),
        ("E10007: --framework is required", "missing-flag", ""),
        ("E10001: value of --soc_version is invalid", "wrong-chip", "npu-smi"),
        ("E10001: --log=nothing", "bad-value", "atc --help"),
        ("E10041: failed to load the model", "bad-model", ""),
        ("EZ3002: Unsupported op", "no-kernel", "ops package"),
        ("std::bad_alloc", "out-of-memory", "x86"),
        ("E148049: OPP path is invalid", "environment", r"set_env\.sh"),
        ("E19999: Inner Error!", "internal", ""),
        ("something else", "unknown", "--log=debug"),
    ],
)
def test_failures_are_recognised_and_explained(
    job, sources, fake_atc, monkeypatch, text, name, remedy
):
    monkeypatch.setenv("FAKE_ATC", text)
    with pytest.raises(ExportError, match=rf"\({name}.*exit code 255(.|\n)*{remedy}") as caught:
        compile_graph(job[0], sources, str(fake_atc))
    assert text.split("|", maxsplit=1)[0] in str(caught.value)


def test_the_fake_refuses_what_atc_refuses(sources, fake_atc):
    base = ["--framework=5", "--model=track.onnx", "--output=x", "--soc_version=Ascend310B4"]
    for extra, code in (
        (["--input_format=NHWC"], "E10001"),
        (["--bogus=1"], "E10001"),
        (["--input_shape=serach:1,3,224,224"], "E10016"),
        (["--precision_mode=force_fp16", "--precision_mode_v2=fp16"], "E10001"),
    ):
        done = subprocess.run(
            [str(fake_atc), *base, *extra], cwd=sources, capture_output=True, text=True, check=False
        )
        assert done.returncode == 255
        assert code in done.stdout


def test_own_python_comes_first_on_the_path(job, sources, tmp_path):
    atc = tmp_path / "atc"
    atc.write_text("#!/bin/sh\necho PATH is $PATH\nexit 1\n")
    atc.chmod(0o755)
    said = []
    with pytest.raises(ExportError):
        compile_graph(job[0], sources, str(atc), tmp_path / "py39" / "bin", said.append)
    assert said[0].startswith(f"PATH is {tmp_path / 'py39' / 'bin'}{os.pathsep}")


def test_the_board_script_passes_on_the_fake_board(compiled, tmp_path):
    folder, _ = compiled()
    (tmp_path / "acl.py").write_text(
        "import sys\nfrom fake_acl import FakeBoard\nsys.modules['acl'] = FakeBoard().acl\n"
    )
    here = os.path.dirname(__file__)
    path = os.pathsep.join([str(tmp_path), here])
    done = subprocess.run(
        [sys.executable, str(folder / "board_check.py")],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS" in done.stdout


def test_the_artifact_opens_by_name(compiled, new_board, data_folder, recipe):
    folder, config = compiled()
    board = new_board()
    metadata = read_metadata(folder)
    check_files(folder, metadata)
    graphs = {name: folder / facts.file for name, facts in metadata.graphs.items()}
    specs = {name: facts.spec(name) for name, facts in metadata.graphs.items()}
    files = ModelFiles("ascend", graphs, specs)
    with pytest.raises(ConfigError, match="expected precision fp32, as the model was compiled"):
        open_runtime("ascend", files, Options(precision="fp16"))
    runtime = open_runtime("auto", files, Options(device="npu:0"))
    assert runtime.info.device == "npu:0"
    runtime.close()
    assert board.leaks() == []
    golden = np.load(data_folder / "fartrack_pico_seed0.npz")
    frames, _ = recipe.frames(0, 40)
    boxes = tracked(folder, config, golden, frames, 2)
    np.testing.assert_allclose(boxes, golden["boxes"][1:3], atol=0.05)


def test_the_sidecar_keeps_the_command_and_the_checksums(small):
    facts = json.loads((small[0] / "ascend.json").read_text())
    track = facts["graphs"]["track"]
    assert track["atc"][0] == "atc"
    assert set(track["sha256"]) == {"track.onnx", "track.om"}
    assert facts["normalisation"] == "aipp"


@pytest.fixture
def quick_file(checkpoint, monkeypatch):
    """A checkpoint file that reads as a one-layer model."""
    model = checkpoint(None, depth=1)
    monkeypatch.setattr(export, "read_checkpoint", lambda *_, **__: model)
    return Path("quick.safetensors")


def test_an_export_without_atc_leaves_the_folder_and_says_so(tmp_path, quick_file):
    request = AscendRequest(SOC, atc="atc-that-is-not-there")
    output = tmp_path / "board model"
    with pytest.raises(MissingDependencyError, match="atc-that-is-not-there"):
        export.export_for_board(quick_file, output, request)
    assert {p.name for p in tmp_path.iterdir()} == {"board model"}
    check_files(output, read_metadata(output))


def test_a_failed_export_leaves_nothing(tmp_path, fake_atc, monkeypatch, quick_file):
    monkeypatch.setenv("FAKE_ATC", "E19999: Inner Error!")
    request = AscendRequest(SOC, atc=str(fake_atc))
    with pytest.raises(ExportError, match="internal"):
        export.export_for_board(quick_file, tmp_path / "out", request)
    assert list(tmp_path.iterdir()) == []
