"""The frames of what is not saved: what people do in rooms, whether they are there, and their profiles."""

from typing import Annotated, Literal

from msgspec import Meta

from chat.operations.room_values import Sender
from chat.operations.values import Id, Person, Value
from chat.protocols.native.frames import MOST_WATCHED, Reply, Request

What = Literal["typing", "viewing", "none"]


class Activity(Request, kw_only=True, frozen=True, tag="activity"):
    """Tell a room what one does there: write, look at it (operators, in support), or neither any more."""

    room: Id
    what: What


class Watch(Request, kw_only=True, frozen=True, tag="watch"):
    """Be told whether these people are there, and of no others."""

    people: Annotated[tuple[Id, ...], Meta(max_length=MOST_WATCHED)]


class SetStatus(Request, kw_only=True, frozen=True, tag="status"):
    """Say whether one is at the screen."""

    state: Literal["online", "away"]


class ActivityOk(Reply, kw_only=True, frozen=True, tag="activity_ok"):
    """It is told, or was a moment ago."""


class Presence(Value, kw_only=True, frozen=True):
    """Whether somebody is there."""

    id: Id
    state: Literal["online", "away", "offline"]


class WatchOk(Reply, kw_only=True, frozen=True, tag="watch_ok"):
    """What they are now."""

    people: list[Presence]


class StatusOk(Reply, kw_only=True, frozen=True, tag="status_ok"):
    """Noted, until this socket says otherwise."""


class ActivityEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="activity"):
    """Somebody does something in a room. Forget it after 6 seconds, and when they say something."""

    room: Id
    person: Sender
    what: What


class MembersEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="members"):
    """So many are in the lobby or in a support conversation now. Of other rooms their log tells who comes and goes."""

    room: Id
    members: int


class PresenceEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="presence"):
    """People whom one watches have come, or gone."""

    people: list[Presence]


class PersonEvent(Person, kw_only=True, frozen=True, tag_field="type", tag="person"):
    """The profile of oneself, or of somebody whom one watches or meets in a room, has changed."""
