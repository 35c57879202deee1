"""Zulip's Markdown in the form of this chat. Sync and pure."""

import re
from collections.abc import Callable

from chat.imports.emoji_names import emoji_of

_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_MENTION = re.compile(r"@(_?)\*\*([^*\n|]{1,100})(?:\|(\d{1,12}))?\*\*")
_GROUP = re.compile(r"@_?\*([^*\n]{1,100})\*")
_CHANNEL = re.compile(r"#\*\*([^*\n>]{1,100})(?:>([^*\n]{1,100}))?\*\*")
_EMOJI = re.compile(r"(?<![\w:]):([a-z0-9_+-]{1,60}):(?![\w:])")
_UPLOAD = re.compile(r"!?\[([^\]\n]{0,300})\]\(/user_uploads/([^)\s]{1,400})\)")
_EVERYBODY = ("all", "everyone", "stream", "channel", "topic")


class References:
    """What a text refers to: people by their ids, and 0 for everybody; and uploads by their paths.

    `person` returns the id and the name of somebody whom a text names, by that name and perhaps a number.
    """

    def __init__(self, person: Callable[[str, str | None], tuple[int, str] | None]) -> None:
        self.person = person
        self.mentions: list[int] = []
        self.uploads: list[str] = []


def convert(text: str, found: References) -> str:
    """Return a text in this chat's form: mentions, channels, emoji and uploads; code stays as it is."""
    pieces: list[str] = []
    end = 0
    for code in _CODE.finditer(text):
        pieces += [_converted(text[end : code.start()], found), code[0]]
        end = code.end()
    return "".join([*pieces, _converted(text[end:], found)])


def _converted(text: str, found: References) -> str:
    text = _UPLOAD.sub(lambda match: _upload(match, found), text)
    text = _MENTION.sub(lambda match: _mention(match, found), text)
    text = _GROUP.sub(lambda match: f"@{match[1]}", text)
    text = _CHANNEL.sub(lambda match: f"#{match[1]}" + (f" > {match[2]}" if match[2] else ""), text)
    return _EMOJI.sub(lambda match: emoji_of(match[1]), text)


def _upload(match: re.Match[str], found: References) -> str:
    found.uploads.append(match[2])
    return match[1]


def _mention(match: re.Match[str], found: References) -> str:
    is_silent, name, number = match[1], match[2], match[3]
    if name in _EVERYBODY:
        if not is_silent:
            found.mentions.append(0)
        return "@all"
    known = found.person(name, number)
    if known is None:
        return f"@{name}"
    if not is_silent:
        found.mentions.append(known[0])
    return f"@{known[1]}"
