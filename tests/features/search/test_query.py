"""Queries: their parsing, the matching texts, and the marked matches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.domain.refusals import Code, Refusal
from chat.features.search.query import Highlighter, Query, Term, parse_query
from chat.features.search.words import words_of


def asked(text: str) -> Query:
    query = parse_query(text)
    assert isinstance(query, Query)
    return query


def plain(terms: tuple[Term, ...]) -> list[str]:
    """Each term as one could have written it."""
    return [
        f"{' '.join(term.words)}*" if term.is_prefix else '"' + " ".join(term.words) + '"' for term in terms
    ]


@pytest.mark.parametrize(
    ("text", "terms", "without"),
    [
        ("tea", ["tea*"], []),
        ("  Green   TEA ", ["green*", "tea*"], []),
        ('"green tea"', ['"green tea"'], []),
        ('"green tea', ['"green tea"'], []),
        ('green"black tea"mint', ["green*", '"black tea"', "mint*"], []),
        ("tea -milk", ["tea*"], ["milk*"]),
        ('tea -"with milk" --sugar', ["tea*"], ['"with milk"', "sugar*"]),
        ("tea - milk", ["tea*", "milk*"], []),
        ("tea -", ["tea*"], []),
        ("tea tea -milk -milk", ["tea*"], ["milk*"]),
        ("well-known", ["well known*"], []),
        ("茶道具", ["茶道 道具*"], []),
    ],
)
def test_a_query_has_words_phrases_and_exclusions(text: str, terms: list[str], without: list[str]) -> None:
    query = asked(text)
    assert (plain(query.terms), plain(query.without)) == (terms, without)


@pytest.mark.parametrize("text", ["", "   ", '"', "-", '""', "-milk", "!?", '-"green tea"'])
def test_a_text_without_a_word_to_look_for_is_refused(text: str) -> None:
    assert parse_query(text) == Refusal(
        Code.INVALID, "enter a word to search for", field="q", reason="empty_search"
    )


def test_so_many_words_and_no_more() -> None:
    words = [f"word{number}" for number in range(33)]
    assert len(asked(" ".join(words[:32])).terms) == 32
    refused = Refusal(Code.INVALID, "search for at most 32 words", field="q", reason="long_search")
    assert parse_query(" ".join(words)) == refused
    assert parse_query(f'"{" ".join(words[:32])}" -{words[32]}') == refused


@pytest.mark.parametrize(
    ("search", "text", "is_found"),
    [
        ("te", "green tea", True),
        ("ea", "green tea", False),
        ('"te"', "green tea", False),
        ('"green tea"', "tea, green", False),
        ('"green tea"', "some GREEN téa", True),
        ("green tea", "tea, green", True),
        ("green coffee", "green tea", False),
        ("tea -milk", "tea with milk", False),
        ("tea -milk -sugar", "tea with sugar", False),
        ("tea -mil", "tea with milk", False),
        ("tea -milk", "tea with sugar", True),
        ("道具", "茶道具", True),
        ("具", "茶道具", True),
        ("茶具", "茶道具", False),
    ],
)
def test_results_contain_all_wanted_and_no_excluded_words(search: str, text: str, is_found: bool) -> None:
    assert asked(search).finds(words_of(text)) is is_found


@pytest.mark.parametrize(
    ("search", "text", "pieces"),
    [
        ("tea", "tea", ["", "tea"]),
        ("tea", "a tea here", ["a ", "tea", " here"]),
        ("tea", "Tea and TEATIME", ["", "Tea", " and ", "TEATIME"]),
        ('"tea"', "teatime tea", ["teatime ", "tea"]),
        ("green tea", "green tea!", ["", "green", " ", "tea", "!"]),
        ("coffee", "green tea", ["green tea"]),
        ("茶道", "茶道具", ["", "茶道", "具"]),
        ("道具 茶", "茶道具", ["", "茶道具"]),
        ("茶道", "茶 道", ["茶 道"]),
        ("東京 京都", "東京都, 東", ["", "東京都", ", 東"]),
        ("الل", "a \ufdfa b", ["a ", "\ufdfa", " b"]),
        ("ガラ", "ｶﾞﾗｽ", ["", "ｶﾞﾗｽ"]),
        ("tea", "", [""]),
    ],
)
def test_matches_are_marked_in_the_shown_text(search: str, text: str, pieces: list[str]) -> None:
    assert list(Highlighter(asked(search)).pieces_of(text))[-1] == pieces


@given(st.text(alphabet='ab -"茶道e\u0301', max_size=20), st.text(alphabet="ab 茶道e\u0301", max_size=20))
def test_pieces_are_the_text(search: str, text: str) -> None:
    query = parse_query(search)
    if isinstance(query, Query):
        pieces = list(Highlighter(query).pieces_of(text))[-1]
        assert pieces is not None
        assert "".join(pieces) == text
