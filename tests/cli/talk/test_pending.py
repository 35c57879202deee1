"""Unsaved messages are stored in files, which two terminals of one person may share."""

import stat
from pathlib import Path

import pytest

from chat.cli.talk.pending import Pending, PendingFiles


@pytest.mark.parametrize(
    ("before", "first", "second", "kept"),
    [
        ({}, {1: "a"}, {2: "b"}, {1: "a", 2: "b"}),
        ({}, {1: "a"}, {}, {1: "a"}),
        ({}, {1: "a"}, {1: "b"}, {1: "a\nb"}),
        ({}, {1: "a"}, {1: "a"}, {1: "a"}),
        ({1: "old"}, {}, {1: "old"}, {}),
        ({1: "old"}, {1: "old"}, {}, {}),
        ({1: "old"}, {1: "new"}, {1: "old"}, {1: "new"}),
        ({1: "old"}, {1: "new"}, {}, {1: "new"}),
        ({1: "old"}, {1: "old"}, {1: "old"}, {1: "old"}),
    ],
)
def test_two_terminals_keep_their_pending_messages_separately(
    tmp_path: Path,
    before: dict[int, str],
    first: dict[int, str],
    second: dict[int, str],
    kept: dict[int, str],
) -> None:
    PendingFiles(tmp_path).keep_drafts(before)
    terminals = [PendingFiles(tmp_path), PendingFiles(tmp_path)]
    assert [each.drafts() for each in terminals] == [before, before]
    for terminal, drafts in zip(terminals, (first, second), strict=True):
        terminal.keep_drafts(drafts)
    assert PendingFiles(tmp_path).drafts() == kept


def test_an_edit_is_no_message_to_a_version_that_knows_none(tmp_path: Path) -> None:
    files = PendingFiles(tmp_path)
    edit = Pending("7", 1, "hello", 2, edits=3)
    message = Pending("k", 1, "hi", 1)
    files.keep(edit)
    files.keep(message)
    assert [path.name for path in tmp_path.glob("*.message")] == ["k.message"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert files.load() == [message, edit]
    files.drop(edit)
    assert files.load() == [message]
