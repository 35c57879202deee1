"""The file of sent pushes that are not noted yet."""

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from chat.features.push.ledger import Unanswered
from chat.features.push.sent_file import open_sent_file

FIRST = Unanswered(10, 1, 1, 7, "phone ☎\n", 1, 0)
SECOND = Unanswered(11, 2, 3, 8, "", 2, 1)


def test_what_a_killed_process_left_is_there_at_the_next_start_until_it_is_noted(tmp_path: Path) -> None:
    with open_sent_file(tmp_path) as file:
        assert file.earlier == []
        file.add(FIRST)
        file.add(SECOND)
    for _ in range(2):  # a second kill before they are noted
        with open_sent_file(tmp_path) as file:
            assert file.earlier == [FIRST, SECOND]
    with open_sent_file(tmp_path) as file:
        file.clear()
        file.add(SECOND)
    with open_sent_file(tmp_path) as file:
        assert file.earlier == [SECOND]


def test_each_process_has_a_file_and_takes_over_those_of_processes_that_are_gone(tmp_path: Path) -> None:
    with open_sent_file(tmp_path) as first:
        first.add(FIRST)
        with open_sent_file(tmp_path) as second:
            assert second.earlier == []
            second.add(SECOND)
        with open_sent_file(tmp_path) as third:
            assert third.earlier == [SECOND]
    with open_sent_file(tmp_path) as only:
        assert only.earlier == [FIRST, SECOND]
    assert sum(file.stat().st_size > 0 for file in tmp_path.iterdir()) == 1


def test_half_a_line_hides_no_other(tmp_path: Path) -> None:
    with open_sent_file(tmp_path) as file:
        file.add(FIRST)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(b'[1,2\n{"a":1}\n' + path.read_bytes() + b"\n[10,1,1,7,")
    with open_sent_file(tmp_path) as file:
        assert file.earlier == [FIRST]


def test_without_a_place_for_it_pushes_are_sent_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with capture_logs() as logs, open_sent_file(tmp_path / "missing") as file:
        file.add(FIRST)
        file.clear()
    assert [each["log_level"] for each in logs] == ["warning"]

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with capture_logs() as logs, open_sent_file(tmp_path) as file:
        monkeypatch.setattr(os, "write", full)
        file.add(FIRST)
        file.add(SECOND)
        file.clear()
    assert [each["log_level"] for each in logs] == ["warning"]
