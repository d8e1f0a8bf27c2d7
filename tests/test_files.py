"""Files that a person asked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chantier.errors import ChantierError
from chantier.files import write_whole


def test_a_file_is_written_over_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for content in (b"long and old", b"new"):
        write_whole(path, content, option="--out")
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_file_is_written_through_and_stays_what_it_is(tmp_path: Path) -> None:
    pipe, target = tmp_path / "pipe", tmp_path / "target"
    target.write_bytes(b"")
    pipe.symlink_to(target)
    write_whole(pipe, b"content", option="--out")
    assert pipe.is_symlink()
    assert target.read_bytes() == b"content"
    write_whole(Path(os.devnull), b"content", option="--out")
    assert not Path(os.devnull).is_file()


def test_what_cannot_be_written_is_said_with_the_option(tmp_path: Path) -> None:
    with pytest.raises(ChantierError, match="Is a directory") as refused:
        write_whole(tmp_path, b"", option="--plot")
    assert refused.value.hint == "Name another --plot."
