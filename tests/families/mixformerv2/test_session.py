"""The online update rule, with scores that the test sets."""

import math

import numpy as np
import pytest

from fartrack_sdk.families.mixformerv2.config import MixFormerV2Config
from fartrack_sdk.families.mixformerv2.contract import graph_specs
from fartrack_sdk.families.mixformerv2.session import MixFormerV2Session


def template(value):
    return np.full((112, 112, 3), value, np.uint8)


class Passes:
    """Answers template passes with keys that tell which images they are of."""

    def __init__(self, config):
        self.specs = graph_specs(config)
        self.calls = []
        self.broken = False

    def __call__(self, graph, feeds):
        if self.broken:
            raise RuntimeError("device lost")
        values = tuple(int(image[0, 0, 0, 0]) for image in feeds.values())
        self.calls.append((graph, values))
        code = values[0] + 1000 * (values[1] if len(values) > 1 else 0)
        return {t.name: np.full(t.shape, code, np.float32) for t in self.specs[graph].outputs}


def start(**fields):
    config = MixFormerV2Config(**{"update_interval": 4, **fields})
    passes = Passes(config)
    return MixFormerV2Session(config, template(7), passes), passes


def frame(session, passes, score, image):
    """One frame; the crop is offered only if it is wanted, as the tracker does."""
    logit = math.log(score / (1 - score))
    outputs = {
        "logits": np.zeros((1, 4, 96), np.float32),
        "presence": np.array([[logit]], np.float32),
    }
    wanted = session.wants_template(session.decode(outputs))
    session.prepare(outputs, template(image) if wanted else None, passes)()
    return wanted


def online(session):
    """Value of the online template that the next pass uses."""
    code = int(session.memory.feeds["keys"].flat[0])
    return code // 1000 or code % 1000


def test_the_first_template_is_prepared_at_the_start_and_folded():
    session, passes = start()
    assert passes.calls == [("templates_one", (7,))]
    graph, feeds = session.request(np.zeros((224, 224, 3), np.uint8))
    assert graph == "search_one"
    assert {name: feed.shape for name, feed in feeds.items()} == {
        "search": (1, 224, 224, 3),
        "keys": (1, 4, 12, 49, 64),
        "values": (1, 4, 12, 49, 64),
    }


def test_the_best_frame_of_the_interval_becomes_the_online_template():
    session, passes = start()
    wanted = [frame(session, passes, s, i) for i, s in enumerate((0.6, 0.9, 0.8, 0.7), 10)]
    assert wanted == [True, True, False, False]
    assert passes.calls[1:] == [("templates", (7, 11))]
    assert online(session) == 11
    assert session.memory.graph == "search"


def test_the_tick_frame_itself_can_be_the_candidate():
    session, passes = start()
    for i, score in enumerate((0.6, 0.6, 0.6, 0.9), 10):
        frame(session, passes, score, i)
    assert online(session) == 13


def test_half_is_not_enough():
    session, passes = start()
    assert [frame(session, passes, s, 10) for s in (0.5, 0.2, 0.4999, 0.1)] == [False] * 4
    assert len(passes.calls) == 1
    assert online(session) == 7


def test_equal_scores_keep_the_earlier_frame():
    session, passes = start()
    for image in (10, 11, 12, 13):
        frame(session, passes, 0.8, image)
    assert online(session) == 10


def test_an_interval_without_candidate_puts_the_first_template_back_without_a_pass():
    session, passes = start()
    for i, score in enumerate([0.9] * 4 + [0.1] * 4):
        frame(session, passes, score, 10 + i)
    assert online(session) == 7
    assert session.memory.graph == "search_one"
    assert [graph for graph, _ in passes.calls] == ["templates_one", "templates"]


def test_the_best_score_is_forgotten_at_a_tick():
    session, passes = start()
    for i, score in enumerate((0.9, 0.1, 0.1, 0.1, 0.6)):
        frame(session, passes, score, 10 + i)
    assert frame(session, passes, 0.7, 20)


def test_decay_lets_a_lower_score_win():
    session, passes = start(score_decay=0.9)
    assert [frame(session, passes, s, 10) for s in (0.8, 0.73, 0.6)] == [True, True, False]


def test_a_paused_frame_is_no_candidate_but_counts():
    session, passes = start(update_interval=1)
    outputs = {
        "logits": np.zeros((1, 4, 96), np.float32),
        "presence": np.array([[4.0]], np.float32),
    }
    session.prepare(outputs, None, passes)()
    assert online(session) == 7


def test_a_failing_templates_pass_leaves_the_session_as_it_was():
    session, passes = start()
    for i, score in enumerate((0.6, 0.9, 0.8), 10):
        frame(session, passes, score, i)
    before, passes.broken = dict(vars(session)), True
    with pytest.raises(RuntimeError, match="device lost"):
        frame(session, passes, 0.95, 13)
    assert vars(session) == before
    passes.broken = False
    frame(session, passes, 0.7, 14)
    assert online(session) == 11


def test_without_a_score_head_the_template_stays():
    session, passes = start(score_head=False, update_interval=1)
    outputs = {"logits": np.zeros((1, 4, 96), np.float32)}
    outputs["logits"][0, :, 5] = 90.0
    assert not session.wants_template(session.decode(outputs))
    for _ in range(3):
        session.prepare(outputs, None, passes)()
    assert passes.calls == [("templates_one", (7,))]


@pytest.mark.parametrize(
    ("cache", "calls", "graph"),
    [("pair", [("templates", (7, 7))], "search"), ("off", [], "full")],
)
def test_other_caches_start_with_two_equal_templates(cache, calls, graph):
    session, passes = start(template_cache=cache)
    assert passes.calls == calls
    name, feeds = session.request(np.zeros((224, 224, 3), np.uint8))
    spec = graph_specs(MixFormerV2Config(template_cache=cache))[name]
    assert name == graph
    assert {n: f.shape for n, f in feeds.items()} == {t.name: t.shape for t in spec.inputs}
