"""Where an artifact appears, and what stays when it does not."""

import os
from pathlib import Path

import pytest

from fartrack_sdk import InputError
from fartrack_sdk.artifact import METADATA_FILE
from fartrack_sdk.exporters.directory import pending_directory


def write(target, text="new", *, overwrite=False):
    with pending_directory(target, overwrite=overwrite) as folder:
        (folder / METADATA_FILE).write_text(text)


def text_of(target):
    return (target / METADATA_FILE).read_text()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_link_stays_and_the_folder_behind_it_is_replaced(tmp_path):
    write(tmp_path / "v1", "old")
    current = tmp_path / "current"
    current.symlink_to("v1")
    write(current, overwrite=True)
    assert current.is_symlink()
    assert text_of(tmp_path / "v1") == "new"
    assert names(tmp_path) == ["current", "v1"]


def test_a_link_to_a_folder_that_is_not_there_yet_makes_it(tmp_path):
    current = tmp_path / "current"
    current.symlink_to("v2")
    write(current)
    assert text_of(tmp_path / "v2") == "new"
    assert current.is_symlink()


def test_links_that_lead_nowhere_are_refused(tmp_path):
    lost, loop = tmp_path / "lost", tmp_path / "loop"
    lost.symlink_to("absent/v2")
    loop.symlink_to("loop")
    for link in (lost, loop):
        with pytest.raises(InputError, match=r"does not exist|nowhere|cannot be written"):
            write(link)
    assert names(tmp_path) == ["loop", "lost"]


def test_what_a_killed_export_left_is_not_in_the_way(tmp_path):
    target = tmp_path / "a"
    (tmp_path / f".a.part-{os.getpid()}").mkdir()
    write(target, "old")
    (tmp_path / f".a.old-{os.getpid()}").mkdir()
    write(target, overwrite=True)
    assert text_of(target) == "new"


def test_the_folder_has_the_permissions_of_any_new_folder(tmp_path):
    (tmp_path / "plain").mkdir()
    write(tmp_path / "a")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_swap_that_fails_leaves_the_old_artifact(tmp_path, monkeypatch):
    target = tmp_path / "a"
    write(target, "old")
    rename = Path.rename

    def failing(self, other):
        if ".part-" in self.name:
            raise OSError(5, "Input/output error")
        return rename(self, other)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(InputError, match=r"a' cannot be written.*Input/output"):
        write(target, overwrite=True)
    assert text_of(target) == "old"
    assert names(tmp_path) == ["a"]


def test_a_folder_that_cannot_be_made_is_an_input_error(tmp_path, monkeypatch):
    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fartrack_sdk.exporters.directory.mkdtemp", full)
    with pytest.raises(InputError, match="No space left"):
        write(tmp_path / "a")
