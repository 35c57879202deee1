"""Completes the word before the cursor: each Tab inserts the next command, person or room that matches. Pure."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from chat.cli.talk.line_editor import LineEditor

_TAKE_PEOPLE = ("/direct", "/query", "/msg", "/invite", "/kick")


class Candidates(NamedTuple):
    """Everything that can be completed: commands with their slash, names of people, labels of rooms, and paths."""

    commands: Sequence[str]
    people: Sequence[str]
    rooms: Sequence[str]
    paths: Callable[[str], Sequence[str]] = lambda _typed: ()


class Completion:
    """The completion of one word, until another key than Tab is pressed.

    Args:
        editor: the line; the word ends at its cursor.
        candidates: everything that can be completed.
    """

    def __init__(self, editor: LineEditor, candidates: Candidates) -> None:
        before = editor.text[: editor.cursor]
        self._start, found = _matches(before, candidates)
        # The typed word comes last: after all matches Tab returns to it.
        self._found = [*found, before[self._start :]] if found else []
        self._next = 0

    def next(self, editor: LineEditor) -> bool:
        """Insert the next match; return whether there is one. Sync."""
        if not self._found:
            return False
        word = self._found[self._next % len(self._found)]
        self._next += 1
        behind = editor.text[editor.cursor :]
        editor.text = editor.text[: self._start] + word + behind
        editor.cursor = self._start + len(word)
        return True


def _matches(before: str, candidates: Candidates) -> tuple[int, list[str]]:
    """Where the word begins, and what matches it."""
    command, space, rest = before.partition(" ")
    if before.startswith("/") and not space:
        return 0, _beginning(before, candidates.commands)
    if command in ("/join", "/room", "/leave"):
        return len(command) + 1, _beginning(rest, candidates.rooms)
    if command in _TAKE_PEOPLE and "@" not in rest:
        return len(command) + 1, _beginning(rest, candidates.people)
    if command == "/upload":
        return len(command) + 1, [*candidates.paths(rest)]
    # A name may contain spaces: the word begins at the last @ or #.
    at = max(before.rfind("@"), before.rfind("#"))
    if at < 0 or (at and not before[at - 1].isspace()):
        return 0, []
    names = [f"@{name}" for name in candidates.people] if before[at] == "@" else candidates.rooms
    return at, _beginning(before[at:], names)


def _beginning(word: str, names: Iterable[str]) -> list[str]:
    typed = word.casefold()
    bare = typed.lstrip("#@")
    found = (
        name
        for name in names
        if name.casefold().startswith(typed)
        or (bare == typed and name.casefold().lstrip("#@").startswith(typed))
    )
    return [f"{name} " for name in sorted(set(found), key=str.casefold)]
