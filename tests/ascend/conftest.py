"""Fixtures: an exported folder, a fake ``atc`` on the PATH, a fake board."""

from contextlib import ExitStack

import pytest
from ascend_models import compile_into, executable_atc, faultless, in_memory, small_mixformer


@pytest.fixture(scope="session")
def checkpoint(released_state):
    """(variant, layout, seed, **fields) -> a FARTrack model in memory."""

    def make(variant="pico", layout="sparse", seed=0, **fields):
        return in_memory(released_state(seed, layout), variant, **fields)

    return make


@pytest.fixture(scope="session")
def fake_atc(tmp_path_factory):
    """Path of an executable that behaves as ``atc``, in a folder with a space."""
    return executable_atc(tmp_path_factory.mktemp("cann bin"))


@pytest.fixture(scope="session")
def compiled(tmp_path_factory, fake_atc):
    """(key, how to make the model, **request) -> folder with ``.om`` files, configuration."""
    made = {}

    def make(key, model, **request):
        key = (key, *request.items())
        if key not in made:
            checkpoint, folder = model(), tmp_path_factory.mktemp("exported")
            compile_into(folder, checkpoint, fake_atc, **request)
            made[key] = folder, checkpoint.config
        return made[key]

    return make


@pytest.fixture(scope="session")
def pico(compiled, checkpoint):
    """(seed, layout, **request) -> folder and configuration of pico with random weights."""

    def make(seed=0, layout="sparse", **request):
        return compiled(("pico", seed, layout), lambda: checkpoint("pico", layout, seed), **request)

    return make


@pytest.fixture(scope="session")
def small(compiled, checkpoint):
    """Folder and configuration of a one-layer model, which is quick."""
    return compiled("small", lambda: checkpoint(None, depth=1))


@pytest.fixture(scope="session")
def small_aipp(compiled, checkpoint):
    """The same with the normalisation in AIPP."""
    return compiled("small", lambda: checkpoint(None, depth=1), normalise="aipp")


@pytest.fixture(scope="session")
def cached(compiled):
    """Folder and configuration of a small MixFormerV2, whose cache has five axes."""
    return compiled("cached", small_mixformer)


@pytest.fixture
def new_board():
    """Boards in place of CANN; at the end nothing may be violated or alive."""
    with ExitStack() as stack:
        yield lambda **fields: stack.enter_context(faultless(**fields))


@pytest.fixture(params=[0, 1], ids=["board", "card"])
def board(request, new_board):
    """A fake board in both run modes."""
    return new_board(run_mode=request.param)
