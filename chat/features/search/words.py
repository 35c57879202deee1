"""Splits a text into the words of the search index: folded, and bigrams for scripts without word boundaries.

Chinese, Japanese, Korean, Thai and others write without spaces, or attach particles to words. For them each pair of
adjacent characters is a word, and so is the last character of a run. Everything here is sync and pure.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Generator, Sequence
from typing import NamedTuple

from chat.domain.entities import File
from chat.domain.messages.files import kind_of

LONGEST_WORD = 64
"""Characters of a word that are indexed; the rest is cut off."""

MOST_FOLDED = 12_288
"""Characters of a text that are indexed, counted after decomposition: one ligature may become 18 letters."""

_BLOCK = 512
"""Characters that are decomposed at once, until there are MOST_FOLDED."""

_MOST_MARKS = 30
"""Marks that are kept on one letter, as in UAX #15, D4: sorting a letter's marks takes quadratic time."""

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
"""Kinds of characters: between words; a letter; a letter of a bigram script; a mark on the letter before it."""

_RUN = re.compile(f"{_LETTER}[{_LETTER}{_MARK}]*|{_PAIRED}[{_PAIRED}{_MARK}]*")
_SPAN = re.compile(f"{_LETTER}[{_LETTER}{_MARK}]*|{_PAIRED}{_MARK}*")

_BECOME_MARKS = frozenset("\u0f73\u0f75\u0f81\uff9e\uff9f")
"""Characters that are no combining marks themselves but decompose into some."""

MARK = "="
"""Before the words that say what a message has, and before those of the names of its files: no word has the sign."""

_LINK = re.compile(r"https?://[^\s]", re.IGNORECASE)
"""As in the statement UNMARKED."""

_APART = 2
"""Places between the names of two files: no phrase is in both."""

_SEPARATOR = "\n"
"""Folds to itself, and no other character folds to it."""


def fold(text: str) -> str:
    """Return the form in which texts are compared: NFKC, without case and accents."""
    return text.lower() if text.isascii() else _plain(_composed(_with_few_marks(text)))


def _plain(composed: str) -> str:
    """Return a text in NFKC without case and accents."""
    decomposed = unicodedata.normalize("NFKD", composed.casefold())
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
    """Return the first MOST_FOLDED characters of a text in NFKC."""
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
    """Return the words under which a text is indexed, in order, each with its place: 1, 2, 3 …

    The last character of a bigram run has the place of the run's last bigram.
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


def marks_of(text: str, files: Sequence[File]) -> list[str]:
    """Return what a message has: `=link`, `=file`, and `=image` and so on for the kinds of its files."""
    marks = dict.fromkeys(["link"] if _LINK.search(text) else [])
    marks |= dict.fromkeys(mark for file in files for mark in ("file", kind_of(file.type)))
    return [f"{MARK}{mark}" for mark in marks]


def words_of_names(files: Sequence[File]) -> list[tuple[int, str]]:
    """Return the words of the names of files, in order, each with its place."""
    placed_words: list[tuple[int, str]] = []
    begin = 0
    for file in files:
        placed_words += [(begin + place, word) for place, word in words_of(file.name)]
        begin = placed_words[-1][0] + _APART if placed_words else 0
    return placed_words


def asked_of(run: str) -> list[str]:
    """Return the consecutive words that a text with this run has: one word, or the run's bigrams."""
    if not is_paired(run) or len(run) == 1:
        return [run[:LONGEST_WORD]]
    return [run[place : place + 2] for place in range(len(run) - 1)]


def is_paired(run: str) -> bool:
    """Whether a run is of a script that is indexed by bigrams."""
    return _kind(run[0]) == _PAIRED


def runs(folded: str) -> list[str]:
    """Return the runs of folded text: each is one word, or a longest sequence of a bigram script."""
    return [folded[begin:end] for begin, end in _spans(_RUN, _kinds(folded, {}))]


class Placed(NamedTuple):
    """A text's words with their positions in the original and in the folded text."""

    spans: list[tuple[int, int]]
    """Begin and end of each word in the original text; in a bigram script, of each character."""
    folded: str
    """The folded words, separated except within a bigram run. The end of a text that is too long is missing."""
    ends: list[int]
    """The end of each word in `folded`."""
    runs: list[tuple[int, int]]
    """Begin and end of each run in `folded`."""


def placed(text: str) -> Generator[None, None, Placed]:
    """Return the words of a text with their positions, in steps of about a millisecond for the longest text."""
    known: dict[int, str] = {}
    kinds = _kinds(text, known)
    yield
    spans = _spans(_SPAN, kinds)
    joined = _SEPARATOR.join([text[begin:end] for begin, end in spans])
    yield
    composed = _composed(_with_few_marks(joined))
    yield
    words = _plain(composed).split(_SEPARATOR)
    yield
    if len(words) < len(spans):
        words.pop()  # fold() has cut it off
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
    yield
    return Placed(spans, folded, ends, _spans(_RUN, _kinds(folded, known)))


def _spans(pattern: re.Pattern[str], kinds: str) -> list[tuple[int, int]]:
    return [match.span() for match in pattern.finditer(kinds)]


def _kinds(text: str, known: dict[int, str]) -> str:
    """Return the kind of each character; `known` caches them by code point."""
    known.update({ord(char): _kind(char) for char in set(text) if ord(char) not in known})
    return text.translate(known)


def _kind(char: str) -> str:
    if char.isalnum():
        return _PAIRED if bisect_right(_BORDERS, ord(char)) % 2 else _LETTER
    return _MARK if unicodedata.category(char)[0] == "M" else _BETWEEN


def _is_accent(char: str) -> bool:
    """Whether a mark is an accent or a vowel point, not a part of a letter as in Japanese, Thai or Devanagari."""
    placed = unicodedata.combining(char)
    return placed >= 200 or 10 <= placed <= 35
