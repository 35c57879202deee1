"""What may be given for the settings that can be changed while the server runs, at its start and later."""

from typing import Annotated, Literal

from msgspec import Meta

Registration = Literal["open", "invite", "closed"]
"""Who may register: anybody, whoever has an invite, or nobody."""

SERVER_NAME = "trio-chat"
"""What a server is called that was given no name."""

ServerName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=40,
        pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$(?!\n)",
    ),
]
"""Without controls, and without spaces at its ends."""

PerHour = Annotated[int, Meta(ge=0, le=1_000_000)]
Origin = Annotated[
    str,
    Meta(
        max_length=260,
        pattern=r"^(\*|https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?)$",
        description="As https://shop.example, in small letters; * for any",
    ),
]
Origins = Annotated[tuple[Origin, ...], Meta(max_length=50)]

Greeting = Annotated[
    str,
    Meta(
        max_length=200,
        pattern=r"^([^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?)?$(?!\n)",
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
