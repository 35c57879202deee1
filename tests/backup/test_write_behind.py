"""The disk writes a copy while it is made, each piece once."""

import os
from pathlib import Path

import pytest

from chat.backup.write_behind import WriteBehind

pytestmark = pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="the system takes no such advice")


def test_each_piece_is_written_once(tmp_path: Path) -> None:
    written = WriteBehind(tmp_path / "copy", tmp_path / "not there yet")
    assert written.begin() == 0
    (tmp_path / "copy" / "base").mkdir(parents=True)
    file = tmp_path / "copy" / "base" / "1234"
    file.write_bytes(bytes(10_000))
    (tmp_path / "copy" / "empty").touch()
    (tmp_path / "copy" / "gone").symlink_to("nowhere")
    assert written.begin() == 10_000
    with file.open("ab") as more:
        more.write(bytes(500))
    assert written.begin() == 500
    assert written.begin() == 0
    assert file.read_bytes() == bytes(10_500)


def test_between_two_looks_only_what_grows_is_looked_at(tmp_path: Path) -> None:
    written = WriteBehind(tmp_path)
    (tmp_path / "grows").write_bytes(bytes(100))
    assert written.begin() == 100
    (tmp_path / "new").write_bytes(bytes(10))
    with (tmp_path / "grows").open("ab") as more:
        more.write(bytes(5))
    assert written.go_on() == 5
    assert written.begin() == 10
