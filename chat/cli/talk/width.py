"""Fits texts into columns of a terminal, by grapheme. Pure."""

import unicodedata
from collections.abc import Iterable, Iterator

from wcwidth import iter_graphemes

from chat.cli.table import columns

Span = tuple[str, str]
"""A style of `terminal.py`, and a text."""

Row = tuple[Span, ...]

_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks with which a text could reorder the text beside it."""


def clean(text: str) -> str:
    """Return a text without control characters, except line breaks. Sync and pure."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text.replace("\r\n", "\n").replace("\t", "    ")))


def _shown(letter: str) -> str:
    if letter == "\n" or (letter.isprintable() and letter not in _REORDERING):
        return letter
    # Joiners are not printable, and part of emoji and of several scripts.
    return letter if letter in "\u200c\u200d" or unicodedata.category(letter) == "Zs" else "\ufffd"


def clip(text: str, width: int) -> str:
    """Cut a line to a number of columns, with an ellipsis if it was longer. Sync and pure."""
    if columns(text) <= width:
        return text
    fitting = ""
    for letter in iter_graphemes(text):
        if columns(f"{fitting}{letter}…") > width:
            break
        fitting += letter
    return f"{fitting}…" if width else ""


def pad(spans: Iterable[Span], width: int, style: str = "") -> Row:
    """Cut or fill spans to exactly this number of columns; the filling has `style`. Sync and pure."""
    row: list[Span] = []
    whole = ""
    for each, text in spans:
        text = clip(text, width - columns(whole))
        while text and columns(whole + text) > width:  # two texts may be wider than the sum of both
            text = "".join([*iter_graphemes(text)][:-1])
        row.append((each, text))
        whole += text
    left = width - columns(whole)
    while columns(whole + " " * left) < width:  # a joiner at the end merges with a space
        left += 1
    row.append((style, " " * left))
    return tuple(span for span in row if span[1])


def wrap(spans: Iterable[Span], width: int, indent: int = 0) -> list[Row]:
    """Break styled text into rows: at line breaks, and at spaces where possible.

    Args:
        spans: the text; any span may contain line breaks.
        width: columns of a row, at least two more than `indent`.
        indent: empty columns at the beginning of all rows but the first.

    Sync and pure.
    """
    rows: list[list[Span]] = [[]]
    written = ""  # the text of the last row

    def break_row() -> None:
        nonlocal written
        written = " " * indent
        rows.append([("", written)] if indent else [])

    for style, word in _words(spans):
        if word == "\n":
            break_row()
            continue
        if len(written) > indent and not word.isspace() and columns(written + word) > width:
            break_row()
        for letter in [word] if columns(written + word) <= width else iter_graphemes(word):
            if columns(written + letter) > width:
                if letter.isspace():
                    continue  # the row breaks here
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
