import numpy as np
import pytest

from fartrack_sdk import Tracker
from fartrack_sdk.families.fartrack.contract import graph_specs

BOX = (140.0, 100.0, 40.0, 40.0)
FIELDS = [
    {},
    {"num_templates": 1},
    {"num_templates": 2},
    {"num_templates": 9},
    {"retention": 1.0},
    {"retention": 0.1},
    {"protocol": "dense"},
    {"protocol": "dense", "num_templates": 1},
    {"protocol": "dense", "num_templates": 2},
    {"saliency": "paper", "sampling": "linear"},
]


@pytest.mark.parametrize("fields", FIELDS, ids=str)
def test_feeds_are_what_the_contract_says(scripted, noise_frame, fields):
    model, script = scripted(**fields)
    specs = graph_specs(script.config)
    tracker = Tracker(model).init(noise_frame(), BOX)
    graphs = []
    for i in range(8):
        script.passes.clear()
        tracker.track(noise_frame(seed=i))
        for graph, feeds in script.passes:
            graphs.append(graph)
            got = {name: (feed.shape, str(feed.dtype)) for name, feed in feeds.items()}
            assert got == {t.name: (t.shape, t.dtype) for t in specs[graph].inputs}
    encoder_passes = [graph for graph in graphs if graph != "embed"]
    assert encoder_passes == ["first"] + ["track"] * 7
    dense_warm_up = fields.get("protocol") == "dense" and fields.get("num_templates", 5) > 2
    assert graphs.count("embed") == (2 if dense_warm_up else 0)


def test_stored_tokens_are_those_of_the_pass_in_which_the_template_was_newest(
    scripted, noise_frame
):
    model, script = scripted()
    tracker = Tracker(model).init(noise_frame(), BOX)
    answers = []

    def recorded(graph, feeds):
        answers.append(script(graph, feeds))
        return answers[-1]

    model.runtime._script = recorded
    for i in range(7):
        tracker.track(noise_frame(seed=i))
    _, feeds = script.passes[-1]
    kept = feeds["kept"].reshape(4, 37, 192)
    for slot, entry in enumerate((0, 1, 3, 3)):
        tokens, saliency = answers[entry]["newest_tokens"][0], answers[entry]["saliency"][0]
        keep = np.sort(np.argsort(saliency, kind="stable")[12:])
        np.testing.assert_array_equal(kept[slot], tokens[keep])


def test_a_single_template_is_the_first_frame_for_ever(scripted, noise_frame):
    model, script = scripted(num_templates=1)
    tracker = Tracker(model).init(noise_frame(), BOX)
    kept = []
    for i in range(4):
        tracker.track(noise_frame(seed=i))
        kept.append(script.passes[-1][1].get("kept"))
    assert kept[0] is None
    np.testing.assert_array_equal(kept[1], kept[3])
