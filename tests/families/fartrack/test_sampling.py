import pytest

from fartrack_sdk.families.fartrack.config import FARTrackConfig
from fartrack_sdk.families.fartrack.sampling import RULES, oldest_needed, slot_entries

SPARSE, DENSE = FARTrackConfig(), FARTrackConfig(protocol="dense")


@pytest.mark.parametrize(
    ("n", "slots"),
    [
        (1, (0, 0, 0, 0, 0)),
        (2, (0, 0, 0, 0, 1)),
        (3, (0, 0, 0, 1, 2)),
        (4, (0, 0, 1, 2, 3)),
        (5, (0, 1, 2, 2, 4)),
        (101, (0, 30, 51, 65, 100)),
    ],
)
def test_sparse_slots(n, slots):
    assert slot_entries(SPARSE, n) == slots


@pytest.mark.parametrize(
    ("n", "slots"),
    [
        (1, (0, 0, 0, 0, 0)),
        (2, (0, 0, 1, 0, 0)),
        (3, (0, 0, 1, 2, 0)),
        (4, (0, 0, 1, 2, 3)),
        (101, (0, 30, 51, 65, 100)),
    ],
)
def test_dense_slots(n, slots):
    assert slot_entries(DENSE, n) == slots


@pytest.mark.parametrize(
    ("sampling", "slots"),
    [
        ("exponential", (0, 30, 51, 65, 100)),
        ("linear", (0, 25, 50, 75, 100)),
        ("logarithmic", (0, 50, 70, 86, 100)),
        ("equal-interval", (0, 70, 80, 90, 100)),
    ],
)
def test_samplings_of_the_paper(sampling, slots):
    assert slot_entries(FARTrackConfig(sampling=sampling), 101) == slots


@pytest.mark.parametrize("sampling", sorted(RULES))
@pytest.mark.parametrize("templates", range(1, 10))
def test_first_and_newest_are_always_in_and_nothing_forgotten_is_asked_for(sampling, templates):
    config = FARTrackConfig(sampling=sampling, num_templates=templates)
    forgotten_below = 1
    for n in range(1, 600):
        slots = slot_entries(config, n)
        assert len(slots) == templates
        assert slots[0] == 0
        assert slots[-1] == (n - 1 if templates > 1 else 0)
        assert all(0 <= entry < n for entry in slots)
        older = [entry for entry in slots if entry]
        assert not older or min(older) >= forgotten_below
        forgotten_below = max(forgotten_below, oldest_needed(config, n))


def test_slot_identities():
    rows = {k: FARTrackConfig(num_templates=k).slot_identities for k in (1, 2, 3, 5, 7, 9)}
    assert rows[1] == (0,)
    assert rows[2] == (0, 4)
    assert rows[3] == (0, 2, 4)
    assert rows[5] == (0, 1, 2, 3, 4)
    assert rows[7] == (0, 1, 1, 2, 3, 3, 4)
    assert rows[9] == (0, 1, 1, 2, 2, 3, 3, 4, 4)


@pytest.mark.parametrize(
    ("retention", "kept"), [(1.0, 49), (0.75, 37), (0.5, 25), (0.25, 13), (0.1, 5)]
)
def test_retention_of_the_paper(retention, kept):
    assert FARTrackConfig(retention=retention).kept_tokens == kept
