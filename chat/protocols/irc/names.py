"""Nicks and channels for names of people and rooms, one to one. Everything is sync and pure.

A name has letters, digits, `_`, `.`, `-` and single spaces. A space is `|` in IRC, and `^` stands before a nick that
would begin with a digit, `-` or `.`, as no nick may (RFC 2812, section 2.3.1). Neither `|` nor `^` is in any name.
Names are unique without case, so nicks are under IRC's mappings of case too.
"""

import unicodedata

from chat.domain.text.rules import LONGEST_SPELLING, clean_room_name, same_name_key

LOBBY = "#lobby"

_SPACE = "|"
_MARK = "^"


def nick_of(name: str) -> str:
    """Return the nick of the person with this name."""
    nick = name.replace(" ", _SPACE)
    return _MARK + nick if nick[:1].isdigit() or nick[:1] in ("-", ".") else nick


def name_of(nick: str) -> str | None:
    """Return the name of a nick; None: no name has it."""
    name = _nfc(nick.removeprefix(_MARK).replace(_SPACE, " "))
    return name if _is_name(name) and nick_of(name) == _nfc(nick) else None


def channel_of(name: str) -> str:
    """Return the channel of the room with this name."""
    return "#" + name.replace(" ", _SPACE)


def channel_of_group(room_id: int) -> str:
    """Return the channel of a group, whose name is made of names and is not its own."""
    return f"&{room_id}"


def room_name_of(channel: str) -> str | None:
    """Return the name of a channel's room; None: it is the channel of no named room."""
    name = _nfc(channel[1:].replace(_SPACE, " "))
    return name if channel[:1] == "#" and _is_name(name) else None


def group_of(channel: str) -> int | None:
    """Return the id of a group's room; None: it is no group's channel."""
    number = channel[1:]
    is_group = channel[:1] == "&" and number.isascii() and number.isdigit() and len(number) <= 18
    return int(number) if is_group and channel_of_group(int(number)) == channel else None


def is_channel(target: str) -> bool:
    """Whether a target is written as a channel, and not as a nick."""
    return target[:1] in ("#", "&")


def key_of(target: str) -> str:
    """Return the key under which spellings of a nick or a channel are equal; "": it is too long for one."""
    return same_name_key(target)


def _is_name(name: str) -> bool:
    """Whether a person or a room may be called that; rooms may mix scripts, and are else named as people are."""
    return clean_room_name(name) == name


def _nfc(text: str) -> str:
    # A longer text is no name, and takes long to normalise (`rules.LONGEST_SPELLING`).
    return unicodedata.normalize("NFC", text) if len(text) <= LONGEST_SPELLING else ""
