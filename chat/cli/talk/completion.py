"""What Tab makes of the word before the cursor: commands, people and rooms, one after the other. Pure."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from chat.cli.talk.line_editor import LineEditor

_TAKE_PEOPLE = ("/direct", "/query", "/msg", "/invite", "/kick")


class Words(NamedTuple):
    """What there is to complete: commands with their slash, people's names, rooms as they are called, and paths."""

    commands: Sequence[str]
    people: Sequence[str]
    rooms: Sequence[str]
    paths: Callable[[str], Sequence[str]] = lambda _typed: ()


class Completion:
    """One word that is completed, as long as nothing else than Tab is pressed.

    Args:
        editor: the line; the word ends at its cursor.
        words: what may stand there.
    """

    def __init__(self, editor: LineEditor, words: Words) -> None:
        before = editor.text[: editor.cursor]
        self._start, found = _candidates(before, words)
        # What was typed comes last, so that Tab comes around to it.
        self._found = [*found, before[self._start :]] if found else []
        self._next = 0

    def next(self, editor: LineEditor) -> bool:
        """Put the next candidate in; return whether there is any. Sync."""
        if not self._found:
            return False
        word = self._found[self._next % len(self._found)]
        self._next += 1
        behind = editor.text[editor.cursor :]
        editor.text = editor.text[: self._start] + word + behind
        editor.cursor = self._start + len(word)
        return True


def _candidates(before: str, words: Words) -> tuple[int, list[str]]:
    """Where the word begins, and what it may become."""
    command, space, rest = before.partition(" ")
    if before.startswith("/") and not space:
        return 0, _beginning(before, words.commands)
    if command in ("/join", "/room", "/leave"):
        return len(command) + 1, _beginning(rest, words.rooms)
    if command in _TAKE_PEOPLE and "@" not in rest:
        return len(command) + 1, _beginning(rest, words.people)
    if command == "/upload":
        return len(command) + 1, [*words.paths(rest)]
    # Names may have spaces in them, so the word begins at its sign.
    at = max(before.rfind("@"), before.rfind("#"))
    if at < 0 or (at and not before[at - 1].isspace()):
        return 0, []
    names = [f"@{name}" for name in words.people] if before[at] == "@" else words.rooms
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
