"""The types and bounds of the settings that can be changed while the server runs."""

from typing import Annotated, Literal

from msgspec import Meta

from chat.domain.rooms.opening_hours import HOLIDAY, HOURS
from chat.domain.text.wrong_values import pattern

_NAME = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$(?!\n)"
_GREETING = r"^([^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?)?$(?!\n)"
_ONE_LINE = "one line of text without spaces at its ends"
_ORIGIN = r"^(\*|https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?)$"

Registration = Literal["open", "invite", "closed"]
"""Who may register: anybody, people with an invite, or nobody."""

Lobby = Literal["open", "members"]
"""Who reads the lobby: every client, or only people who have logged in."""

Login = Literal["password", "both", "sso"]
"""How people log in: with a password, with the identity provider, or with either."""

SERVER_NAME = "trio-chat"
"""The default name of a server."""

ServerName = Annotated[
    str,
    pattern(_NAME, _ONE_LINE, min_length=1, max_length=40),
]
"""Without control characters, and without spaces at its ends."""

ServerPicture = Annotated[str, pattern(r"^([0-9a-f]{64})?$(?!\n)", "64 of 0 to 9 and a to f, or empty: none")]
ServerColour = Annotated[
    str, pattern(r"^(#[0-9a-f]{6})?$(?!\n)", "a colour as #1a7f5a, or empty: the usual one")
]

PerHour = Annotated[int, Meta(ge=0, le=1_000_000)]
Origin = Annotated[
    str,
    pattern(
        _ORIGIN,
        "an origin as https://shop.example, in small letters, or *",
        max_length=260,
        description="As https://shop.example, in small letters; * for any",
    ),
]
Origins = Annotated[tuple[Origin, ...], Meta(max_length=50)]

OutboundHost = Annotated[
    str,
    pattern(
        r"^[a-z0-9._:/-]+$",
        "a name, an address or a network, as hooks.internal or 10.0.0.0/8, in small letters",
        max_length=253,
        description="A name, an address or a network, as hooks.internal or 10.0.0.0/8, in small letters",
    ),
]
OutboundHosts = Annotated[tuple[OutboundHost, ...], Meta(max_length=50)]
"""Hosts that the server may send requests to though their addresses are private."""

Days = Annotated[int, Meta(ge=0, le=36_500, description="In days; 0: for ever")]

Hours = Annotated[int, Meta(ge=0, le=8_760, description="In hours; 0: none")]

AppealAddress = Annotated[
    str,
    pattern(
        r"^(https?://[^\s<>\x00-\x1f\"']+|[^\s<>@:/?#\x00-\x1f\"']+@[a-z0-9.-]+)?$(?!\n)",
        "an address of a page or a mail address, as https://help.example/appeal or help@chat.example",
        max_length=200,
        description="As https://help.example/appeal or help@chat.example; empty: none",
    ),
]
"""Where people appeal whose account is disabled, or whose network is banned."""

Inviting = Literal["everybody", "admins"]
"""Who may make invitations to rooms."""

OpenInvites = Annotated[int, Meta(ge=0, le=10_000, description="0: any number")]

LoginLinks = Literal["on", "off"]
"""Whether people may log in by a link that is mailed to them."""

PushTexts = Literal["on", "off"]
LinkPreviews = Literal["on", "off"]

SecondFactorFor = Literal["off", "admins", "operators", "everybody"]
"""Who must have a second factor; operators are admins and moderators too."""

RoomsKeep = Literal["server", "shorter", "any"]
"""How long owners may have the messages of a room kept: as on the server, shorter, or at will."""

Greeting = Annotated[
    str,
    pattern(
        _GREETING,
        _ONE_LINE,
        max_length=200,
        description="In one line; without one the widget has its own in the visitor's language",
    ),
]

SupportHours = Annotated[
    tuple[
        Annotated[
            str,
            pattern(
                HOURS,
                "days and hours as mon-fri/09:00-17:00",
                description="As mon-fri/09:00-17:00; an end that is not after the start is on the next day",
            ),
        ],
        ...,
    ],
    Meta(max_length=50),
]
"""When operators answer; none: always."""

SupportHolidays = Annotated[
    tuple[
        Annotated[
            str,
            pattern(
                HOLIDAY,
                "a day as 2026-12-24, or as 12-25 for each year",
                description="As 2026-12-24, or as 12-25 for each year",
            ),
        ],
        ...,
    ],
    Meta(max_length=100),
]
"""Days on which no opening hours begin."""

TimeZone = Annotated[
    str,
    pattern(
        r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$(?!\n)",
        "the name of a time zone, as Europe/Berlin",
        max_length=64,
        description="The name of a time zone, as Europe/Berlin",
    ),
]

WhenAway = Literal["message", "form", "hide"]
"""What the widget does while nobody answers: it says when somebody does, asks for an email address, or is not shown."""

AwayWithoutOperators = Literal["on", "off"]
"""Whether nobody answers while no operator is online."""

PublicUrl = Annotated[
    str,
    pattern(
        r"^(https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?)?$",
        "an address as https://chat.example, in small letters, without a path",
        max_length=260,
        description="As https://chat.example, in small letters and without a path; empty: it is not known",
    ),
]
"""The address at which people reach the server."""

EmojiMakers = Literal["admins", "everybody"]
"""Who may add emoji of the server."""

EmojiChange = Annotated[
    str, pattern(r"^([+-][a-z0-9_-]{2,32})?$(?!\n)", "+ or - and the name of an emoji, or empty: none yet")
]
"""The last change of the server's emoji; it is set by the server."""

CallUrl = Annotated[
    str,
    pattern(
        r"^(https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?/[^\s{}<>\"'`()*\\]*\{room\}[^\s{}<>\"'`()*\\]*)?$(?!\n)",
        "an address with {room} in its path, as https://meet.example/{room}, or empty: no calls",
        max_length=300,
        description="As https://meet.example/{room}: {room} becomes a name that nobody can guess; empty: no calls",
    ),
]
"""Where calls are held."""

SettingValue = str | float | tuple[str, ...]
"""The value of any setting."""

Rate = Annotated[float, Meta(ge=0, le=1_000_000)]
"""Per second."""
MOST_BYTES = 1 << 30
ByteRate = Annotated[int, Meta(ge=0, le=MOST_BYTES)]
"""Whole bytes per second."""
