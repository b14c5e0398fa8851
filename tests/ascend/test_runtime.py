"""The Ascend runtime on the fake board, in both run modes."""

import gc
import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from types import ModuleType

import fake_acl
import numpy as np
import pytest
from ascend_models import feeds_for
from fake_acl import FakeBoard, installed

from fartrack_sdk.errors import (
    ArtifactError,
    ConfigError,
    DeviceUnavailableError,
    InputError,
    RuntimeUnavailableError,
    StateError,
)
from fartrack_sdk.families.registry import family_named
from fartrack_sdk.runtime import Runtime
from fartrack_sdk.runtimes.ascend import AclError, shutdown
from fartrack_sdk.runtimes.ascend.opening import open_folder

FAKES = Path(fake_acl.__file__).parents[1]
NEWER = (
    "acl.mdl.get_input_dims_v2",
    "acl.rt.synchronize_stream_with_timeout",
    "acl.get_recent_err_msg",
    "acl.get_soc_name",
    "acl.mdl.get_first_aipp_info",
)


def changed_sidecar(source, target, **facts):
    shutil.copytree(source, target)
    path = target / "ascend.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))
    return target


def test_it_is_a_runtime_and_says_what_is_active(board, small):
    runtime = open_folder(small[0])
    assert isinstance(runtime, Runtime)
    info = runtime.info
    assert (info.name, info.device, info.precision) == ("ascend", "npu:0", "fp32")
    assert "Ascend310B4" in info.provider
    assert info.details["status"] == "not run on hardware"
    assert info.details["copies"] == ("memcpy" if board.run_mode else "zero copy")


def test_results_are_arrays_of_their_own(board, small):
    folder, config = small
    runtime = open_folder(folder)
    first = runtime.run("track", feeds_for(config, "track", 0))
    kept = {name: value.copy() for name, value in first.items()}
    second = runtime.run("track", feeds_for(config, "track", 1))
    for name, value in first.items():
        np.testing.assert_array_equal(value, kept[name])
        assert not np.array_equal(value, second[name])
        assert not np.shares_memory(value, second[name])


def test_feeds_are_not_kept_or_changed(board, small):
    folder, config = small
    runtime = open_folder(folder)
    feeds = feeds_for(config, "track")
    expected = runtime.run("track", feeds)["logits"]
    for value in feeds.values():
        value[...] = 0
    np.testing.assert_array_equal(
        runtime.run("track", feeds_for(config, "track"))["logits"], expected
    )


def test_unchanged_inputs_are_not_uploaded_again(board, small):
    folder, config = small
    runtime = open_folder(folder)
    feeds = feeds_for(config, "track")
    runtime.run("track", feeds)
    before = board.calls["acl.rt.memcpy"]
    feeds["search"] = feeds["search"] // 2
    runtime.run("track", feeds)
    uploads = [buffer.uploads for buffer in runtime._session.models["track"].inputs]
    assert uploads == [2, 1, 1]
    outputs = 3
    copies = board.calls["acl.rt.memcpy"] - before
    assert copies == (1 + outputs if board.run_mode else 0)


def test_non_contiguous_feeds_are_fine(board, small):
    folder, config = small
    runtime = open_folder(folder)
    feeds = feeds_for(config, "first")
    expected = runtime.run("first", feeds)["logits"]
    striped = {k: np.repeat(v, 2, axis=2)[:, :, ::2] for k, v in feeds.items()}
    assert not striped["search"].flags.c_contiguous
    np.testing.assert_array_equal(runtime.run("first", striped)["logits"], expected)


@pytest.mark.parametrize(
    "damage",
    [
        lambda feeds: feeds.pop("search"),
        lambda feeds: feeds.update(search=feeds["search"].astype(np.float32)),
        lambda feeds: feeds.update(newest=feeds["newest"][:, :100]),
    ],
)
def test_feeds_that_do_not_fit_are_named(board, small, damage):
    folder, config = small
    runtime = open_folder(folder)
    feeds = feeds_for(config, "first")
    damage(feeds)
    with pytest.raises(InputError, match=r"expected uint8 .* for input"):
        runtime.run("first", feeds)


def test_sync_execution_gives_the_same(board, small):
    folder, config = small
    feeds = feeds_for(config, "track")
    expected = open_folder(folder).run("track", feeds)["logits"]
    runtime = open_folder(folder, execution="sync")
    np.testing.assert_array_equal(runtime.run("track", feeds)["logits"], expected)
    assert board.calls["acl.mdl.execute"] == 1


def test_memcpy_and_zero_copy_give_the_same(new_board, small):
    folder, config = small
    new_board(run_mode=0)
    feeds = feeds_for(config, "track")
    direct = open_folder(folder, zero_copy=True).run("track", feeds)
    copied = open_folder(folder, zero_copy=False).run("track", feeds)
    for name, value in direct.items():
        np.testing.assert_array_equal(value, copied[name])


