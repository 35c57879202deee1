"""Rows of text in columns, by how wide a terminal draws them. Pure, and without what `chat talk` has to install."""

import unicodedata
from collections.abc import Iterator, Sequence

_DRAWN_OVER = ("Mn", "Me", "Cf")
"""Categories of Unicode that take no column: marks upon a letter, joiners and the like."""

_WIDENS = "\ufe0f"
"""Has the letter before it drawn as an emoji, of two columns."""

_JOINS = "\u200d"
"""Has the letters beside it drawn as one, where they are emoji."""


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Return rows in columns; the first is the head. Sync and pure."""
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def columns(text: str) -> int:
    """Return how many columns a text of one line takes. Sync and pure."""
    if text.isascii():
        return len(text)
    taken, last, before = 0, 0, ""
    for letter in text:
        if letter == _WIDENS and last == 1:
            taken, last = taken + 1, 2
        elif not _adds_none(letter, before, last):
            last = 2 if unicodedata.east_asian_width(letter) in "WF" else 1
            taken += last
        before = letter
    return taken


def _adds_none(letter: str, before: str, last: int) -> bool:
    is_wide = unicodedata.east_asian_width(letter) == "W"
    return (
        unicodedata.category(letter) in _DRAWN_OVER
        or "\u1160" <= letter <= "\u11ff"  # the vowels and ends of a Korean syllable that is written in parts
        or (before == _JOINS and last == 2)
        or (is_wide and last == 2 and "\U0001f3fb" <= letter <= "\U0001f3ff")  # the colour of a skin
    )
