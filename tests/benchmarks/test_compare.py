"""Side by side: processes, peers, resuming, tables."""

import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from peer_networks import write_nano, write_vit

from fartrack_sdk.benchmarks.accuracy.evaluate import evaluate
from fartrack_sdk.benchmarks.compare.peers import OpenCVPeer, parse_peer
from fartrack_sdk.benchmarks.compare.run import compare_trackers
from fartrack_sdk.benchmarks.trackers import TrackerSpec
from fartrack_sdk.benchmarks.workers.child import Child, ChildError, module_command
from fartrack_sdk.errors import ArtifactError, ConfigError, InputError, RuntimeUnavailableError

CONTRIB = os.environ.get("FARTRACK_CONTRIB_PYTHON", "")
MIL = OpenCVPeer(kind="mil")


@pytest.fixture
def compare(plain_set, tmp_path):
    def run(contenders, **options):
        return compare_trackers(plain_set, contenders, out=tmp_path / "out", **options)

    return run


@pytest.fixture
def run_files(tmp_path):
    return lambda: sorted((tmp_path / "out").glob("*/*/runs/[!.]*.json"))


def results(report):
    return [t.model_dump(exclude={"resumed"}) for t in report.trackers]


def test_ours_beside_opencv_mil(compare, still):
    """MIL is in every OpenCV."""
    report = compare([still, MIL], threads=1)
    assert [t.name for t in report.trackers] == ["still", "OpenCV MIL"]
    assert all(t.latency_ms.count == 20 for t in report.trackers)
    assert "opencv" in report.trackers[1].active
    assert [t.ours for t in report.trackers] == [True, False]
    table = report.tables()[0]
    assert table.rows[0][table.columns.index("time ratio")] == pytest.approx(1.0)


def test_figures_equal_those_of_accuracy(plain_set, still, tmp_path, compare):
    alone = evaluate(plain_set, [still], out=tmp_path)
    beside = compare([still, TrackerSpec(factory=still.factory, label="twin")])
    for tracker in beside.trackers:
        assert tracker.overall == alone.trackers[0].overall


def test_corrupt_frame_is_named_once_and_repeats_the_last_box(plain_set, still, compare):
    (plain_set / "dog" / "img" / "000003.jpg").write_bytes(b"no picture")
    report = compare([still, MIL])
    assert [(p.sequence, p.frame) for p in report.problems] == [("dog", 2)]
    assert report.trackers[0].overall.frames == 20


def test_finished_sequences_are_taken_over(compare, still, run_files):
    first = compare([still, MIL])
    stamps = [f.stat().st_mtime_ns for f in run_files()]
    again = compare([still, MIL])
    assert [t.resumed for t in again.trackers] == [4, 4]
    assert results(first) == results(again)
    assert stamps == [f.stat().st_mtime_ns for f in run_files()]
    assert [t.resumed for t in compare([still, MIL], fresh=True).trackers] == [0, 0]


def test_sequence_that_one_has_not_finished_is_run_again_for_all(compare, still, run_files):
    compare([still, MIL])
    run_files()[0].unlink()
    assert [t.resumed for t in compare([still, MIL]).trackers] == [3, 3]


def test_turns_beside_another_are_not_taken_over(compare, still):
    compare([still, MIL])
    other = TrackerSpec(factory=still.factory, label="other")
    assert [t.resumed for t in compare([still, other]).trackers] == [0, 0]


