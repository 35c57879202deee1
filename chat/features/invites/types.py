"""The requests and replies about invites: every field, its type and its limits."""

from typing import Annotated

from msgspec import Meta

from chat.domain.text.wrong_values import pattern
from chat.operations.room_values import Sender
from chat.operations.values import PLACE, Id, Limit, Name, Time, Value


class CreateInvite(Value, kw_only=True, frozen=True):
    """An invite to create, to a room or (without `room`) to register, for a number of people and days."""

    room: Id | None = None
    uses: Annotated[int, Meta(ge=1, le=10_000)] = 1
    days: Annotated[int, Meta(ge=1, le=365)] = 7


class WhichInvites(Value, kw_only=True, frozen=True):
    """A page of the invites that the caller made."""

    after: Annotated[
        str,
        pattern(r"^([0-9a-f]{64})?$(?!\n)", PLACE, description="The `next` of the page before"),
    ] = ""
    limit: Limit = 50


InviteId = Annotated[
    str,
    pattern(
        r"^[0-9a-f]{64}$(?!\n)",
        "the id of an invite",
        description="Identifies an invite in lists; unlike its code it admits nobody",
    ),
]


class WhichRoomInvites(WhichInvites, kw_only=True, frozen=True):
    """A page of the invites to a room."""

    room: Id


class WhichIssuedInvite(Value, kw_only=True, frozen=True):
    """An invite that the caller made, by its id."""

    id: InviteId


class WhichRoomInvite(WhichIssuedInvite, kw_only=True, frozen=True):
    """An invite to a room, by its id."""

    room: Id


class IssuedInvite(Value, kw_only=True, frozen=True):
    """An invite in a list: `uses` left, its end, and its room; without a room it is to register.

    Its code was shown once and is not stored. `by` is the maker, in lists of other people's invites; an invite made by
    a command on the server has none.
    """

    id: InviteId
    room: Id | None = None
    room_name: Name | None = None
    uses: Annotated[int, Meta(ge=0)]
    expires: Time
    by: Sender | None = None


class IssuedInvites(Value, kw_only=True, frozen=True):
    """Valid invites, by when they expire. If there are more, `next` is the `after` of the next page."""

    invites: list[IssuedInvite]
    next: InviteId | None = None


class WhichInvite(Value, kw_only=True, frozen=True):
    """An invite, by its code."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]


class Invite(Value, kw_only=True, frozen=True):
    """An invite with its code: `uses` left, its end, and its room; without a room it is to register.

    `url` is its path on this server. `link` is the whole address, if the setting `public_url` is known.
    """

    code: str
    url: str
    link: str | None = None
    room: Id | None = None
    room_name: Name | None = None
    uses: Annotated[int, Meta(ge=0)]
    expires: Time
