"""Await lines of `chat/` at which no sweep can cancel, each with the reason."""

from typing import NamedTuple


class Excuse(NamedTuple):
    """The lines of a file that have `text` in them (all of them, where it is empty)."""

    file: str
    text: str
    reason: str


EXCUSED: tuple[Excuse, ...] = ()
