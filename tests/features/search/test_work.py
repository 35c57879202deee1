"""A search's work for one text is bounded for any text and words: counted, not timed."""

import itertools
import sys
import unicodedata
from collections.abc import Callable
from types import FrameType

import pytest

from chat.features.search.query import Highlighter, Query, parse_query
from chat.features.search.words import _BECOME_MARKS, MOST_FOLDED, fold, runs, words_of

LONGEST = 4000
"""Characters of a text."""

MOST_CALLS = 16 * LONGEST
"""Calls, of Python and of C together: some for each character, however many words there are."""

MOST_CALLS_AT_ONCE = 7 * LONGEST
"""Calls of one step: the classification of characters that all differ has the most."""

CHINESE = "".join(map(chr, range(0x4E00, 0x4E00 + LONGEST)))

TEXTS = {
    "words": ("green tea " * LONGEST)[:LONGEST],
    "letters": "a b " * (LONGEST // 4),
    "one word": "x" * LONGEST,
    "one ligature": "\ufdfa" * LONGEST,
    "ligatures": "\ufdfa " * (LONGEST // 2),
    "ligatures among Chinese": "\ufdfa茶" * (LONGEST // 2),
    "Chinese": CHINESE,
    "one Chinese character": "茶" * LONGEST,
    "Hangul": "".join(map(chr, range(0xAC00, 0xAC00 + LONGEST))),
    "accents": "e\u0301" * (LONGEST // 2),
    "one letter of many accents": "a" + "\u0301\u0316" * (LONGEST // 2 - 1),
    "marks out of order": "ก" + "\u0e48" * (LONGEST // 2) + "\u0e38" * (LONGEST // 2 - 1),
    "marks that are two": "\u0f40" + "\u0f73" * (LONGEST - 1),
    "Greek": "\u0390" * LONGEST,
    "Hindi": ("हिन्दी " * LONGEST)[:LONGEST],
    "halfwidth": "ｶﾞ" * (LONGEST // 2),
    "of everything": "".join(chr(0x250 + 13 * n) for n in range(LONGEST)),
}

SEARCHES = {
    "letters": " ".join("abcdefghijklmnopqrstuvwxyz012345"),
    "beginnings of each other": " ".join("x" * length for length in range(1, 33)),
    "Chinese characters": " ".join(CHINESE[:32]),
    "Chinese beginnings of each other": " ".join("茶" * length for length in range(1, 8)),
    "parts of a ligature": " ".join(["صلى", "الله", "عليه", "وسلم", *(f"x{n}" for n in range(28))]),
}


def calls_of(work: Callable[[], object]) -> int:
    """How many calls are made meanwhile."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("text", TEXTS)
def test_marking_matches_takes_few_calls(text: str, search: str) -> None:
    assert len(TEXTS[text]) <= LONGEST
    query = parse_query(SEARCHES[search])
    assert isinstance(query, Query)
    highlighter = Highlighter(query)
    steps = highlighter.pieces_of(TEXTS[text])
    calls = [calls_of(lambda: next(steps)) for _ in highlighter.pieces_of(TEXTS[text])]
    assert sum(calls) <= MOST_CALLS
    assert max(calls) <= MOST_CALLS_AT_ONCE


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_split_into_words_in_few_calls(text: str) -> None:
    assert calls_of(lambda: words_of(TEXTS[text])) <= MOST_CALLS
    assert len(words_of(TEXTS[text])) <= MOST_FOLDED


@pytest.mark.parametrize("text", TEXTS)
def test_a_search_is_understood_in_few_calls(text: str) -> None:
    assert calls_of(lambda: parse_query(TEXTS[text])) <= MOST_CALLS


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_folds_to_much_more_and_no_letter_has_many_marks(text: str) -> None:
    """Marks are sorted in the square of their number: thousands on one letter took a tenth of a second."""
    folded = fold(TEXTS[text])
    assert len(folded) <= MOST_FOLDED
    behind = most = 0
    for char in folded:
        behind = behind + 1 if unicodedata.combining(char) else 0
        most = max(most, behind)
    assert most <= 60


def test_all_characters_that_decompose_into_marks_are_known() -> None:
    """All others of which none is left but marks are marks themselves; this Python's Unicode says so."""
    becoming = {
        char
        for char in map(chr, itertools.chain(range(0xD800), range(0xE000, 0x110000)))
        if not unicodedata.combining(char) and unicodedata.combining(unicodedata.normalize("NFKD", char)[0])
    }
    assert becoming == set(_BECOME_MARKS)


def test_the_end_of_a_text_that_folds_to_too_much_does_not_count() -> None:
    assert list(runs(fold("\ufdfa" * 10 + " tea")))[-1] == "tea"
    assert "tea" not in runs(fold("\ufdfa" * 3000 + " tea"))
    query = parse_query("tea")
    assert isinstance(query, Query)
    text = "tea " + "\ufdfa " * 1500 + "tea"
    assert list(Highlighter(query).pieces_of(text))[-1] == ["", "tea", text[3:]]
