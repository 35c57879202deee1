"""Search queries: words, phrases, and exclusions, and their highlighting. All of it is sync and pure."""

import re
from bisect import bisect_right
from collections.abc import Generator, Iterator, Sequence
from itertools import compress

import msgspec

from chat.domain.refusals import Code, Refusal
from chat.features.search.words import Placed, asked_of, fold, is_paired, placed, runs

_MOST_TERMS = 32
"""Words and phrases of one search."""

_HITS_AT_ONCE = 512
"""Hits in a text that are placed in one step."""

_PIECE = re.compile(r'(-+)?(?:"([^"]*)"?|([^\s"]*))')
"""An optional exclusion, and a phrase or a word; an unclosed phrase extends to the end."""

_NOTHING = Refusal(Code.INVALID, "enter a word to search for", field="q", reason="empty_search")
_TOO_MUCH = Refusal(Code.INVALID, f"search for at most {_MOST_TERMS} words", field="q", reason="long_search")


class Term(msgspec.Struct, frozen=True):
    """Consecutive words. With `is_prefix` the last is the beginning of a word."""

    words: tuple[str, ...]
    runs: tuple[str, ...]
    """The words as written; scripts that are searched in pairs are one run."""
    is_prefix: bool = False

    def is_in(self, words: Sequence[tuple[int, str]]) -> bool:
        """Whether a text with these words (`words.words_of`) contains the term."""
        places = [
            {at for at, word in words if word == asked or (is_begun and word.startswith(asked))}
            for asked, is_begun in self.asked()
        ]
        return any(all(first + nth in each for nth, each in enumerate(places)) for first in places[0])

    def asked(self) -> list[tuple[str, bool]]:
        """Return the words, each with whether it is a prefix; a single character of a pair always is."""
        last = len(self.words) - 1
        return [
            (word, (self.is_prefix and nth == last) or (len(word) == 1 and is_paired(word)))
            for nth, word in enumerate(self.words)
        ]


class Query(msgspec.Struct, frozen=True):
    """Matches messages with all `terms` and none of the terms `without`."""

    terms: tuple[Term, ...]
    without: tuple[Term, ...] = ()

    def finds(self, words: Sequence[tuple[int, str]]) -> bool:
        """Whether a message with these words matches."""
        has_all = all(term.is_in(words) for term in self.terms)
        return has_all and not any(term.is_in(words) for term in self.without)


def parse_query(text: str, *, may_be_empty: bool = False) -> Query | Refusal:
    """Parse a query: words are prefixes, `"…"` is a phrase, `-` before either excludes it.

    `may_be_empty`: the search asks for something beside words.
    """
    terms: list[Term] = []
    without: list[Term] = []
    asked = 0
    for piece, is_phrase, is_excluded in _pieces_of(text):
        found = tuple(runs(fold(piece)))
        words = tuple(word for run in found for word in asked_of(run))
        if words:
            term = Term(words, found, not is_phrase)
            (without if is_excluded else terms).append(term)
        asked += len(words)
        if asked > _MOST_TERMS and (terms or may_be_empty):
            return _TOO_MUCH
    if not terms and not may_be_empty:
        return _NOTHING
    return Query(tuple(dict.fromkeys(terms)), tuple(dict.fromkeys(without)))


def _pieces_of(text: str) -> Iterator[tuple[str, bool, bool]]:
    """Yield words and phrases as written, each with whether it is a phrase and whether it is excluded."""
    for match in _PIECE.finditer(text):
        excluded, phrase, word = match.groups()
        yield word if phrase is None else phrase, phrase is not None, excluded is not None


class Highlighter:
    """Finds the words of a query in texts; one instance serves all texts of a search."""

    def __init__(self, query: Query) -> None:
        asked = [
            (run, term.is_prefix and nth == len(term.runs) - 1)
            for term in query.terms
            for nth, run in enumerate(term.runs)
        ]
        self._words = frozenset(run for run, _ in asked if not is_paired(run))
        self._beginnings = tuple({run for run, is_begun in asked if is_begun and not is_paired(run)})
        paired = sorted({run for run, _ in asked if is_paired(run)}, key=len, reverse=True)
        # The longest that begins at a place covers all others that begin there.
        self._paired = re.compile(f"(?=({'|'.join(paired)}))") if paired else None

    def pieces_of(self, text: str) -> Iterator[list[str] | None]:
        """Yield a text in pieces, by turns plain and found: the first is plain, and may be empty.

        Before it, yield None after each step: it takes about a millisecond for the longest text and query.
        """
        words = yield from placed(text)
        yield None
        is_hit = yield from self._hit_words(words)
        yield None
        pieces = [""]
        done = 0
        for begin, end in compress(words.spans, is_hit):
            if len(pieces) % 2 == 0 and begin == done:  # goes on where the last one ended
                pieces[-1] += text[begin:end]
            else:
                pieces += [] if len(pieces) == 1 and not done else [""]
                pieces[-1] = text[done:begin]
                pieces.append(text[begin:end])
            done = end
        yield [*pieces, text[done:]] if done and done < len(text) else pieces if done else [text]

    def _hit_words(self, words: Placed) -> Generator[None, None, bytearray]:
        """Return for each word 1 if it matches, else 0."""
        is_hit = bytearray(len(words.spans))
        for nth, (begin, end) in enumerate(self._hits(words), 1):
            if nth % _HITS_AT_ONCE == 0:
                yield
            first, last = bisect_right(words.ends, begin), bisect_right(words.ends, end - 1)
            is_hit[first : last + 1] = b"\1" * (last + 1 - first)
        return is_hit

    def _hits(self, words: Placed) -> Iterator[tuple[int, int]]:
        """Yield the bounds of the matches in the folded text."""
        for begin, end in words.runs:
            run = words.folded[begin:end]
            if run in self._words or run.startswith(self._beginnings):
                yield begin, end
            elif self._paired is not None and is_paired(run):
                yield from _overlapping(self._paired, words.folded, begin, end)


def _overlapping(pattern: re.Pattern[str], text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of the unions of a lookahead's matches."""
    hit = until = begin
    for match in pattern.finditer(text, begin, end):
        first, last = match.span(1)
        if first > until:
            if until > hit:
                yield hit, until
            hit = first
        until = max(until, last)
    if until > hit:
        yield hit, until
