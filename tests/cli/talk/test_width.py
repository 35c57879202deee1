"""The width of texts, and where they wrap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.cli.table import columns
from chat.cli.talk.width import Row, clean, clip, pad, wrap

FAMILY = "👨‍👩‍👧"


def shown(rows: list[Row]) -> list[str]:
    return ["".join(text for _, text in row) for row in rows]


@pytest.mark.parametrize(
    ("text", "width", "indent", "rows"),
    [
        ("", 5, 0, [""]),
        ("one two three", 7, 0, ["one two", "three"]),
        ("one two three", 8, 2, ["one two ", "  three"]),
        ("abcdefghij", 4, 0, ["abcd", "efgh", "ij"]),
        ("東京都", 4, 0, ["東京", "都"]),
        ("a東京", 4, 0, ["a東", "京"]),
        (FAMILY * 3, 4, 0, [FAMILY * 2, FAMILY]),
        ("one\n\ntwo", 9, 1, ["one", " ", " two"]),
        ("a e\u0301e\u0301e\u0301", 3, 0, ["a ", "e\u0301e\u0301e\u0301"]),
    ],
)
def test_a_text_breaks_at_spaces_and_never_in_a_letter(
    text: str, width: int, indent: int, rows: list[str]
) -> None:
    assert shown(wrap([("", text)], width, indent)) == rows


def test_styles_go_with_their_text() -> None:
    spans = [("name", "ada: "), ("", "see "), ("mention", "@ben"), ("", "!")]
    assert wrap(spans, 10, 2) == [
        (("name", "ada: "), ("", "see ")),
        (("", "  "), ("mention", "@ben"), ("", "!")),
    ]


@given(st.text(st.sampled_from(f"ab 東👍é{FAMILY}\u0301\n"), max_size=40), st.integers(6, 20))
def test_no_row_is_too_wide_and_no_letter_is_lost(text: str, width: int) -> None:
    rows = shown(wrap([("", text)], width, 2))
    assert max(map(columns, rows)) <= width
    assert "".join("".join(rows).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "most", "clipped"),
    [("東京都", 6, "東京都"), ("東京都", 5, "東京…"), ("東京都", 4, "東…"), ("abc", 0, ""), (FAMILY, 1, "…")],
)
def test_wide_text_is_clipped_to_the_exact_number_of_columns(text: str, most: int, clipped: str) -> None:
    assert clip(text, most) == clipped
    assert sum(columns(part) for _, part in pad([("", text), ("x", "y")], most)) == most


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain", "plain"),
        ("a\tb\r\nc", "a    b\nc"),
        ("\x1b[2J\x07\x9b", "\ufffd[2J\ufffd\ufffd"),
        ("\u202eevil\u2066", "\ufffdevil\ufffd"),
        (FAMILY, FAMILY),
        ("e\u0301\u00a0x\ud800", "e\u0301\u00a0x\ufffd"),
    ],
)
def test_nothing_that_a_terminal_would_obey_is_left(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned
