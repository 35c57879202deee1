"""The words of a text, as they are searched for: without case and accents, and split where nothing says where to.

Chinese, Japanese, Korean, Thai and others write without spaces, or join to a word what stands behind it: there each
two characters that follow each other are a word, and the last one alone. All of it is sync and pure.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

LONGEST_WORD = 64
"""Characters of a word that count."""

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


_LETTER, _PAIRED, _MARK = 1, 2, 3
"""Of a word; of a script in pairs; a mark, which belongs to what it stands on. 0 is between words."""


def fold(text: str) -> str:
    """Return what spellings of a text have in common: NFKC, without case and accents."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", "".join(char for char in decomposed if not _is_accent(char)))


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


def spans_of(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the words of a text as it was written begin and end; in scripts of pairs, each character."""
    begin = end = kind = 0
    for place, char in enumerate(text):
        now = _kind(char)
        if kind and (now == _MARK or now == kind == _LETTER):
            end = place + 1
            continue
        if kind:
            yield begin, end
        begin, end, kind = place, place + 1, 0 if now == _MARK else now
    if kind:
        yield begin, end


def is_paired(run: str) -> bool:
    """Whether a run is of a script that is searched by pairs of characters."""
    return _kind(run[0]) == _PAIRED


def runs(folded: str) -> Iterator[str]:
    """Yield the longest stretches of folded text that are a word, or words in pairs."""
    begin = kind = 0
    for place, char in enumerate(folded):
        now = _kind(char)
        if now == kind or (now == _MARK and kind):
            continue
        if kind:
            yield folded[begin:place]
        begin, kind = place, 0 if now == _MARK else now
    if kind:
        yield folded[begin:]


@lru_cache(4096)
def _kind(char: str) -> int:
    if char.isalnum():
        code = ord(char)
        return _PAIRED if any(first <= code <= last for first, last in _IN_PAIRS) else _LETTER
    return _MARK if unicodedata.category(char)[0] == "M" else 0


@lru_cache(4096)
def _is_accent(char: str) -> bool:
    """Whether a mark is an accent or a vowel point, and no part of a letter as in Japanese, Thai or Devanagari."""
    placed = unicodedata.combining(char)
    return placed >= 200 or 10 <= placed <= 35
