"""The exported folder, and how the exporter drives ``atc``."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import fake_cann
import numpy as np
import onnx
import pytest
from ascend_models import SOC, UNVERIFIED, small_mixformer
from fake_cann import aipp_file
from fake_cann.atc import REGISTERED
from onnx import helper
from typer.testing import CliRunner

from fartrack_sdk import load_exported
from fartrack_sdk.artifact import check_files, read_metadata
from fartrack_sdk.checkpoint.source import write_checkpoint
from fartrack_sdk.errors import ConfigError, ExportError, MissingDependencyError, ParityError
from fartrack_sdk.exporters import cli
from fartrack_sdk.exporters.ascend import folder as folder_module
from fartrack_sdk.exporters.ascend.command import AtcJob
from fartrack_sdk.exporters.ascend.emulation import EmulatedBoard
from fartrack_sdk.exporters.ascend.folder import export_ascend
from fartrack_sdk.exporters.ascend.limits import COMPILABLE, violations
from fartrack_sdk.exporters.ascend.process import compile_graph
from fartrack_sdk.exporters.ascend.request import OPSETS, AscendRequest
from fartrack_sdk.exporters.clips import load_clip
from fartrack_sdk.exporters.job import ExportOptions
from fartrack_sdk.exporters.parity import compare
from fartrack_sdk.exporters.tolerances import TOLERANCES
from fartrack_sdk.families.fartrack.contract import graph_specs
from fartrack_sdk.loading import assemble, open_checkpoint
from fartrack_sdk.reference import ReferenceBoxes
from fartrack_sdk.runtimes.ascend import StaticAipp
from fartrack_sdk.runtimes.files import ModelFiles, Options
from fartrack_sdk.runtimes.opening import open_runtime

FAKE_CANN = Path(fake_cann.__file__).parent
FEW = ExportOptions(verify_frames=4)


def dry_run(model, folder, options=UNVERIFIED, **request):
    export_ascend(model, folder, AscendRequest(SOC, dry_run=True, **request), options)


def test_a_dry_run_is_complete_and_needs_no_atc(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    model = checkpoint(None, depth=1)
    dry_run(model, tmp_path, ExportOptions(verify_frames=3))
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
        "parity.json",
        "reference.npz",
    }
    metadata = read_metadata(tmp_path)
    check_files(tmp_path, metadata)
    assert metadata.target == "ascend"
    assert metadata.extra["status"] == "not run on hardware"
    assert metadata.parity["step_pixels"] < 1e-3
    assert len(ReferenceBoxes.load(tmp_path / "reference.npz").boxes) == 3
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
        export_ascend(checkpoint(None, depth=1), tmp_path, request, UNVERIFIED)
    assert (tmp_path / "metadata.json").is_file()


@pytest.mark.parametrize("soc", [None, "", "310B4", "ascend"])
def test_the_chip_is_never_guessed(checkpoint, tmp_path, soc):
    with pytest.raises(ConfigError, match=r"--soc-version.*npu-smi info"):
        export_ascend(checkpoint(None, depth=1), tmp_path / "new", AscendRequest(soc))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("fields", [{"opset": 17}, {"precision": "int8"}, {"normalise": "twice"}])
def test_options_without_meaning_are_refused(checkpoint, tmp_path, fields):
    with pytest.raises(ConfigError, match="expected"):
        export_ascend(checkpoint(None, depth=1), tmp_path, AscendRequest(SOC, **fields))


def test_a_batch_is_refused(checkpoint, tmp_path):
    with pytest.raises(ConfigError, match="--batch 1"):
        dry_run(checkpoint(None, depth=1), tmp_path, ExportOptions(batch=2))


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
    dry_run(model, tmp_path, opset=opset)
    for name, spec in graph_specs(model.config).items():
        graph = onnx.load(str(tmp_path / f"{name}.onnx"))
        onnx.checker.check_model(graph, full_check=True)
        assert violations(graph, spec) == []
        assert graph.opset_import[0].version == opset
        assert graph.ir_version <= 8


@pytest.mark.parametrize("cache", ["folded", "pair", "off"])
def test_every_graph_of_mixformerv2_keeps_atcs_limits(tmp_path, cache):
    model = small_mixformer(template_cache=cache)
    dry_run(model, tmp_path)
    specs = model.family.graph_specs(model.config)
    assert {f"{name}.onnx" for name in specs} == {p.name for p in tmp_path.glob("*.onnx")}
    for name, spec in specs.items():
        assert violations(onnx.load(str(tmp_path / f"{name}.onnx")), spec) == []


def test_the_aipp_file_has_a_block_for_each_image_and_the_fields_of_imagenet(small_aipp):
    first, second = aipp_file.parse((small_aipp[0] / "aipp_track.cfg").read_text())
    assert (first["related_input_rank"], second["related_input_rank"]) == (0, 2)
    assert (first["src_image_size_w"], second["src_image_size_w"]) == (224, 112)
    for block in (first, second):
        assert block["input_format"] == "RGB888_U8"
        assert [block[f"mean_chn_{i}"] for i in range(3)] == [123, 116, 103]
        assert [block[f"min_chn_{i}"] for i in range(3)] == [0.675, 0.28, 0.53]
        assert [block[f"var_reci_chn_{i}"] for i in range(3)] == [
            0.0171247538,
            0.0175070028,
            0.0174291939,
        ]


def test_by_default_aipp_only_converts_which_is_exact(small):
    for block in aipp_file.parse((small[0] / "aipp_first.cfg").read_text()):
        assert [block[f"mean_chn_{i}"] for i in range(3)] == [0, 0, 0]
        assert [block[f"min_chn_{i}"] for i in range(3)] == [0, 0, 0]
        assert [block[f"var_reci_chn_{i}"] for i in range(3)] == [1 / 256] * 3


@pytest.mark.parametrize("normalise", ["graph", "host"])
def test_equal_inputs_give_the_boxes_of_pytorch(checkpoint, tmp_path, normalise):
    dry_run(checkpoint(None, depth=1), tmp_path, FEW, normalise=normalise)
    assert read_metadata(tmp_path).parity["step_pixels"] < 1e-3


def test_every_graph_of_mixformerv2_computes_what_pytorch_does(tmp_path):
    model = small_mixformer()
    dry_run(model, tmp_path)
    candidate = assemble(model.config, EmulatedBoard(tmp_path))
    report = compare(open_checkpoint(model), candidate, load_clip(FEW), TOLERANCES["fp32"])
    assert {t.graph for t in report.tensors} == set(model.family.graph_specs(model.config))
    assert max(t.max_rel for t in report.tensors) < 1e-5


def test_a_graph_that_differs_is_not_delivered(checkpoint, tmp_path, monkeypatch):
    wrong = StaticAipp(0, 0, (0, 0, 0)).scale(on_npu=True)
    monkeypatch.setattr(folder_module, "image_scale", lambda _: wrong)
    with pytest.raises(ParityError, match=r"Level 1 \(tensors\).*--normalise graph"):
        dry_run(checkpoint(None, depth=1), tmp_path, FEW, normalise="aipp")


def test_layer_norm_and_gelu_are_in_the_form_that_fuses(pico):
    folder, config = pico()
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
        (lambda m: m.graph.input[1].type.tensor_type.shape.dim.pop(), "kept of shape (1, 148)"),
        (lambda m: m.graph.output.append(m.graph.output[0]), "in another order"),
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
def test_the_check_of_limits_sees_each_fault(small, change, fault):
    folder, config = small
    model = onnx.load(str(folder / "track.onnx"))
    change(model)
    faults = violations(model, graph_specs(config)["track"])
    assert any(fault in text for text in faults), faults


@pytest.mark.parametrize("opset", OPSETS)
def test_the_operators_that_are_allowed_are_those_registered_for_every_opset(opset):
    for name in COMPILABLE:
        low, high = REGISTERED[name]
        assert low <= opset <= high, name


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


def board_script(folder, soc=SOC):
    """Exit code and all output of a folder's own check, on a fake board."""
    done = subprocess.run(
        [sys.executable, str(folder / "board_check.py")],
        env={**os.environ, "PYTHONPATH": str(FAKE_CANN / "python"), "FAKE_ACL_SOC": soc},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("model", ["small", "cached"])
def test_the_board_script_passes_on_the_fake_board(model, request):
    code, text = board_script(request.getfixturevalue(model)[0])
    assert (code, "PASS" in text) == (0, True), text


def test_the_board_script_fails_with_4_on_other_outputs(small, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(small[0], folder)
    stored = dict(np.load(folder / "parity.npz"))
    stored["track/out/logits"] += 1
    np.savez(folder / "parity.npz", **stored)
    code, text = board_script(folder)
    assert (code, "FAIL" in text) == (4, True), text


def test_the_board_script_fails_with_4_on_swapped_channels(pico, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(pico()[0], folder)
    stored = dict(np.load(folder / "parity.npz"))
    swapped = {n: v[..., ::-1] if v.dtype == np.uint8 else v for n, v in stored.items()}
    np.savez(folder / "parity.npz", **swapped)
    code, text = board_script(folder)
    assert (code, "FAIL" in text) == (4, True), text


def test_the_board_script_explains_another_chip(small):
    code, text = board_script(small[0], "Ascend310B1")
    assert (code, text.startswith("Error: Device 'Ascend310B4'")) == (3, True), text


def test_the_artifact_opens_by_name(small, board):
    folder, _ = small
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


def test_the_sidecar_keeps_the_command_and_the_checksums(small):
    facts = json.loads((small[0] / "ascend.json").read_text())
    track = facts["graphs"]["track"]
    assert track["atc"][0] == "atc"
    assert set(track["sha256"]) == {"track.onnx", "track.om"}
    assert facts["normalisation"] == "graph"


def test_the_script_of_commands_compiles_the_folder(checkpoint, tmp_path, board):
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    dry_run(checkpoint(None, depth=1), folder)
    path = os.pathsep.join([str(FAKE_CANN / "bin"), os.environ["PATH"]])
    for behaviour in ("", "arch-name"):
        subprocess.run(
            ["sh", str(folder / "atc_commands.sh")],
            env={**os.environ, "PATH": path, "FAKE_CANN_PYTHON": sys.executable,
                 "FAKE_ATC": behaviour},
            cwd=tmp_path, check=True, capture_output=True,
        )  # fmt: skip
        load_exported(folder).close()
        assert {p.suffix for p in tmp_path.iterdir()} == {""}
        for compiled in folder.glob("*.om"):
            compiled.unlink()


@pytest.fixture
def quick_file(checkpoint, tmp_path):
    """A checkpoint file of one layer."""
    path = tmp_path / "quick.safetensors"
    write_checkpoint(path, checkpoint(None, depth=1))
    return path


def exported(*arguments):
    """Exit code, stdout and stderr of ``fartrack-export --target ascend``."""
    arguments = ["--target", "ascend", "--no-verify", *map(str, arguments)]
    found = CliRunner().invoke(cli.app, arguments)
    return found.exit_code, found.stdout, found.stderr


def test_the_command_writes_a_dry_run_and_says_what_comes_next(quick_file, tmp_path):
    output = tmp_path / "board model"
    code, out, err = exported(quick_file, "--soc-version", SOC, "--dry-run", "-o", output)
    assert code == 0
    assert "status: not run on hardware" in out
    assert "atc_commands.sh" in err
    assert read_metadata(output).extra["normalisation"] == "graph"


def test_the_command_without_atc_leaves_the_folder_and_exits_with_3(quick_file, tmp_path):
    output = tmp_path / "board model"
    code, _, err = exported(quick_file, "--soc-version", SOC, "--atc", "no-atc", "-o", output)
    assert code == 3
    assert "'no-atc'" in err
    check_files(output, read_metadata(output))
    assert {p.name for p in tmp_path.iterdir()} == {"board model", "quick.safetensors"}


def test_the_command_compiles_with_atc_on_the_path(quick_file, tmp_path, fake_atc, monkeypatch):
    monkeypatch.setenv("PATH", str(fake_atc.parent), prepend=os.pathsep)
    output = tmp_path / "board model"
    code, _, err = exported(
        quick_file, "--soc-version", SOC, "--precision", "fp16", "--normalise", "host", "-o", output
    )
    assert code == 0
    assert "ATC run success" in err
    assert {p.name for p in output.glob("*.om")} == {"first.om", "track.om"}
    assert not list(output.glob("*.cfg"))
    again, _, err = exported(quick_file, "--soc-version", SOC, "--dry-run", "-o", output)
    assert (again, "--overwrite" in err) == (2, True)


def test_the_command_leaves_nothing_when_atc_fails(quick_file, tmp_path, fake_atc, monkeypatch):
    monkeypatch.setenv("FAKE_ATC", "E19999: Inner Error!")
    output = tmp_path / "board model"
    code, _, err = exported(quick_file, "--soc-version", SOC, "--atc", fake_atc, "-o", output)
    assert (code, "(internal)" in err) == (1, True)
    assert {p.name for p in tmp_path.iterdir()} == {"quick.safetensors"}


def test_the_command_without_onnx_exits_with_3(quick_file, tmp_path, monkeypatch):
    found = importlib.util.find_spec
    absent = lambda name, *a: None if name == "onnx" else found(name, *a)  # noqa: E731
    monkeypatch.setattr(importlib.util, "find_spec", absent)
    code, _, err = exported(quick_file, "--soc-version", SOC, "-o", tmp_path / "out")
    assert (code, "fartrack-sdk[onnx]" in err) == (3, True)


def test_the_command_refuses_a_folder_without_a_python(quick_file, tmp_path):
    options = ["--soc-version", SOC, "--atc-python-bin", tmp_path, "-o", tmp_path / "out"]
    code, _, err = exported(quick_file, *options)
    assert (code, "no python3" in err) == (2, True)


def test_the_command_never_guesses_the_chip(quick_file, tmp_path):
    code, _, err = exported(quick_file, "-o", tmp_path / "out")
    assert (code, "npu-smi info" in err) == (2, True)


@pytest.mark.parametrize(
    "option", [["--soc-version", SOC], ["--dry-run"], ["--normalise", "host"], ["--atc", "atc"]]
)
def test_options_of_ascend_are_refused_for_other_targets(quick_file, tmp_path, option):
    arguments = [str(quick_file), "--target", "onnx", "-o", str(tmp_path / "out"), *option]
    found = CliRunner().invoke(cli.app, arguments)
    assert found.exit_code == 2
    assert f"{option[0]} belong to --target ascend" in found.stderr


def test_a_family_without_a_form_for_ascend_says_so(checkpoint, tmp_path, monkeypatch):
    model = checkpoint(None, depth=1)
    monkeypatch.delattr(type(model.family), "atc_graphs")
    with pytest.raises(ExportError, match="atc_graphs"):
        dry_run(model, tmp_path)
