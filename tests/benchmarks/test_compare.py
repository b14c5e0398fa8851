"""Side by side: processes, peers, tables."""

import os
import sys
from pathlib import Path

import pytest

from fartrack_sdk.benchmarks.accuracy.evaluate import evaluate
from fartrack_sdk.benchmarks.compare.peers import OpenCVPeer, parse_peer
from fartrack_sdk.benchmarks.compare.run import compare_trackers
from fartrack_sdk.benchmarks.trackers import TrackerSpec
from fartrack_sdk.benchmarks.workers.child import Child, ChildError, module_command
from fartrack_sdk.errors import ConfigError, InputError, MissingDependencyError

CONTRIB = os.environ.get("FARTRACK_CONTRIB_PYTHON", "")


def test_ours_beside_opencv_mil(plain_set, still):
    """MIL is in every OpenCV."""
    report = compare_trackers(plain_set, [still, OpenCVPeer(kind="mil")], threads=1)
    assert [t.name for t in report.trackers] == ["still", "OpenCV MIL"]
    assert all(t.latency_ms.count == 20 for t in report.trackers)
    assert "opencv" in report.trackers[1].active
    assert [t.ours for t in report.trackers] == [True, False]
    table = report.tables()[0]
    assert table.rows[0][table.columns.index("time ratio")] == pytest.approx(1.0)


def test_figures_equal_those_of_accuracy(plain_set, still, tmp_path):
    alone = evaluate(plain_set, [still], out=tmp_path)
    beside = compare_trackers(plain_set, [still, TrackerSpec(factory=still.factory, label="twin")])
    for tracker in beside.trackers:
        assert tracker.overall == alone.trackers[0].overall


def test_corrupt_frame_is_named_once_and_repeats_the_last_box(plain_set, still):
    (plain_set / "dog" / "img" / "000003.jpg").write_bytes(b"no picture")
    report = compare_trackers(plain_set, [still, OpenCVPeer(kind="mil")])
    assert [(p.sequence, p.frame) for p in report.problems] == [("dog", 2)]
    assert report.trackers[0].overall.frames == 20


def test_peers_of_contrib_say_how_to_get_them(plain_set, still):
    import cv2

    if hasattr(cv2, "TrackerCSRT"):
        pytest.skip("this OpenCV has the contrib trackers")
    with pytest.raises(MissingDependencyError, match="--opencv-python"):
        compare_trackers(plain_set, [still, OpenCVPeer(kind="csrt")])


@pytest.mark.parametrize("kind", ["csrt", "kcf", "mil"])
def test_peers_of_another_interpreter(plain_set, still, kind):
    if not Path(CONTRIB).is_file():
        pytest.skip("no interpreter with opencv-contrib-python (FARTRACK_CONTRIB_PYTHON)")
    report = compare_trackers(plain_set, [OpenCVPeer(kind=kind, python=CONTRIB)], only=["ball"])
    assert report.trackers[0].latency_ms.count == 5


def test_peers_are_read_from_text(tmp_path):
    model = tmp_path / "a.onnx"
    model.touch()
    peer = parse_peer(f"nano:backbone={model},neckhead={model}", None, 2)
    assert (peer.name, peer.threads) == ("OpenCV Nano", 2)
    assert parse_peer("kcf", "python", None).python == "python"
    with pytest.raises(ConfigError, match="expected a peer out of"):
        parse_peer("siamfc", None, None)
    with pytest.raises(ConfigError, match="vit:net=FILE"):
        parse_peer("vit", None, None)
    with pytest.raises(InputError, match="is none"):
        parse_peer("vit:net=/nowhere.onnx", None, None)


def test_two_of_one_name_are_refused(plain_set, still):
    with pytest.raises(ConfigError, match="different names"):
        compare_trackers(plain_set, [still, still])


def test_child_that_dies_says_why():
    child = Child([sys.executable, "-c", "import sys; sys.exit('no such thing')"], "it")
    try:
        with pytest.raises(ChildError, match="no such thing"):
            child.ask("open")
    finally:
        child.close()
        child.close()


def test_answer_that_nobody_fetched_is_dropped(still):
    """Ctrl-C between a request and its answer must not shift the answers."""
    child = Child(module_command("workers.fartrack_peer"), "ours")
    try:
        child.ask("open", spec=still.model_dump())
        child._send("init", {"frame": "/nowhere.jpg", "box": [1, 2, 3, 4]})
        assert child.ask("open", spec=still.model_dump()) == {}
    finally:
        child.close()


def test_error_of_ours_in_a_child_keeps_its_class():
    child = Child(module_command("workers.fartrack_peer"), "ours")
    try:
        with pytest.raises(ConfigError, match="cannot be loaded"):
            child.ask("open", spec={"factory": "nowhere:make"})
    finally:
        child.close()


def test_command_writes_all_files(plain_set, still_option, tmp_path, bench):
    files = {kind: tmp_path / f"r.{kind}" for kind in ("json", "csv", "md", "html")}
    options = [part for kind, path in files.items() for part in (f"--{kind}", path)]
    result = bench(
        "compare", plain_set, *still_option, "--peer", "mil", *options, "--plot", tmp_path / "r.svg"
    )
    assert result.exit_code == 0, result.text
    assert "OpenCV MIL" in result.text
    assert all(path.stat().st_size for path in files.values())
    assert "<svg" in (tmp_path / "r.svg").read_text()
