"""Output files: whole or not at all."""

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