def test_killed_comparison_loses_nothing(plain_set, tracker_file, tmp_path, compare, run_files):
    """SIGKILL in the middle; what was finished stays, and the rest is run."""
    slow = TrackerSpec(factory=f"{tracker_file}:Slow", label="slow")
    command = [sys.executable, "-m", "fartrack_sdk.benchmarks.cli", "compare", str(plain_set)]
    options = ["--factory", f"slow={slow.factory}", "--peer", "mil", "--threads", "1"]
    options += ["--opencv-python", sys.executable]
    process = subprocess.Popen(
        [*command, *options, "--out", str(tmp_path / "out")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while len(run_files()) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    process.wait()
    kept = {f: f.read_bytes() for f in run_files()}
    assert len(kept) >= 2
    resumed = compare([slow, OpenCVPeer(kind="mil", python=sys.executable)], threads=1)
    assert [t.resumed for t in resumed.trackers] == [len(kept) // 2] * 2
    assert [len(t.sequences) for t in resumed.trackers] == [4, 4]
    whole = [f for f in kept if sum(other.name == f.name for other in kept) == 2]
    assert all(f.read_bytes() == kept[f] for f in whole)


def test_peers_of_contrib_say_how_to_get_them(compare, still):
    import cv2

    if hasattr(cv2, "TrackerCSRT"):
        pytest.skip("this OpenCV has the contrib trackers")
    with pytest.raises(RuntimeUnavailableError, match="--opencv-python"):
        compare([still, OpenCVPeer(kind="csrt")])


@pytest.mark.parametrize("kind", ["csrt", "kcf", "mil"])
def test_peers_of_another_interpreter(compare, kind):
    if not Path(CONTRIB).is_file():
        pytest.skip("no interpreter with opencv-contrib-python (FARTRACK_CONTRIB_PYTHON)")
    report = compare([OpenCVPeer(kind=kind, python=CONTRIB)], only=["ball"])
    assert report.trackers[0].latency_ms.count == 5


@pytest.mark.parametrize("write", [write_nano, write_vit])
def test_peers_with_model_files_of_a_user(compare, tmp_path, write):
    """Networks of the right shape with random weights: files, options and boxes pass through."""
    report = compare([parse_peer(write(tmp_path), None, 1)], only=["ball"])
    assert report.trackers[0].latency_ms.count == 5
    assert report.trackers[0].overall.frames == 5


def test_model_file_that_is_none_says_so(compare, tmp_path):
    (tmp_path / "junk.onnx").write_text("no network")
    peer = parse_peer(f"vit:net={tmp_path / 'junk.onnx'}", None, 1)
    with pytest.raises(ArtifactError, match="that OpenCV can read"):
        compare([peer])


def test_interpreter_that_is_none_says_so(compare):
    with pytest.raises(ConfigError, match="--opencv-python"):
        compare([OpenCVPeer(kind="mil", python="/nowhere/python")])


def test_peer_that_fails_on_a_sequence_does_not_end_the_comparison(compare, tracker_file, still):
    failing = TrackerSpec(factory=f"{tracker_file}:Failing", label="failing")
    report = compare([still, failing], only=["ball"])
    assert [(p.sequence, p.frame) for p in report.problems] == [("ball", 3)]
    assert "lost its mind" in report.problems[0].message
    assert [t.overall.frames for t in report.trackers] == [5, 5]


def test_a_tracker_that_will_not_start_is_scored_on_the_same_sequences(
    plain_set, write_boxes, compare, tracker_file, still
):
    write_boxes(plain_set / "dog" / "groundtruth.txt", [(15, 21, 9, 9)] * 6)
    picky = TrackerSpec(factory=f"{tracker_file}:Picky", label="picky")
    first, second = compare([picky, still]).trackers
    assert first.overall.frames == second.overall.frames == 20
    assert {s.name: s.ao for s in first.sequences}["dog"] == 0.0


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


def test_two_of_one_name_are_refused(compare, still):
    with pytest.raises(ConfigError, match="different names"):
        compare([still, still])


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
    options += ["--plot", tmp_path / "r.svg", "--out", tmp_path / "out"]
    result = bench("compare", plain_set, *still_option, "--peer", "mil", *options)
    assert result.exit_code == 0, result.text
    assert "OpenCV MIL" in result.text
    assert all(path.stat().st_size for path in files.values())
    assert "<svg" in (tmp_path / "r.svg").read_text()
    for word in (date.today().isoformat(), "usable CPUs", "thread(s)", "OpenCV"):
        assert word in files["md"].read_text()
