"""Which texts are an emoji."""

import pytest

from chat.domain.messages.emoji import clean_emoji
from chat.domain.refusals import Refusal


@pytest.mark.parametrize(
    "emoji", ["👍", "👍🏽", "❤️", "🇩🇪", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "↔️", "◽", "🫨", "🫪", "🧑🏽‍🚀", "1️⃣", "🔟", "#️⃣"]
)
def test_a_symbol_includes_its_modifiers(emoji: str) -> None:
    assert clean_emoji(emoji) == emoji


MANY = ["👍👍", "🇩🇪🇫🇷", "👍" * 100, "👨‍👩‍👧‍👦🏽🏽"]
PARTS = ["🇩", "🇩👍", "\u200d", "👍\u200d", "\u200d👍", "\ufe0f", "🏽"]
OTHERS = [
    "",
    "a",
    "ab",
    "1",
    "1\u20e3",
    "a\ufe0f\u20e3",
    "1️⃣2️⃣",
    " ",
    "👍 ",
    "👍a",
    "+",
    "±",
    "<",
    "!",
    "\0",
    "\n",
    "\ud800",
    "Ω",
    "中",
    "\ue000",
]


@pytest.mark.parametrize("text", [*MANY, *PARTS, *OTHERS])
def test_letters_digits_controls_and_several_are_none(text: str) -> None:
    refused = clean_emoji(text)
    assert isinstance(refused, Refusal)
    assert refused.field == "emoji"
