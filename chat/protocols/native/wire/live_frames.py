"""The frames of transient state: what people do in rooms, their presence, and changes of their profiles."""

from typing import Annotated, Literal

from msgspec import Meta

from chat.operations.room_values import Sender
from chat.operations.values import Id, Person, Value
from chat.protocols.native.wire.frames import MOST_WATCHED, Reply, Request

What = Literal["typing", "viewing", "none"]


class Activity(Request, kw_only=True, frozen=True, tag="activity"):
    """Announce to a room that one is typing, viewing it (operators, in support), or neither any more."""

    room: Id
    what: What


class Watch(Request, kw_only=True, frozen=True, tag="watch"):
    """Get the presence of these people and its changes; replaces the people watched before."""

    people: Annotated[tuple[Id, ...], Meta(max_length=MOST_WATCHED)]


class SetStatus(Request, kw_only=True, frozen=True, tag="status"):
    """Report whether the person is at the screen."""

    state: Literal["online", "away"]


class ActivityOk(Reply, kw_only=True, frozen=True, tag="activity_ok"):
    """The activity is announced, or was a moment ago."""


class Presence(Value, kw_only=True, frozen=True):
    """The presence of a person."""

    id: Id
    state: Literal["online", "away", "offline"]


class WatchOk(Reply, kw_only=True, frozen=True, tag="watch_ok"):
    """The current presence of the watched people."""

    people: list[Presence]


class StatusOk(Reply, kw_only=True, frozen=True, tag="status_ok"):
    """The status is set until this socket reports another."""


class ActivityEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="activity"):
    """A person's activity in a room. It ends after 6 seconds without a repeat, and with their next message."""

    room: Id
    person: Sender
    what: What


class MembersEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="members"):
    """The number of members of the lobby or of a support conversation. Other rooms have member events in their log."""

    room: Id
    members: int


class PresenceEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="presence"):
    """The presence of watched people has changed."""

    people: list[Presence]


class PersonEvent(Person, kw_only=True, frozen=True, tag_field="type", tag="person"):
    """The profile of the person themselves, of a watched person, or of somebody in a common room has changed."""


class BlocksEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="blocks"):
    """The person blocks these people now, and no others: they have changed it in some session."""

    people: list[Id]
