"""The words of a text: folded, split for scripts without spaces, with their places and positions."""

from collections.abc import Iterator

import pytest

from chat.domain.entities import File
from chat.features.search.words import (
    LONGEST_WORD,
    Placed,
    asked_of,
    fold,
    is_paired,
    marks_of,
    placed,
    runs,
    words_of,
    words_of_names,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Tea TIME", "tea time"),
        ("Crème Brûlée", "creme brulee"),
        ("Straße", "strasse"),
        ("ﬁne", "fine"),
        ("ガラス", "ガラス"),  # what looks like an accent is part of a letter
        ("שָׁלוֹם", "שלום"),
        ("हिन्दी", "हिन्दी"),
        ("a\u0327\u031b\u0323", "a"),  # marks of the classes 202, 216 and 220
    ],
)
def test_spellings_are_equal_after_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Green tea, 2 cups", [(1, "green"), (2, "tea"), (3, "2"), (4, "cups")]),
        ("thé vert", [(1, "the"), (2, "vert")]),
        ("茶", [(1, "茶")]),
        ("茶道", [(1, "茶道"), (1, "道")]),
        ("茶道具 é", [(1, "茶道"), (2, "道具"), (2, "具"), (3, "e")]),
        ("é茶", [(1, "e"), (2, "茶")]),
        ("…!", []),
        ("x" * 70, [(1, "x" * LONGEST_WORD)]),
        ("é" * 70, [(1, "e" * LONGEST_WORD)]),
        ("日本語é 茶", [(1, "日本"), (2, "本語"), (2, "語"), (3, "e"), (4, "茶")]),
    ],
)
def test_each_word_has_its_place(text: str, words: list[tuple[int, str]]) -> None:
    assert words_of(text) == words


def test_a_run_of_pairs_is_asked_for_by_its_pairs() -> None:
    assert [asked_of(run) for run in ("tea", "茶", "茶道", "茶道具")] == [
        ["tea"],
        ["茶"],
        ["茶道"],
        ["茶道", "道具"],
    ]
    assert [is_paired(run) for run in ("tea", "茶道")] == [False, True]


def test_runs_end_where_a_script_does() -> None:
    assert list(runs("tea茶道 हि, \u0301x")) == ["tea", "茶道", "हि", "x"]


def steps_of(text: str) -> Iterator[Placed | None]:
    yield (yield from placed(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a tea", ["a", "tea"]),
        ("Thé!", ["Thé"]),
        ("The\u0301 vert", ["The\u0301", "vert"]),
        ("茶道 x", ["茶", "道", "x"]),
        ("x茶", ["x", "茶"]),
        ("\u0301 x", ["x"]),
        ("", []),
    ],
)
def test_words_are_found_where_they_were_written(text: str, found: list[str]) -> None:
    *_, words = steps_of(text)
    assert words is not None
    assert [text[begin:end] for begin, end in words.spans] == found


def test_a_message_has_words_for_its_link_and_its_files_once() -> None:
    rose, plan = File(1, "a-b.png", "image/png", 1, 1, 1), File(2, "c", "application/pdf", 1)
    assert marks_of("no http:// link", []) == []
    assert marks_of("a Https://b https://c", [rose, plan, rose]) == ["=link", "=file", "=image", "=document"]
    assert words_of_names([rose, File(3, "…", "x/y", 1), plan]) == [(1, "a"), (2, "b"), (3, "png"), (6, "c")]
