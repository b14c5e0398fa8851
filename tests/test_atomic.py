"""Output files: whole or not at all."""

import os

import pytest

from fartrack_sdk.atomic import PendingFile, write_atomically
from fartrack_sdk.errors import InputError


def test_a_file_is_replaced_as_a_whole(tmp_path):
    target = tmp_path / "report.md"
    target.write_text("before")
    write_atomically(target, "häufig")
    assert target.read_bytes() == "häufig".encode()
    write_atomically(target, b"\x00\xff")
    assert target.read_bytes() == b"\x00\xff"
    assert list(tmp_path.iterdir()) == [target]


def write_half(target):
    with PendingFile(target, overwrite=True) as pending:
        pending.part.write_text("half")
        raise OSError(28, "No space left on device")


def test_what_was_there_stays_when_writing_fails(tmp_path):
    target = tmp_path / "boxes.csv"
    target.write_text("before")
    with pytest.raises(InputError, match="No space left"):
        write_half(target)
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_the_file_behind_a_link_is_written_and_the_link_stays(tmp_path):
    (tmp_path / "disk").mkdir()
    link, behind = tmp_path / "boxes.csv", tmp_path / "disk" / "boxes.csv"
    link.symlink_to(behind)
    write_atomically(link, "first")
    write_atomically(link, "second")
    assert link.is_symlink()
    assert behind.read_text() == "second"
    assert list(behind.parent.iterdir()) == [behind]


def test_a_link_that_leads_to_itself_is_named(tmp_path):
    link = tmp_path / "boxes.csv"
    link.symlink_to(link)
    with pytest.raises(InputError, match="leads nowhere"):
        PendingFile(link)


def test_streams_and_pipes_are_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/null"):
        with pytest.raises(InputError, match="a device or a pipe"):
            PendingFile(path, overwrite=True)
