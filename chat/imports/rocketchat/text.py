"""Texts of Rocket.Chat in the form of this chat. Sync and pure."""

import re

from chat.imports.emoji_names import emoji_of
from chat.imports.markup import CODE, doubled

_QUOTE = re.compile(
    r"\[ ?\]\(https?://[^\s()?]{1,300}\?(?:[^\s()&]{1,100}&){0,5}msg=([A-Za-z0-9-]{1,60})[^\s()]{0,100}\)[ \n]?"
)
_EMOJI = re.compile(r"(?<![\w:]):([a-z0-9_+'-]{1,60}):(?![\w:])")
_TONE = re.compile(r"_tone([1-5])$")


def convert(text: str) -> tuple[str, list[str]]:
    """Return a text with this chat's markup and emoji, and the ids of messages that it quotes, without those links."""
    quoted: list[str] = []
    pieces: list[str] = []
    end = 0
    for code in [*CODE.finditer(text), None]:
        plain = text[end : len(text) if code is None else code.start()]
        quoted += _QUOTE.findall(plain)
        pieces.append(_EMOJI.sub(lambda match: emoji(match[1]), doubled(_QUOTE.sub("", plain))))
        if code is not None:
            pieces.append(code[0])
            end = code.end()
    return "".join(pieces), quoted


def emoji(name: str) -> str:
    """Return the emoji of a name; of an unknown one, as of the workspace's own emoji, the name between colons."""
    tone = _TONE.search(name)
    return emoji_of(name if tone is None else f"{name[: tone.start()]}::skin-tone-{int(tone[1]) + 1}")
