"""Errors travel between processes as they are."""

import pickle

import pytest

from fartrack_sdk.errors import (
    DeviceUnavailableError,
    InputError,
    MissingDependencyError,
    ParityError,
)


@pytest.mark.parametrize(
    "error",
    [
        MissingDependencyError("torch", "torch", "to run checkpoints"),
        DeviceUnavailableError("cuda:1", "cpu", "Use device='cpu'."),
        ParityError("boxes differ", {"box": 3.0}),
        InputError("no frame"),
    ],
)
def test_errors_can_be_pickled(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
