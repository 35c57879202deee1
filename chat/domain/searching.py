"""What a search asks for: words that a message has, phrases, and what it must not have. All of it is sync and pure."""

from collections.abc import Sequence

import msgspec

from chat.domain.refusals import Code, Refusal
from chat.domain.words import asked_of, fold, is_paired, runs, spans_of

_MOST_TERMS = 32
"""Words and phrases of one search."""

_NOTHING = Refusal(Code.INVALID, "there is no word to search for", field="q")
_TOO_MUCH = Refusal(Code.INVALID, f"at most {_MOST_TERMS} words can be searched for", field="q")


class Term(msgspec.Struct, frozen=True):
    """Words that stand one behind the other. With `is_prefix` the last is only the beginning of a word."""

    words: tuple[str, ...]
    runs: tuple[str, ...]
    """The same as they were written, those in pairs in one."""
    is_prefix: bool = False

    def is_in(self, words: Sequence[tuple[int, str]]) -> bool:
        """Whether a text has it, of which these are the words (`words.words_of`)."""
        places = [
            {at for at, word in words if word == asked or (is_begun and word.startswith(asked))}
            for asked, is_begun in self.asked()
        ]
        return any(all(first + nth in each for nth, each in enumerate(places)) for first in places[0])

    def asked(self) -> list[tuple[str, bool]]:
        """Return the words, and of each whether it is only a beginning, as one character of a pair always is."""
        last = len(self.words) - 1
        return [
            (word, (self.is_prefix and nth == last) or (len(word) == 1 and is_paired(word)))
            for nth, word in enumerate(self.words)
        ]


class Query(msgspec.Struct, frozen=True):
    """A message is found if it has all the terms, and none of those `without`."""

    terms: tuple[Term, ...]
    without: tuple[Term, ...] = ()

    def finds(self, words: Sequence[tuple[int, str]]) -> bool:
        """Whether a message with these words is found."""
        has_all = all(term.is_in(words) for term in self.terms)
        return has_all and not any(term.is_in(words) for term in self.without)


def parse_query(text: str) -> Query | Refusal:
    """Return what a text asks for: bare words are beginnings, `"…"` is a phrase, `-` before either excludes it."""
    terms: list[Term] = []
    without: list[Term] = []
    for piece, is_phrase, is_excluded in _pieces_of(text):
        found = tuple(runs(fold(piece)))
        words = tuple(word for run in found for word in asked_of(run))
        if words:
            term = Term(words, found, not is_phrase)
            (without if is_excluded else terms).append(term)
    if not terms:
        return _NOTHING
    if sum(len(term.words) for term in (*terms, *without)) > _MOST_TERMS:
        return _TOO_MUCH
    return Query(tuple(dict.fromkeys(terms)), tuple(dict.fromkeys(without)))


def _pieces_of(text: str) -> list[tuple[str, bool, bool]]:
    """Return words and phrases as they were written, whether each is a phrase, and whether it is excluded."""
    pieces: list[tuple[str, bool, bool]] = []
    rest = text
    while rest := rest.lstrip():
        is_excluded = rest.startswith("-")
        rest = rest.lstrip("-") if is_excluded else rest
        if rest.startswith('"'):
            piece, _, rest = rest[1:].partition('"')  # what is not closed goes to the end
            pieces.append((piece, True, is_excluded))
        elif rest:
            piece = rest.split(maxsplit=1)[0].partition('"')[0] if not rest[0].isspace() else ""
            rest = rest[len(piece) :]
            pieces.append((piece, False, is_excluded))
    return pieces


def pieces_of(text: str, query: Query) -> list[str]:
    """Return a text in pieces, by turns plain and found: the first is plain, and may be empty."""
    spans = list(spans_of(text))
    folded = [fold(text[begin:end]) for begin, end in spans]
    is_hit = [False] * len(spans)
    for term in query.terms:
        for nth, run in enumerate(term.runs):
            is_begun = term.is_prefix and nth == len(term.runs) - 1
            _mark(run, is_begun, spans, folded, is_hit)
    pieces = [""]
    done = 0
    for (begin, end), hit in zip(spans, is_hit, strict=True):
        if not hit:
            continue
        if len(pieces) % 2 == 0 and begin == done:  # goes on where the last one ended
            pieces[-1] += text[begin:end]
        else:
            pieces += [] if len(pieces) == 1 and not done else [""]
            pieces[-1] = text[done:begin]
            pieces.append(text[begin:end])
        done = end
    return [*pieces, text[done:]] if done and done < len(text) else pieces if done else [text]


def _mark(
    run: str, is_begun: bool, spans: list[tuple[int, int]], folded: list[str], is_hit: list[bool]
) -> None:
    if not is_paired(run):
        for place, word in enumerate(folded):
            is_hit[place] |= word == run or (is_begun and word.startswith(run)) or run in tuple(runs(word))
        return
    for first in range(len(spans)):
        place, rest = first, run
        while place < len(spans) and rest and rest.startswith(folded[place]):
            rest = rest[len(folded[place]) :]
            place += 1
            if rest and (place == len(spans) or spans[place][0] != spans[place - 1][1]):
                break
        if not rest:
            is_hit[first:place] = [True] * (place - first)
