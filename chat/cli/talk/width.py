"""How wide texts are on a terminal, and where they break: by what a reader takes for one letter. Pure."""

import unicodedata
from collections.abc import Iterable, Iterator

from wcwidth import iter_graphemes

from chat.cli.table import columns

Span = tuple[str, str]
"""A style and a text in it; the styles are those of `terminal.py`."""

Row = tuple[Span, ...]

_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks with which a text could have what stands beside it shown in another order."""


def clean(text: str) -> str:
    """Return a text without what a terminal would obey; line breaks stay. Sync and pure."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text.replace("\r\n", "\n").replace("\t", "    ")))


def _shown(letter: str) -> str:
    if letter == "\n" or (letter.isprintable() and letter not in _REORDERING):
        return letter
    # Joiners are not printable, and part of emoji and of several scripts.
    return letter if letter in "\u200c\u200d" or unicodedata.category(letter) == "Zs" else "\ufffd"


def clip(text: str, most: int) -> str:
    """Return what fits of a text of one line, with an ellipsis where something does not. Sync and pure."""
    if columns(text) <= most:
        return text
    fitting = ""
    for letter in iter_graphemes(text):
        if columns(f"{fitting}{letter}…") > most:
            break
        fitting += letter
    return f"{fitting}…" if most else ""


def pad(spans: Iterable[Span], most: int, style: str = "") -> Row:
    """Return spans cut or filled up to exactly so many columns; what is filled up has this style. Sync and pure."""
    row: list[Span] = []
    whole = ""
    for each, text in spans:
        text = clip(text, most - columns(whole))
        while text and columns(whole + text) > most:  # two texts may take more than each by itself
            text = "".join([*iter_graphemes(text)][:-1])
        row.append((each, text))
        whole += text
    left = most - columns(whole)
    while columns(whole + " " * left) < most:  # a joiner at the end swallows a space
        left += 1
    row.append((style, " " * left))
    return tuple(span for span in row if span[1])


def wrap(spans: Iterable[Span], most: int, indent: int = 0) -> list[Row]:
    """Break styled text into rows of at most so many columns: at spaces where it can, at line breaks always.

    Args:
        spans: the text; its line breaks may stand in any of them.
        most: columns of a row, at least two more than `indent`.
        indent: columns that the second row and those after it begin with.

    Sync and pure.
    """
    rows: list[list[Span]] = [[]]
    written = ""  # in the last row

    def break_row() -> None:
        nonlocal written
        written = " " * indent
        rows.append([("", written)] if indent else [])

    for style, word in _words(spans):
        if word == "\n":
            break_row()
            continue
        if len(written) > indent and not word.isspace() and columns(written + word) > most:
            break_row()
        for letter in [word] if columns(written + word) <= most else iter_graphemes(word):
            if columns(written + letter) > most:
                if letter.isspace():
                    continue  # it is where the row breaks
                break_row()
            rows[-1].append((style, letter))
            written += letter
    return [_joined(row) for row in rows]


def _words(spans: Iterable[Span]) -> Iterator[Span]:
    """Split into words, runs of spaces, and line breaks."""
    for style, text in spans:
        word = ""
        for letter in text:
            if letter == "\n" or (word and word[-1].isspace() != letter.isspace()):
                if word:
                    yield style, word
                word = ""
            if letter == "\n":
                yield style, letter
            else:
                word += letter
        if word:
            yield style, word


def _joined(row: Iterable[Span]) -> Row:
    joined: list[Span] = []
    for style, text in row:
        if joined and joined[-1][0] == style:
            joined[-1] = (style, joined[-1][1] + text)
        else:
            joined.append((style, text))
    return tuple(joined)