def test_zero_copy_asked_for_on_a_card_is_an_error(new_board, small):
    new_board(run_mode=1)
    with pytest.raises(ConfigError, match="zero_copy=True needs a board"):
        open_folder(small[0], zero_copy=True)


def test_closing_twice_is_fine_and_running_after_it_is_not(board, small):
    folder, config = small
    runtime = open_folder(folder)
    runtime.close()
    runtime.close()
    assert board.leaks() == []
    with pytest.raises(StateError, match="closed"):
        runtime.run("track", feeds_for(config, "track"))


def test_a_pass_in_a_fork_of_the_process_is_refused(board, small, monkeypatch):
    folder, config = small
    with closing(open_folder(folder)) as runtime:
        given, child = feeds_for(config, "track"), os.getpid() + 1
        with monkeypatch.context() as forked:
            forked.setattr(os, "getpid", lambda: child)
            with pytest.raises(StateError, match=r"forked.*'spawn'"):
                runtime.run("track", given)
        runtime.run("track", given)


def test_a_hundred_openings_leave_nothing(board, small):
    for _ in range(100):
        open_folder(small[0]).close()
    assert board.leaks() == []


def test_threads_share_one_runtime_and_two_runtimes_work_side_by_side(board, small):
    folder, config = small
    shared, other = open_folder(folder), open_folder(folder)
    expected = [shared.run("track", feeds_for(config, "track", s))["logits"] for s in range(4)]
    faults = []

    def work(runtime, seed):
        try:
            for _ in range(5):
                found = runtime.run("track", feeds_for(config, "track", seed))["logits"]
                np.testing.assert_array_equal(found, expected[seed])
        except BaseException as error:
            faults.append(error)

    jobs = [(shared, 0), (shared, 1), (other, 2), (other, 3)]
    threads = [threading.Thread(target=work, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_what_was_dropped_unclosed_goes_with_the_next_opening(board, small):
    open_folder(small[0])
    gc.collect()
    assert board.leaks() != []
    open_folder(small[0]).close()
    assert board.leaks() == []


def test_it_closes_from_another_thread(board, small):
    runtime = open_folder(small[0])
    thread = threading.Thread(target=runtime.close)
    thread.start()
    thread.join()
    assert board.leaks() == []


def test_as_a_guest_it_restores_the_context_and_does_not_finalise(board, small):
    acl = board.acl
    assert acl.init() == 0
    assert acl.rt.set_device(0) == 0
    theirs, _ = acl.rt.create_context(0)
    folder, config = small
    runtime = open_folder(folder)
    assert acl.rt.get_context() == (theirs, 0)
    runtime.run("first", feeds_for(config, "first"))
    assert acl.rt.get_context() == (theirs, 0)
    shutdown()
    assert acl.rt.get_context() == (theirs, 0)
    assert board.calls["acl.finalize"] == board.calls["acl.rt.reset_device"] == 0
    assert acl.rt.destroy_context(theirs) == 0


@pytest.mark.parametrize("missing", [*((name,) for name in NEWER), NEWER])
def test_functions_of_newer_releases_may_be_missing(new_board, small, missing):
    new_board(missing=missing)
    folder, config = small
    logits = open_folder(folder).run("track", feeds_for(config, "track"))["logits"]
    assert np.isfinite(logits).all()


def test_a_model_for_another_chip_is_refused_before_loading(new_board, small):
    board = new_board(soc="Ascend310B1")
    with pytest.raises(DeviceUnavailableError, match=r"Ascend310B4.*Ascend310B1"):
        open_folder(small[0])
    assert board.calls["acl.mdl.load_from_file"] == 0
    assert board.leaks() == []


@pytest.mark.parametrize("device", ["npu:1", "cuda:0", "npu:x", "cpu"])
def test_another_device_than_asked_for_is_never_taken(board, small, device):
    with pytest.raises(DeviceUnavailableError, match=r"Found: npu:0"):
        open_folder(small[0], device)


@pytest.mark.parametrize(("mode", "found"), [("small", 0), ("small_aipp", 123)])
def test_aipp_of_the_file_is_compared_with_the_metadata(board, request, mode, found, tmp_path):
    source, _ = request.getfixturevalue(mode)
    graphs = json.loads((source / "ascend.json").read_text())["graphs"]
    graphs["first"]["images"]["search"]["mean"] = [103, 116, 123]
    folder = changed_sidecar(source, tmp_path / "other", graphs=graphs)
    with pytest.raises(ArtifactError, match=f"AIPP of search: meanChn0 {found} instead of 103"):
        open_folder(folder)
    assert board.leaks() == []


def test_aipp_that_cannot_be_read_back_is_said(new_board, small):
    new_board(missing=("acl.mdl.get_first_aipp_info",))
    assert "lacks" in open_folder(small[0]).info.details["first AIPP"]


def test_aipp_fields_that_cann_does_not_report_are_said(board, small, monkeypatch):
    monkeypatch.setattr(board.acl.mdl, "get_first_aipp_info", lambda *_: ({"meanChn0": 0}, 0))
    details = open_folder(small[0]).info.details
    assert details["track AIPP of search"].startswith("not reported: srcImageSizeW")


def test_normalising_twice_is_refused(board, small, tmp_path):
    folder = changed_sidecar(small[0], tmp_path / "other", normalisation="host")
    with pytest.raises(ArtifactError, match=r"input search: dtype uint8 instead of float32"):
        open_folder(folder)


@pytest.mark.parametrize("fault", ["missing", "truncated"])
def test_a_damaged_file_is_named(board, small, tmp_path, fault):
    folder = tmp_path / "copy"
    shutil.copytree(small[0], folder)
    path = folder / "track.om"
    if fault == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(ArtifactError, match=r"load_from_file failed, ret=14500[26]"):
        open_folder(folder)
    assert board.leaks() == []


def test_a_missing_sidecar_is_named(board, tmp_path):
    with pytest.raises(ArtifactError, match=r"expected ascend\.json"):
        open_folder(tmp_path)


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({"normalisation": "twice"}, "field 'normalisation'"),
        ({"graphs": {"first": {}}}, r"field 'graphs\.first\.atc'"),
        ({"graphs": []}, "field 'graphs'"),
        ({"made_up": 1}, "field 'made_up'"),
    ],
)
def test_a_damaged_sidecar_is_named_by_its_field(board, small, tmp_path, facts, fault):
    folder = changed_sidecar(small[0], tmp_path / "other", **facts)
    with pytest.raises(ArtifactError, match=fault):
        open_folder(folder)


