import os

import pytest
from typer.testing import CliRunner
from video_media import FakeTracker, write_images, write_video

from fartrack_sdk.cli import track_paths, track_run
from fartrack_sdk.cli.track import app
from fartrack_sdk.video.demo import DemoClip, demo_clip

BOX = ("--box", "20,15,30,30")


@pytest.fixture(autouse=True)
def _no_model(monkeypatch):
    monkeypatch.setattr(track_run, "open_tracker", lambda options: FakeTracker())


def refused(path, *arguments):
    """Whether a run is refused for its names, and leaves the file as it was."""
    before = path.read_bytes()
    result = CliRunner().invoke(app, [*map(str, arguments), "--overwrite"])
    assert path.read_bytes() == before
    return result.exit_code == 2 and "same file" in result.stderr


@pytest.mark.parametrize("written", ["URL", "QUOTED", "HOME", "SPACED", "LINK", "OTHER"])
def test_the_source_is_never_replaced_however_it_is_written(tmp_path, monkeypatch, written):
    video = write_video(tmp_path / "in 1.avi")
    monkeypatch.setenv("HOME", str(tmp_path))
    os.link(video, tmp_path / "link.avi")
    (tmp_path / "other").symlink_to(tmp_path)
    source = {
        "URL": f"file://{video}",
        "QUOTED": f"file://{tmp_path}/in%201.avi",
        "HOME": "~/in 1.avi",
        "SPACED": f" {video} ",
        "LINK": tmp_path / "link.avi",
        "OTHER": tmp_path / "other" / "in 1.avi",
    }[written]
    assert refused(video, source, *BOX, "--output", video)


def test_the_images_and_the_groundtruth_in_use_are_kept(tmp_path):
    folder = write_images(tmp_path / "img", ["1.png", "2.png"])
    truth = tmp_path / "groundtruth.txt"
    truth.write_text("20,15,30,30\n")
    assert refused(truth, folder, "--csv", truth)
    assert refused(folder / "2.png", folder, "--plot", folder / "2.png")
    assert refused(folder / "2.png", f"{folder}/*.png", "--csv", folder / "2.png")


def test_the_model_is_kept(tmp_path):
    video = write_video(tmp_path / "in.avi")
    model, folder = tmp_path / "m.pth.tar", tmp_path / "exported"
    model.write_bytes(b"weights")
    folder.mkdir()
    (folder / "metadata.json").write_text("{}")
    assert refused(model, video, *BOX, "--model", model, "--csv", model)
    metadata = folder / "metadata.json"
    assert refused(metadata, video, *BOX, "--model", folder, "--jsonl", metadata)


def test_the_bundled_clip_is_kept(tmp_path, monkeypatch):
    clip = write_video(tmp_path / "clip.avi")
    demo = demo_clip()
    monkeypatch.setattr(
        track_paths, "demo_clip", lambda: DemoClip(clip, demo.box, demo.credit, demo.license)
    )
    assert refused(clip, "demo", *BOX, "--output", clip)


def test_files_that_nothing_reads_are_replaced(tmp_path):
    folder = write_images(tmp_path / "img", ["1.png", "2.png"])
    truth = tmp_path / "groundtruth.txt"
    truth.write_text("mine\n")
    call = [folder, *BOX, "--csv", truth, "--overwrite"]
    result = CliRunner().invoke(app, [str(part) for part in call])
    assert result.exit_code == 0, result.stderr
    assert truth.read_text().startswith("frame,")
