"""What a handler of a command is, and what several of them check."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from chat.domain.entities import Person
from chat.protocols.irc.answering import Lines
from chat.protocols.irc.directory import Place
from chat.protocols.irc.lines import Line
from chat.protocols.irc.names import group_of, key_of, name_of

if TYPE_CHECKING:
    from chat.protocols.irc.client import IrcClient

Handler = Callable[["IrcClient", Line, Lines], Awaitable[None]]
"""Handles a command and adds lines to its answer; it may raise StorageDown. It runs in the task that reads."""

_FOUND = 50
"""People who are read at once to find the one with a name: those whose names contain it, from near it on."""

SHOWN = 64
"""Characters of a client's words that a refusal repeats."""


def has_parameters(line: Line, out: Lines, count: int) -> bool:
    """Whether a command has so many parameters; if not, refuse it. Sync."""
    if len(line.params) >= count and all(line.params[:count]):
        return True
    out.numeric("461", line.verb, text="the command needs more parameters")
    return False


def channel_place(client: "IrcClient", line: Line, out: Lines, channel: str) -> Place | None:
    """Return the place of a channel that the client is in, or refuse the command. Sync.

    A private room that the client is not in is answered as one that does not exist.
    """
    room_id = place_id(client, channel)
    place = None if room_id is None else client.places.get(room_id)
    if place is None:
        known = None if room_id is None else client.directory.places.get(room_id)
        if known is not None and not known.is_private:
            out.numeric("442", shown(channel), text="you are not in that channel")
        else:
            out.numeric("403", shown(channel), text="there is no such channel")
    return place


def place_id(client: "IrcClient", channel: str) -> int | None:
    """Return the id of a channel's room, if a client here is in it. Sync."""
    group = group_of(channel)
    if group is None:
        return client.directory.room_of(channel)
    place = client.directory.places.get(group)
    return group if place is not None and place.is_group else None


def shown(word: str) -> str:
    """Return a client's word as a refusal repeats it. Sync and pure."""
    return word[:SHOWN].replace(" ", "_").lstrip(":") or "*"


async def person_of(client: "IrcClient", nick: str) -> Person | None:
    """Return the person with a nick; None: there is none. Raises StorageDown. Cancelling changes nothing."""
    name = name_of(nick)
    if name is None:
        return None
    if key_of(name) == key_of(client.person.name):
        return client.person
    for after in (name[:-1], ""):
        for person in await client.services.contacts.find(name, after, _FOUND):
            if key_of(person.name) == key_of(name):
                return None if person.is_visitor else person
    return None
