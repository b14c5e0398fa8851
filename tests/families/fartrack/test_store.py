import numpy as np
import pytest

from fartrack_sdk import ScriptedRuntime, TrackerConfig
from fartrack_sdk.families.fartrack.config import FARTrackConfig
from fartrack_sdk.families.fartrack.sampling import oldest_needed, slot_entries
from fartrack_sdk.families.fartrack.session import FARTrackSession
from fartrack_sdk.families.fartrack.store import TemplateStore

SPARSE = FARTrackConfig()


def filled(entries, max_entries, config=SPARSE):
    """A store of one-value tokens: the tokens of entry i are all i."""
    store = TemplateStore(max_entries, 1, 1)
    for i in range(entries):
        store.add(i, np.full((1, 1), i, np.float32), oldest_needed(config, i + 1))
    return store


def gathered(store, indices):
    out = np.empty((len(indices), 1, 1), np.float32)
    store.gather(indices, out)
    return out.ravel().astype(int).tolist()


def test_exact_while_the_needed_entries_fit():
    store = TemplateStore(1536, 1, 1)
    for n in range(1, 2191):
        store.add(n - 1, np.full((1, 1), n - 1, np.float32), oldest_needed(SPARSE, n))
        slots = slot_entries(SPARSE, n)
        assert gathered(store, slots) == list(slots)
    assert store.stride == 1


@pytest.mark.parametrize("max_entries", [2, 3, 10, 100])
def test_thinned_store_serves_the_nearest_entry_it_keeps(max_entries):
    store = filled(3000, max_entries)
    kept = [i for i in range(3000) if i in store]
    assert 0 in kept
    assert len(kept) <= max_entries
    for wanted in slot_entries(SPARSE, 3000):
        nearest = min(abs(i - wanted) for i in kept)
        assert abs(store.served(wanted) - wanted) == nearest


def test_entries_that_nothing_asks_for_are_forgotten():
    store = filled(1000, 1536)
    assert len(store) == 1000 - oldest_needed(SPARSE, 1000) + 1


def test_two_slots_need_two_entries():
    store = filled(1000, 1536, FARTrackConfig(num_templates=2))
    assert len(store) == 2


@pytest.mark.parametrize("retention", [1.0, 0.1])
def test_the_default_bound_is_below_64_megabytes(retention):
    config = FARTrackConfig(retention=retention)
    store = TemplateStore(TrackerConfig().max_entries, config.kept_tokens, config.dim)
    assert store.nbytes < 64e6


def test_200_000_updates_stay_bounded_and_near_the_asked_index(scripted):
    _, script = scripted()
    runtime = ScriptedRuntime(script)
    limit = 512
    image = np.zeros((112, 112, 3), np.uint8)
    search = np.zeros((224, 224, 3), np.uint8)
    session = FARTrackSession(script.config, limit, image)
    constant = {graph: runtime.run(graph, {}) for graph in ("first", "track")}
    size = session.store.nbytes
    for n in range(1, 200_001):
        graph, _ = session.request(search)
        session.prepare(constant[graph], image, runtime.run)()
        if n % 1000 == 0:
            assert len(session.store) <= limit
            error = max(abs(session.store.served(i) - i) for i in slot_entries(SPARSE, n)[:-1])
            assert error <= session.store.stride
            assert error <= max(1, 2 * 2 * n / limit), "a share of the history"
    assert session.store.nbytes == size
