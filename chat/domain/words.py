"""The words of a text, as they are searched for: without case and accents, and split where nothing says where to.

Chinese, Japanese, Korean, Thai and others write without spaces, or join to a word what stands behind it: there each
two characters that follow each other are a word, and the last one alone. All of it is sync and pure.
"""

import re
import unicodedata
from bisect import bisect_right
from typing import NamedTuple

LONGEST_WORD = 64
"""Characters of a word that count."""

MOST_FOLDED = 12_288
"""Characters of a text that count, once ligatures and the like are taken apart: one of them may be 18 letters."""

_BLOCK = 512
"""Characters that are taken apart at once, until there are MOST_FOLDED."""

_MOST_MARKS = 30
"""Marks on one letter that count, as in UAX #15, D4: sorting those of a letter takes the square of their number."""

_ASCII_WORD = re.compile(r"[a-z0-9]+")

_IN_PAIRS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),
    (0x3400, 0x9FFF),  # Chinese characters
    (0xAC00, 0xD7AF),  # Hangul
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_BORDERS = [border for first, last in _IN_PAIRS for border in (first, last + 1)]

_BETWEEN, _LETTER, _PAIRED, _MARK = "0123"
"""Not of a word; of a word; of a script in pairs; a mark, which belongs to what it stands on."""

_RUN = re.compile(f"{_LETTER}[{_LETTER}{_MARK}]*|{_PAIRED}[{_PAIRED}{_MARK}]*")
_SPAN = re.compile(f"{_LETTER}[{_LETTER}{_MARK}]*|{_PAIRED}{_MARK}*")

_BECOME_MARKS = frozenset("\u0f73\u0f75\u0f81\uff9e\uff9f")
"""What is no mark in Unicode's order of marks, and is taken apart into some."""

_SEPARATOR = "\n"
"""Folds to itself, and nothing else folds to it."""


def fold(text: str) -> str:
    """Return what spellings of a text have in common: NFKC, without case and accents."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", _composed(_with_few_marks(text)).casefold())
    accents = {ord(char): None for char in set(decomposed) if _is_accent(char)}
    return unicodedata.normalize("NFC", decomposed.translate(accents) if accents else decomposed)


def _with_few_marks(text: str) -> str:
    distinct = set(text)
    marks = {char for char in distinct if unicodedata.combining(char)} | (distinct & _BECOME_MARKS)
    if not marks:
        return text
    kept: list[str] = []
    behind = 0  # marks since the last letter
    for char in text:
        behind = behind + 1 if char in marks else 0
        if behind <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)


def _composed(text: str) -> str:
    """Return a text in NFKC, at most MOST_FOLDED characters of it."""
    if len(text) <= _BLOCK:
        return unicodedata.normalize("NFKC", text)
    blocks: list[str] = []
    length = 0
    for begin in range(0, len(text), _BLOCK):
        blocks.append(unicodedata.normalize("NFKC", text[begin : begin + _BLOCK]))
        length += len(blocks[-1])
        if length > MOST_FOLDED:
            break
    return "".join(blocks)[:MOST_FOLDED]


def words_of(text: str) -> list[tuple[int, str]]:
    """Return the words by which a text is found, in its order, each with its place: 1, 2, 3 …

    The last character of what is written in pairs has the place of the pair that it ends.
    """
    folded = fold(text)
    if folded.isascii():
        return [(place, word[:LONGEST_WORD]) for place, word in enumerate(_ASCII_WORD.findall(folded), 1)]
    kept: list[tuple[int, str]] = []
    place = 0
    for run in runs(folded):
        asked = asked_of(run)
        kept += enumerate(asked, place + 1)
        place += len(asked)
        if len(run) > 1 and is_paired(run):
            kept.append((place, run[-1]))
    return kept


def asked_of(run: str) -> list[str]:
    """Return the words that stand one behind the other where a text has this run."""
    if not is_paired(run) or len(run) == 1:
        return [run[:LONGEST_WORD]]
    return [run[place : place + 2] for place in range(len(run) - 1)]


def is_paired(run: str) -> bool:
    """Whether a run is of a script that is searched by pairs of characters."""
    return _kind(run[0]) == _PAIRED


def runs(folded: str) -> list[str]:
    """Return the longest stretches of folded text that are a word, or words in pairs."""
    return [folded[begin:end] for begin, end in _spans(_RUN, _kinds(folded, {}))]


class Placed(NamedTuple):
    """The words of a text as it was written, folded, and how they lie in both."""

    spans: list[tuple[int, int]]
    """Where the words begin and end in the text; in scripts of pairs, each character."""
    folded: str
    """All of them. What stands in pairs side by side is not parted. The end of a text that is too much is missing."""
    ends: list[int]
    """Where each of them ends there."""
    runs: list[tuple[int, int]]
    """Where the runs begin and end there."""


def placed(text: str) -> Placed:
    """Return the words of a text with their places. Sync: some milliseconds for the longest text."""
    known: dict[int, str] = {}
    kinds = _kinds(text, known)
    spans = _spans(_SPAN, kinds)
    words = fold(_SEPARATOR.join([text[begin:end] for begin, end in spans])).split(_SEPARATOR)
    if len(words) < len(spans):
        words.pop()  # it has lost its end
    parts: list[str] = []
    ends: list[int] = []
    length = before = 0
    was_paired = False
    for (begin, end), word in zip(spans, words, strict=False):
        paired = kinds[begin] == _PAIRED
        if begin != before or not (paired and was_paired):
            parts.append(_SEPARATOR)
            length += 1
        parts.append(word)
        length += len(word)
        ends.append(length)
        before, was_paired = end, paired
    folded = "".join(parts)
    return Placed(spans, folded, ends, _spans(_RUN, _kinds(folded, known)))


def _spans(pattern: re.Pattern[str], kinds: str) -> list[tuple[int, int]]:
    return [match.span() for match in pattern.finditer(kinds)]


def _kinds(text: str, known: dict[int, str]) -> str:
    """Return the kinds of all characters. Each is looked up once: `known` keeps them."""
    known.update({ord(char): _kind(char) for char in set(text) if ord(char) not in known})
    return text.translate(known)


def _kind(char: str) -> str:
    if char.isalnum():
        return _PAIRED if bisect_right(_BORDERS, ord(char)) % 2 else _LETTER
    return _MARK if unicodedata.category(char)[0] == "M" else _BETWEEN


def _is_accent(char: str) -> bool:
    """Whether a mark is an accent or a vowel point, and no part of a letter as in Japanese, Thai or Devanagari."""
    placed = unicodedata.combining(char)
    return placed >= 200 or 10 <= placed <= 35
