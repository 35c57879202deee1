"""Slack's markup of texts ("mrkdwn") in the form of this chat. Sync and pure.

Source: Slack's pages "Formatting text for app surfaces" and "Reading Slack data exports".
"""

import html
import re
from collections.abc import Callable

from chat.imports.emoji_names import emoji_of
from chat.imports.markup import CODE, doubled

_ANGLE = re.compile(r"<([^<>\n]{1,3000})>")
_EMOJI = re.compile(r":([a-z0-9_+'-]{1,60}(?:::skin-tone-[2-6])?):")
_SCHEMES = ("http://", "https://", "mailto:", "tel:")
_EVERYBODY = ("here", "channel", "everyone")


class References:
    """What a text refers to: `mentions` gets the keys of people, and 0 for everybody.

    Args:
        person: returns the name of a key; None: nobody is known by it.
        room: the same for channels.
    """

    def __init__(self, person: Callable[[str], str | None], room: Callable[[str], str | None]) -> None:
        self.person = person
        self.room = room
        self.people: list[str] = []
        self.has_all = False


def convert(text: str, found: References) -> str:
    """Return a text in this chat's form: bold, struck, links, mentions, emoji; code stays as it is."""
    pieces: list[str] = []
    end = 0
    for code in CODE.finditer(text):
        pieces += [_converted(text[end : code.start()], found), _plain(code[0], found)]
        end = code.end()
    return "".join([*pieces, _converted(text[end:], found)])


def _converted(text: str, found: References) -> str:
    linked = _ANGLE.sub(lambda match: _reference(match[1], found, is_code=False), doubled(text))
    return html.unescape(_EMOJI.sub(lambda match: emoji_of(match[1]), linked))


def _plain(code: str, found: References) -> str:
    return html.unescape(_ANGLE.sub(lambda match: _reference(match[1], found, is_code=True), code))


def _reference(inside: str, found: References, *, is_code: bool) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        key = target[1:]
        name = found.person(key)
        if name is not None:
            found.people.append(key)
        return f"@{name or label or key}"
    if target.startswith("#"):
        return f"#{found.room(target[1:]) or label or target[1:]}"
    if target.startswith("!"):
        word = target[1:].partition("^")[0]
        if word in _EVERYBODY:
            found.has_all = True
            return "@all"
        return label or f"@{word}"
    if not target.startswith(_SCHEMES):
        return label or target  # javascript: and others lead nowhere here
    bare = target.removeprefix("mailto:").removeprefix("tel:")
    if is_code or not label or label in (target, bare):
        return bare
    return f"[{label.replace('[', '(').replace(']', ')')}]({target.replace(')', '%29').replace(' ', '%20')})"
