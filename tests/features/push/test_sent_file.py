"""The files of sent pushes that are not noted yet."""

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from chat.features.push.ledger import Unanswered
from chat.features.push.sent_file import open_sent_file

FIRST = Unanswered(10, 1, 1, 7, "phone ☎\n", 1, 0)
SECOND = Unanswered(11, 2, 3, 8, "", 2, 1)


def texts(logs: list[Any]) -> list[str]:
    """Return the warnings, without what comes after a semicolon or colon."""
    assert all(each["log_level"] == "warning" for each in logs)
    return [each["event"].partition(";")[0].partition(":")[0] for each in logs]


NOT_KEPT = "sent pushes are not kept in a file"
NOT_READ = "sent pushes of a killed process are not read"
NOT_NOTED = "sent pushes are not noted"


def test_what_a_killed_process_left_is_there_at_the_next_start_until_it_is_noted(tmp_path: Path) -> None:
    with open_sent_file(tmp_path) as file:
        assert file.earlier == []
        file.add(FIRST)
        file.add(SECOND)
    for _ in range(2):  # a second kill before they are noted
        with open_sent_file(tmp_path) as file:
            assert file.earlier == [FIRST, SECOND]
    with open_sent_file(tmp_path) as file:
        file.turn()
        file.clear()
        file.add(SECOND)
    with open_sent_file(tmp_path) as file:
        assert file.earlier == [SECOND]


def test_what_is_sent_while_others_are_noted_is_kept_and_those_are_not(tmp_path: Path) -> None:
    with open_sent_file(tmp_path) as file:
        file.add(FIRST)
        for _ in range(100):  # under load there is always something that is not noted
            file.turn()
            file.add(SECOND)
            file.clear()
        assert sum(each.stat().st_size for each in tmp_path.iterdir()) < 50
        file.turn()
        file.add(FIRST)
    with open_sent_file(tmp_path) as file:
        assert sorted(each.message_id for each in file.earlier) == [10, 11]


def test_each_process_has_files_and_takes_over_those_of_processes_that_are_gone(tmp_path: Path) -> None:
    with open_sent_file(tmp_path) as first:
        first.add(FIRST)
        with open_sent_file(tmp_path) as second:
            assert second.earlier == []
            second.add(SECOND)
        with open_sent_file(tmp_path) as third:
            assert third.earlier == [SECOND]
    for _ in range(5):
        with open_sent_file(tmp_path) as only:
            assert [*only.earlier] == [FIRST, SECOND]
    with open_sent_file(tmp_path) as only:
        only.clear()
        with open_sent_file(tmp_path) as other:
            assert other.earlier == []
    assert len([*tmp_path.iterdir()]) == 5
    assert all(each.stat().st_size == 0 for each in tmp_path.iterdir())


def test_a_line_that_is_torn_or_of_another_database_hides_no_other(tmp_path: Path) -> None:
    with open_sent_file(tmp_path, "this one") as file:
        file.add(FIRST)
    (path,) = [each for each in tmp_path.iterdir() if each.stat().st_size]
    assert path.stat().st_mode & 0o077 == 0
    line = path.read_bytes()
    other = line.replace(b"this one", b"another one")
    path.write_bytes(b'[1,2\n{"a":1}\n\0\0' + line + other + line[: len(line) // 2] + line)
    with capture_logs() as logs, open_sent_file(tmp_path, "this one") as file:
        assert file.earlier == [FIRST, FIRST]
    assert texts(logs) == [NOT_NOTED]
    assert (logs[0]["not_readable"], logs[0]["of_another_database"]) == (4, 1)


def test_without_a_directory_pushes_are_sent_all_the_same(tmp_path: Path) -> None:
    with capture_logs() as logs, open_sent_file(None) as file:
        file.add(FIRST)
        file.turn()
        file.clear()
    assert logs == []
    with capture_logs() as logs, open_sent_file(tmp_path / "missing") as file:
        file.add(FIRST)
        file.turn()
        file.clear()
    assert texts(logs) == [NOT_KEPT]


@pytest.mark.parametrize("part", [0, 5])
def test_a_full_disk_is_logged_once_and_loses_nothing_from_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    write = os.write

    def full(descriptor: int, content: bytes) -> int:
        if not part:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, content[:part])

    with open_sent_file(tmp_path) as file:
        file.add(FIRST)
    with capture_logs() as logs, open_sent_file(tmp_path) as file:
        assert file.earlier == [FIRST]
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            file.add(SECOND)
            file.add(SECOND)
        file.add(SECOND)
    assert texts(logs) == [NOT_KEPT]
    with open_sent_file(tmp_path) as file:
        assert sorted(each.message_id for each in file.earlier) == [10, 11]


def refuse(*_: object, **__: object) -> None:
    raise OSError(errno.EIO, "Input/output error")


def make_none(path: Path, flags: int, mode: int = 0o777, *, before: Callable[..., int] = os.open) -> int:
    """Open as in a directory that is read-only."""
    if flags & os.O_CREAT:
        raise OSError(errno.EROFS, "Read-only file system", str(path))
    return before(path, flags, mode)


def test_a_disk_that_fails_hides_no_other_file_and_keeps_no_server_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_sent_file(tmp_path) as file:
        file.add(FIRST)
    (tmp_path / "sent-pushes-0").mkdir()
    monkeypatch.setattr(os, "open", make_none)
    with capture_logs() as logs, open_sent_file(tmp_path) as file:
        assert file.earlier == [FIRST]
        file.add(SECOND)
    assert texts(logs) == [NOT_READ, NOT_KEPT]
    monkeypatch.undo()
    monkeypatch.setattr(fcntl, "flock", refuse)  # a file system without locks
    with capture_logs() as logs, open_sent_file(tmp_path) as file:
        assert file.earlier == []
        file.add(SECOND)
    assert texts(logs) == [NOT_READ, NOT_READ, NOT_READ, NOT_KEPT]
    monkeypatch.undo()
    (tmp_path / "sent-pushes-0").rmdir()
    with open_sent_file(tmp_path) as file:
        assert file.earlier == [FIRST]
