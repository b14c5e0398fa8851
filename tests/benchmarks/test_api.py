"""The functions behind the commands."""

import fartrack_sdk.benchmarks as bench


def test_every_public_name_is_there():
    assert set(bench.__all__) == set(bench._PLACES)
    for name in bench.__all__:
        assert callable(getattr(bench, name))


def test_names_of_functions_hide_no_folder():
    folders = {"accuracy", "compare", "datasets", "env", "metrics", "soak", "speed"}
    assert folders.isdisjoint(bench.__all__)


def test_unknown_name_is_an_attribute_error():
    assert not hasattr(bench, "nothing")
