"""Every single ACL call failing in turn: a clear error, no leak, and a close that works."""

import numpy as np
import pytest
from fake_acl import FakeBoard, installed
from feeds import feeds_for

from fartrack_sdk.errors import ArtifactError, FartrackError
from fartrack_sdk.runtimes.ascend import AclError, shutdown
from fartrack_sdk.runtimes.ascend.opening import open_folder


def scenario(folder, config):
    """Open, run twice, close; the results, or the error."""
    results, error, runtime = [], None, None
    try:
        runtime = open_folder(folder)
        results += [runtime.run("first", feeds_for(config, "first"))["logits"]]
        results += [runtime.run("track", feeds_for(config, "track"))["logits"]]
    except FartrackError as caught:
        error = caught
    finally:
        if runtime is not None:
            runtime.close()
            runtime.close()
        shutdown()
    return results, error


def played(run_mode, number, folder, config):
    board = FakeBoard(run_mode=run_mode)
    if number:
        board.faults.at_call(number)
    with installed(board):
        results, error = scenario(folder, config)
    return board, results, error


@pytest.mark.parametrize("run_mode", [0, 1], ids=["board", "card"])
def test_every_call_failing_in_turn(run_mode, small):
    folder, config = small
    board, expected, error = played(run_mode, 0, folder, config)
    assert error is None
    silent = set()
    for number in range(1, board.faults.total + 1):
        broken, results, error = played(run_mode, number, folder, config)
        name = broken.faults.struck
        assert broken.violations == [], name
        assert broken.leaks() == [], name
        if error is None:
            silent.add(name)
            assert len(results) == len(expected)
            for found, wanted in zip(results, expected, strict=True):
                np.testing.assert_array_equal(found, wanted)
        elif isinstance(error, AclError):
            assert error.function == name
            assert f"ret={error.code}" in str(error)
        else:
            assert isinstance(error, FartrackError)
    assert silent <= {
        "acl.get_soc_name",
        "acl.get_version",
        "acl.get_recent_err_msg",
        "acl.destroy_data_buffer",
        "acl.finalize",
        "acl.mdl.destroy_dataset",
        "acl.mdl.destroy_desc",
        "acl.mdl.unload",
        "acl.mdl.get_output_name_by_index",
        "acl.rt.destroy_context",
        "acl.rt.destroy_stream",
        "acl.rt.free",
        "acl.rt.reset_device",
        "acl.rt.set_context",
        "acl.rt.synchronize_stream",
    }


@pytest.mark.parametrize("name", ["acl.rt.memcpy", "acl.mdl.execute_async"])
def test_a_pass_after_a_failed_one_is_right(new_board, small, name):
    folder, config = small
    board = new_board(run_mode=1)
    runtime = open_folder(folder)
    feeds = feeds_for(config, "track")
    expected = runtime.run("track", feeds)["logits"]
    other = feeds_for(config, "track", 5)
    board.faults.at(name)
    with pytest.raises(AclError):
        runtime.run("track", other)
    np.testing.assert_array_equal(runtime.run("track", feeds)["logits"], expected)


@pytest.mark.parametrize("code", [145002, 145006, 507008, 545001])
def test_codes_about_the_file_are_artifact_errors(board, small, code):
    board.faults.at("acl.mdl.load_from_file", code=code)
    with pytest.raises(ArtifactError, match=f"ret={code}"):
        open_folder(small[0])
