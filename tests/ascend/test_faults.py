"""Every single ACL call failing in turn: a clear error, no leak, and a close that works."""

import numpy as np
import pytest
from ascend_models import feeds_for
from fake_acl import FakeBoard, installed

from fartrack_sdk import Tracker
from fartrack_sdk.errors import ArtifactError, FartrackError
from fartrack_sdk.loading import assemble
from fartrack_sdk.runtimes.ascend import AclError, shutdown
from fartrack_sdk.runtimes.ascend.opening import open_folder

SILENT = {
    "acl.get_soc_name",
    "acl.get_version",
    "acl.get_recent_err_msg",
    "acl.destroy_data_buffer",
    "acl.finalize",
    "acl.mdl.destroy_dataset",
    "acl.mdl.destroy_desc",
    "acl.mdl.unload",
    "acl.rt.destroy_context",
    "acl.rt.destroy_stream",
    "acl.rt.free",
    "acl.rt.reset_device",
    "acl.rt.set_context",
    "acl.rt.synchronize_stream",
}
"""Calls without which the boxes are the same: facts for people, and giving back."""
RELEASING = {name for name in SILENT if "get_" not in name}
"""Their failures are logged, because nobody can act on them."""


def scenario(folder, config, frames):
    """Open a tracker, track, close it twice; the boxes, or the error."""
    boxes, error, tracker = [], None, None
    try:
        tracker = Tracker(assemble(config, open_folder(folder)), owns_model=True)
        tracker.init(frames[0], (30, 30, 40, 40))
        boxes = [tracker.track(frame).box for frame in frames[1:]]
    except FartrackError as caught:
        error = caught
    finally:
        if tracker is not None:
            tracker.close()
            tracker.close()
        shutdown()
    return boxes, error


def played(run_mode, number, model, frames):
    board = FakeBoard(run_mode=run_mode)
    if number:
        board.faults.at_call(number)
    with installed(board):
        boxes, error = scenario(*model, frames)
    return board, boxes, error


@pytest.mark.parametrize("model", ["small", "cached"])
@pytest.mark.parametrize("run_mode", [0, 1], ids=["board", "card"])
def test_every_call_failing_in_turn(run_mode, model, request, noise_frame, caplog):
    model = request.getfixturevalue(model)
    frames = [noise_frame(160, 120, seed) for seed in range(3)]
    board, expected, error = played(run_mode, 0, model, frames)
    assert error is None
    silent = set()
    for number in range(1, board.faults.total + 1):
        caplog.clear()
        broken, boxes, error = played(run_mode, number, model, frames)
        name = broken.faults.struck
        assert broken.violations == [], name
        assert broken.leaks() == [], name
        if error is None:
            silent.add(name)
            assert boxes == expected, name
            assert name in SILENT - RELEASING or f"{name} failed, ret=" in caplog.text
        elif isinstance(error, AclError):
            assert error.function == name
            assert f"{name} failed, ret={error.code}" in str(error)
        else:
            assert name in str(error)
    assert silent <= SILENT


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
