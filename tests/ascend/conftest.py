"""Fixtures: an exported folder, a fake ``atc`` on the PATH, a fake board."""

import os
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from fake_acl import FakeBoard, installed  # noqa: E402

from fartrack_sdk.checkpoint.source import Checkpoint  # noqa: E402
from fartrack_sdk.exporters.ascend.folder import AscendRequest, export_ascend  # noqa: E402
from fartrack_sdk.families.registry import family_of  # noqa: E402
from fartrack_sdk.runtimes.ascend import shutdown  # noqa: E402


@pytest.fixture(scope="session")
def checkpoint(released_state):
    """(variant, layout, seed, **fields) -> a model in memory."""

    def make(variant="pico", layout="sparse", seed=0, **fields):
        state = released_state(seed, layout)
        family = family_of(set(state))
        weights, config = family.read(state, {}, variant, fields)
        return Checkpoint(family, weights, config, None, {"source": "seed", "license": "none"})

    return make


@pytest.fixture(scope="session")
def fake_atc(tmp_path_factory):
    """Path of an executable that behaves as ``atc``; see `fake_cann.atc`."""
    path = tmp_path_factory.mktemp("cann bin") / "atc"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{HERE}/fake_cann/atc.py" "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture(scope="session")
def compiled(tmp_path_factory, checkpoint, fake_atc):
    """(variant, layout, seed, precision, aipp, fields) -> folder with ``.om`` files, config."""
    made = {}

    def make(variant="pico", layout="sparse", seed=0, precision="origin", aipp=True, **fields):
        key = (variant, layout, seed, precision, aipp, *fields.items())
        if key not in made:
            model = checkpoint(variant, layout, seed, **fields)
            folder = tmp_path_factory.mktemp("exported")
            request = AscendRequest("Ascend310B4", precision, aipp, atc=str(fake_atc))
            before = os.environ.pop("FAKE_ATC", None)
            export_ascend(model, folder, request)
            if before is not None:
                os.environ["FAKE_ATC"] = before
            made[key] = folder, model.config
        return made[key]

    return make


@pytest.fixture(scope="session")
def small(compiled):
    """Folder and configuration of a one-layer model, which is quick."""
    return compiled(None, depth=1)


@pytest.fixture
def new_board():
    """Boards in place of CANN; at the end nothing may be violated or alive."""
    boards = []
    with ExitStack() as stack:

        def make(**fields):
            board = stack.enter_context(installed(FakeBoard(**fields)))
            boards.append(board)
            return board

        yield make
        shutdown()
    for board in boards:
        assert board.violations == []
        assert board.leaks() == []


@pytest.fixture(params=[0, 1], ids=["board", "card"])
def board(request, new_board):
    """A fake board in both run modes."""
    return new_board(run_mode=request.param)
