"""Which texts have a word of the list, and which writes are asked."""

import time

import pytest

from chat.domain.entities import LOBBY_ID, Draft, MessageKind, Pair, Peer, SupportOf
from chat.domain.messages.changes import Edit
from chat.domain.messages.review import Asked, Review, WordList
from chat.features.review.port import BAD_WORD, clean_word, folded

ADA = 1


@pytest.mark.parametrize(
    ("word", "text", "is_found"),
    [
        ("ass", "what an Ass!", True),
        ("ass", "a first class seat, in bass", False),
        ("ASS", "\uff41\uff53\uff53", True),  # full width
        ("ass", "a\u200bs\u00ads", True),  # what is not seen
        ("ass", "a.s.s", False),
        ("free money", "FREE,  money!", True),
        ("free money", "money, free", False),
        ("straße", "STRASSE", True),
        ("слон", "Слона нет", False),
        ("слон", "вот СЛОН.", True),
        ("cafe\u0301", "un café", True),
        ("傻瓜", "你是傻瓜吗", True),
        ("傻瓜", "傻的瓜", False),
        ("ばか", "この\u3000ばか者", True),
        ("바보", "바보야", True),
        ("ไม่ดี", "นี่ไม่ดีเลย", True),
        ("कल", "काल", False),
        ("कल", "कल आना", True),
        ("c++", "c or d", True),  # signs do not count
        ("x", "snake_x_case", True),
    ],
)
def test_a_word_is_found_between_borders_in_any_case_and_width(word: str, text: str, is_found: bool) -> None:
    assert (WordList([word]).find(text) == word) is is_found


def test_the_first_of_words_that_begin_alike_is_found() -> None:
    words = WordList(["free money now", "free lunch", "money"])
    assert words.find("free") is None
    assert words.find("free money") == "money"
    assert words.find("free money now") == "free money now"
    assert words.find("a free free lunch") == "free lunch"
    assert WordList().find("free") is None


@pytest.mark.parametrize(
    "text",
    [
        "a " * 2000,
        "\u0301\u0316" * 2000,
        "a" + "\u0301" * 3999,
        "\ufdfa" * 4000,
        "甲" * 4000,
        "a" * 4000,
        "_" * 4000,
    ],
)
def test_a_hostile_text_takes_no_long_time(text: str) -> None:
    words = WordList(["a b", "甲乙", *(f"word{n}" for n in range(998))])
    fastest = float("inf")
    for _ in range(3):
        started = time.thread_time()
        assert words.find(text) is None
        fastest = min(fastest, time.thread_time() - started)
    assert fastest < 0.05  # it takes 3 ms


@pytest.mark.parametrize("word", ["", "  ", "!?", "a" * 61, "a\nb\x00", "\u202ea"])
def test_what_is_no_word(word: str) -> None:
    assert clean_word(word) == BAD_WORD


def test_a_word_is_kept_as_it_is_written_and_compared_folded() -> None:
    assert clean_word("  Free \n money ") == "Free money"
    assert folded("Free money") == folded("FREE-Money") == "free money"


def test_which_writes_are_asked() -> None:
    review = Review()
    draft = Draft(LOBBY_ID, ADA, "ada", "bad", 1.0)
    assert review.asked([draft]) == {}  # without words
    review.replace(["bad"])
    edit = Edit(LOBBY_ID, 1, ADA, "bad", 1.0)
    writes = [
        Draft(LOBBY_ID, ADA, "ada", "good", 1.0),
        draft,
        edit,
        Draft(LOBBY_ID, ADA, "ada", "bad", 1.0, MessageKind.JOIN),
        Draft(7, ADA, "ada", "bad", 1.0, people=Pair(1, 2)),
        Draft(7, ADA, "ada", "bad", 1.0, people=SupportOf(Peer(1, "ada"))),
    ]
    assert review.asked(writes) == {1: Asked(draft, "bad"), 2: Asked(edit, "bad")}
    review.replace([])
    assert review.asked(writes) == {}
