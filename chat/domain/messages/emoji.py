"""Which texts are an emoji for reactions. Python has no list of them, so this checks their form."""

import unicodedata

from chat.domain.refusals import Code, Refusal

EMOJI_LENGTH = 8
"""Code points: a family of four has seven."""

_BAD_EMOJI = Refusal(
    Code.INVALID,
    "a reaction is one emoji: no letters, digits, spaces or controls",
    field="emoji",
    reason="bad_emoji",
)
_JOINER = "\u200d"
_PLANES = range(0x1F000, 0x1FB00)
"""Where emoji are that are newer than Python's tables."""
_ARROWS = 0x2190
"""Mathematical symbols from here on may be emoji; those before are signs as + and ±."""
_FLAG = range(0x1F1E6, 0x1F200)
"""Two of these letters are a flag."""
_MODIFIERS = frozenset([0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080)])
"""How it is shown, skin tones, and the tags of a region's flag."""


_KEYCAPS = frozenset(f"{key}\ufe0f\u20e3" for key in "0123456789#*")
"""The keys of a telephone; polls count with them."""


def clean_emoji(emoji: str) -> str | Refusal:
    """Return `emoji` if it is one: a symbol with its modifiers, several that are joined, a flag, or a key. Sync."""
    if not 1 <= len(emoji) <= EMOJI_LENGTH:
        return _BAD_EMOJI
    if emoji in _KEYCAPS:
        return emoji
    if all(ord(char) in _FLAG for char in emoji):
        return emoji if len(emoji) == 2 else _BAD_EMOJI
    return emoji if all(map(_is_symbol, emoji.split(_JOINER))) else _BAD_EMOJI


def _is_symbol(part: str) -> bool:
    """Whether it is one symbol with its modifiers."""
    if not part or ord(part[0]) in _FLAG:
        return False
    match unicodedata.category(part[0]):
        case "So":
            is_base = True
        case "Sm":
            is_base = ord(part[0]) >= _ARROWS
        case "Cn":
            is_base = ord(part[0]) in _PLANES
        case _:
            is_base = False
    return is_base and all(ord(char) in _MODIFIERS for char in part[1:])
