"""What may be given for the settings that can be changed while the server runs, at its start and later."""

import re
from typing import Annotated, Any, Literal, get_args, get_origin

from msgspec import Meta, ValidationError

_NAME = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$(?!\n)"
_GREETING = r"^([^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?)?$(?!\n)"
_ORIGIN = r"^(\*|https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?)$"

Registration = Literal["open", "invite", "closed"]
"""Who may register: anybody, whoever has an invite, or nobody."""

Lobby = Literal["open", "members"]
"""Who reads the lobby: whoever connects, or who has logged in."""

SERVER_NAME = "trio-chat"
"""What a server is called that was given no name."""

ServerName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=40,
        pattern=_NAME,
    ),
]
"""Without controls, and without spaces at its ends."""

PerHour = Annotated[int, Meta(ge=0, le=1_000_000)]
Origin = Annotated[
    str,
    Meta(
        max_length=260,
        pattern=_ORIGIN,
        description="As https://shop.example, in small letters; * for any",
    ),
]
Origins = Annotated[tuple[Origin, ...], Meta(max_length=50)]

Greeting = Annotated[
    str,
    Meta(
        max_length=200,
        pattern=_GREETING,
        description="In one line; without one the widget has its own in the visitor's language",
    ),
]

SettingValue = str | float | tuple[str, ...]
"""What a setting may be, whichever it is."""

Rate = Annotated[float, Meta(ge=0, le=1_000_000)]
"""A second."""
MOST_BYTES = 1 << 30
ByteRate = Annotated[int, Meta(ge=0, le=MOST_BYTES)]
"""Bytes a second, in whole ones."""


_FORMS = {
    _NAME: "one line of text without spaces at its ends",
    _GREETING: "one line of text without spaces at its ends",
    _ORIGIN: "an origin as https://shop.example, in small letters, or *",
}
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "list": "a list",
    "object": "a table",
    "Path": "a path",
}


def wrong_value(error: ValidationError, kind: Any) -> str:  # noqa: ANN401 - types have no common one
    """Return what is wrong with a value that should have been of a kind, for people. Sync and pure."""
    text = re.sub(r" - at `[^`]*`$", "", str(error))
    for form, meant in _FORMS.items():
        text = text.replace(f"`str` matching regex {form!r}", meant)
    text = re.sub("`([A-Za-z]+)(?: \\| null)?`", lambda found: _KINDS.get(found[1], f"a {found[1]}"), text)
    text = re.sub(r"(?<=\d)\.0$", "", text)
    if text.startswith("Invalid enum value "):
        return f"expected {' or '.join(_choices(kind))}, got {text.removeprefix('Invalid enum value ')}"
    return text[0].lower() + text[1:]


def _choices(kind: Any) -> tuple[str, ...]:  # noqa: ANN401
    return get_args(kind) if get_origin(kind) is Literal else _choices(get_args(kind)[0])
