"""Emoji by the names that Slack, Mattermost and others give them. Sync and pure."""

from functools import lru_cache

import emoji

from chat.domain.messages.emoji import clean_emoji
from chat.domain.refusals import Refusal

_OTHERS = {"simple_smile": "🙂", "the_horns": "🤘", "face_palm": "🤦"}
_TONES = {f"skin-tone-{number}": chr(0x1F3F9 + number) for number in range(2, 7)}
_SIGNS = {"man-": "\u200d\u2642\ufe0f", "woman-": "\u200d\u2640\ufe0f"}
_REGIONAL = 0x1F1E6


@lru_cache(maxsize=4096)
def emoji_of(name: str) -> str:
    """Return the emoji of a name; of an unknown one, as of the chat's own emoji, the name between colons."""
    base, _, tone = name.partition("::")
    found = _found(base)
    if found is None:
        return f":{base}:"
    with_tone = found + _TONES.get(tone.strip(":"), "")
    return found if isinstance(clean_emoji(with_tone), Refusal) else with_tone


def _found(name: str) -> str | None:
    if name in _OTHERS:
        return _OTHERS[name]
    if name.startswith("flag-") and len(name) == 7 and name[5:].isascii() and name[5:].isalpha():
        return "".join(chr(_REGIONAL + ord(letter) - ord("a")) for letter in name[5:].lower())
    for each in (name, name.replace("-", "_"), name.removeprefix("large_")):
        known: str = emoji.emojize(f":{each}:", language="alias")
        if known != f":{each}:" and not isinstance(clean_emoji(known), Refusal):
            return known
    for prefix, sign in _SIGNS.items():
        if name.startswith(prefix) and (base := _found(name.removeprefix(prefix))) is not None:
            return base + sign
    return None