def test_a_cache_of_five_axes_crosses_a_border_of_four(board, cached):
    folder, config = cached
    specs = family_named("mixformerv2").graph_specs(config)
    runtime = open_folder(folder)
    outputs = runtime.run("templates", feeds_for(config, "templates"))
    assert {n: v.shape for n, v in outputs.items()} == {
        t.name: t.shape for t in specs["templates"].outputs
    }
    search = {**feeds_for(config, "search"), **outputs}
    runtime.run("search", search)
    runtime.run("search", {**search, "search": search["search"] // 2})
    uploads = [buffer.uploads for buffer in runtime._session.models["search"].inputs]
    assert uploads == [2, 1, 1]


def test_without_cann_the_message_names_the_script(monkeypatch, small):
    monkeypatch.setitem(sys.modules, "acl", None)
    with pytest.raises(RuntimeUnavailableError, match=r"set_env\.sh"):
        open_folder(small[0])


def test_missing_libraries_name_the_script(monkeypatch, small, tmp_path):
    text = "libascendcl.so: cannot open shared object file"
    (tmp_path / "acl.py").write_text(f"raise ImportError({text!r})")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "acl", raising=False)
    with pytest.raises(RuntimeUnavailableError, match=r"libascendcl\.so.*set_env\.sh"):
        open_folder(small[0])


def test_a_foreign_package_of_that_name_is_recognised(monkeypatch, small):
    monkeypatch.setitem(sys.modules, "acl", ModuleType("acl"))
    with pytest.raises(RuntimeUnavailableError, match="not the CANN acl"):
        open_folder(small[0])


def test_opening_without_a_device_says_so(new_board, small):
    new_board(devices=0)
    with pytest.raises(DeviceUnavailableError, match="no NPU"):
        open_folder(small[0])


def test_timeouts_are_explained(board, small):
    folder, config = small
    runtime = open_folder(folder)
    board.faults.at("acl.rt.synchronize_stream_with_timeout")
    with pytest.raises(AclError, match=r"ret=507046 \(timeout\).*CANN says: E\d+.*hangs"):
        runtime.run("track", feeds_for(config, "track"))


def test_leaving_the_interpreter_open_prints_nothing(small):
    script = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from fake_acl import FakeBoard\n"
        "board = FakeBoard(); sys.modules['acl'] = board.acl\n"
        "from fartrack_sdk.runtimes.ascend.opening import open_folder\n"
        "runtime = open_folder(Path(sys.argv[1]))\n"
        "import atexit, os\n"
        "atexit.register(lambda: None)\n"
    )
    command = [sys.executable, "-c", script, str(small[0]), str(FAKES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_importing_the_runtime_does_not_import_acl():
    code = "import sys, fartrack_sdk.runtimes.ascend; sys.exit('acl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_shutdown_and_opening_again(board, small):
    open_folder(small[0])
    shutdown()
    assert board.calls["acl.finalize"] == 1
    assert not board.initialised
    open_folder(small[0]).close()


def test_two_boards_in_turn_do_not_mix(small):
    for _ in range(2):
        board = FakeBoard()
        with installed(board):
            open_folder(small[0])
            shutdown()
        assert board.violations == [] == board.leaks()
