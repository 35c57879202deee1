"""Channels: joining and leaving, topics, members and their roles, and lists."""

from typing import TYPE_CHECKING

import trio

from chat.application import members, rooms
from chat.domain.entities import LOBBY_ID, Room, RoomKind
from chat.domain.limits.budgets import HOLD_BACK
from chat.domain.messages.live import RoomCreated
from chat.domain.refusals import ALREADY_IN, BANNED, NO_ROOM, PRIVATE, ROOM_TAKEN, Refusal
from chat.domain.rooms.membership import PublicRoom, RoomRole
from chat.protocols.irc.answering import Lines
from chat.protocols.irc.directory import Place
from chat.protocols.irc.entering import MOST_NAMES, enter, names
from chat.protocols.irc.handler import Handler, channel_place, has_parameters, person_of, place_id, shown
from chat.protocols.irc.lines import Line
from chat.protocols.irc.names import LOBBY, channel_of, is_channel, key_of, room_name_of

if TYPE_CHECKING:
    from chat.protocols.irc.client import IrcClient

_JOINS = 20
"""Channels of one JOIN."""

_PAGE = 200
_MOST_LISTED = 1000
"""Public rooms in one read, and in the list."""

_ROLES = {"o": RoomRole.MODERATOR, "q": RoomRole.OWNER}


async def join(client: "IrcClient", line: Line, out: Lines) -> None:
    """Enter channels, and make those that there are not. Cancelling: some of them are entered."""
    if not has_parameters(line, out, 1):
        return await trio.lowlevel.checkpoint()
    if line.params[0] == "0":
        await trio.lowlevel.checkpoint()
        return out.refuse("JOIN", "NOT_SUPPORTED", "leave the channels one by one")
    channels = list(dict.fromkeys(line.params[0].split(",")))
    for channel in channels[:_JOINS]:
        label, out.label = (out.label, None) if len(channels) == 1 else (None, out.label)
        if not await _join(client, channel, out, label) and label is not None:
            out.label = label
    if len(channels) > _JOINS:
        out.numeric("407", shown(channels[_JOINS]), text="too many channels at once")
    return None


async def _join(client: "IrcClient", channel: str, out: Lines, label: str | None) -> bool:
    """Enter a channel; return whether its JOIN carries the label."""
    await trio.lowlevel.checkpoint()
    services, person, session = client.services, client.person, client.session
    name, room_id = room_name_of(channel), place_id(client, channel)
    if room_id in client.places:
        return False  # as RFC 2812 has it: nothing to say
    if name is None and room_id is None:
        out.numeric("403" if is_channel(channel) else "476", shown(channel), text="no room is called that")
        return False
    if refusal := services.budgets.message(person.id, session.address):
        out.fail("JOIN", refusal, shown(channel))
        await session.limits.hold_back(HOLD_BACK)
        return False
    if key_of(channel) == LOBBY:
        room_id = LOBBY_ID
    if room_id is None and name is not None:
        room_id = await _public_room(client, name)
    made: Room | Refusal | None = None
    if room_id is None and name is not None:
        made = await services.rooms.create(person, name, is_private=False)
        if isinstance(made, Refusal):
            text = PRIVATE.text if made is ROOM_TAKEN else made.text
            out.numeric("473" if made is ROOM_TAKEN else "403", shown(channel), text=text)
            return False
        room_id = made.id
    assert room_id is not None
    if label is not None:
        client.join_labels[room_id] = label
    refusal = None if made is not None else await members.join(services, person, room_id)
    if refusal is not None and refusal is not ALREADY_IN:
        client.join_labels.pop(room_id, None)
        code = {BANNED: "474", PRIVATE: "473", NO_ROOM: "403"}.get(refusal, "403")
        out.numeric(code, shown(channel), text=refusal.text)
        return False
    if made is not None:
        services.presence.made_room(person.id, room_id)
        services.notices.send(RoomCreated(person.id, room_id))
    with session.pinger.paused():
        await enter(client, {room_id: services.hub.newest_id})
    client.join_labels.pop(room_id, None)
    return True


async def _public_room(client: "IrcClient", name: str) -> int | None:
    """Return the id of the public room with this name that the person is not in, or of their own one."""
    after = ""
    while True:
        found = await client.services.rooms.joinable(client.person, name, after, _PAGE)
        for room in found:
            if key_of(room.name) == key_of(name):
                return room.id
        if len(found) < _PAGE:
            return None
        after = found[-1].name


async def part(client: "IrcClient", line: Line, out: Lines) -> None:
    """Leave channels: the membership ends, but in the lobby, where everybody is. Cancelling: it may have ended."""
    if not has_parameters(line, out, 1):
        return await trio.lowlevel.checkpoint()
    for channel in line.params[0].split(",")[:_JOINS]:
        place = channel_place(client, line, out, channel)
        if place is None:
            await trio.lowlevel.checkpoint()
        elif place.room_id == LOBBY_ID:
            await trio.lowlevel.checkpoint()
            client.session.subscriptions.unsubscribe(LOBBY_ID)
            client.leave(LOBBY_ID)
            out.add(f":{client.source} PART {place.target}")
        elif refusal := await members.remove(client.services, client.person, place.room_id, client.person_id):
            out.fail("PART", refusal, shown(channel))
    return None


async def topic(client: "IrcClient", line: Line, out: Lines) -> None:
    """Send or change a channel's topic. Cancelling: it may have changed."""
    if not has_parameters(line, out, 1):
        return await trio.lowlevel.checkpoint()
    place = channel_place(client, line, out, line.params[0])
    if place is None:
        return await trio.lowlevel.checkpoint()
    if len(line.params) < 2:
        await trio.lowlevel.checkpoint()
        if place.topic:
            return out.numeric("332", place.target, text=place.topic)
        return out.numeric("331", place.target, text="there is no topic")
    return await _change(client, place, out, topic=line.params[1])


async def _change(
    client: "IrcClient", place: Place, out: Lines, *, topic: str | None = None, is_private: bool | None = None
) -> None:
    services, person = client.services, client.person
    if not await client.session.limits.may_send(person.id, topic or ""):
        return
    change = services.rooms.changing(person, place.room_id, topic=topic, is_private=is_private)
    refusal = change if isinstance(change, Refusal) else await rooms.change_room(services, person, change)
    if refusal is not None:
        out.numeric("482", place.target, text=refusal.text)


async def kick(client: "IrcClient", line: Line, out: Lines) -> None:
    """Remove somebody from a channel. Cancelling: they may be removed."""
    if not has_parameters(line, out, 2):
        return await trio.lowlevel.checkpoint()
    place = channel_place(client, line, out, line.params[0])
    other = None if place is None else await person_of(client, line.params[1])
    if place is None:
        return await trio.lowlevel.checkpoint()
    if other is None:
        return out.numeric("401", shown(line.params[1]), text="there is nobody with that nick")
    if not await client.session.limits.may_send(client.person_id, ""):
        return None
    refusal = await members.remove(client.services, client.person, place.room_id, other.id)
    if refusal is not None and refusal.reason == "not_member":
        out.numeric("441", shown(line.params[1]), place.target, text="they are not in that channel")
    elif refusal is not None:
        out.numeric("482", place.target, text=refusal.text)
    return None


async def invite(client: "IrcClient", line: Line, out: Lines) -> None:
    """Add somebody to a channel. Cancelling: they may be added."""
    if not has_parameters(line, out, 2):
        return await trio.lowlevel.checkpoint()
    place = channel_place(client, line, out, line.params[1])
    other = None if place is None else await person_of(client, line.params[0])
    if place is None:
        return await trio.lowlevel.checkpoint()
    if other is None:
        return out.numeric("401", shown(line.params[0]), text="there is nobody with that nick")
    if not await client.session.limits.may_send(client.person_id, ""):
        return None
    nick = client.directory.note_person(other.id, other.name)
    async with client.answering_first(out):
        refusal = await members.add(client.services, client.person, place.room_id, other.id)
        if refusal is ALREADY_IN:
            out.numeric("443", nick, place.target, text="is in the channel already")
        elif refusal is not None:
            out.numeric("482", place.target, text=refusal.text)
        else:
            out.numeric("341", nick, place.target)
    return None


async def mode(client: "IrcClient", line: Line, out: Lines) -> None:
    """Send or change the modes of a channel: who moderates it, who is banned, whether it is private.

    Cancelling: the first of them may have changed.
    """
    if not has_parameters(line, out, 1):
        return await trio.lowlevel.checkpoint()
    target = line.params[0]
    if not is_channel(target):
        await trio.lowlevel.checkpoint()
        if key_of(target) != key_of(client.nick):
            return out.numeric("502", text="the modes of others are their own")
        return out.numeric("221", "+i")
    place = channel_place(client, line, out, target)
    if place is None:
        return await trio.lowlevel.checkpoint()
    if len(line.params) < 2:
        await trio.lowlevel.checkpoint()
        return out.numeric("324", place.target, "+int" if place.is_private else "+nt")
    wanted, names_given = line.params[1], list(line.params[2:])
    sign, letter = (wanted[0], wanted[1:2]) if wanted[:1] in ("+", "-") else ("+", wanted[:1])
    if letter == "b" and not names_given:
        return await _bans(client, place, out)
    if letter == "i":
        return await _change(client, place, out, is_private=sign == "+")
    if letter not in (*_ROLES, "b"):
        await trio.lowlevel.checkpoint()
        return out.numeric("472", letter or "*", text="the modes of a channel are b, i, o and q")
    if not names_given:
        await trio.lowlevel.checkpoint()
        return out.numeric("461", line.verb, text="the command needs more parameters")
    nick = names_given[0].partition("!")[0]
    other = await person_of(client, nick)
    if other is None:
        return out.numeric("401", shown(nick), text="there is nobody with that nick")
    if not await client.session.limits.may_send(client.person_id, ""):
        return None
    services = client.services
    if letter == "b" and sign == "-":
        role = await services.conversations.role_of(other.id, place.room_id)
        if role is not RoomRole.BANNED:
            return None
        refusal = await members.remove(services, client.person, place.room_id, other.id)
    else:
        role = RoomRole.BANNED if letter == "b" else _ROLES[letter] if sign == "+" else RoomRole.MEMBER
        refusal = await members.put(services, client.person, place.room_id, other.id, role)
    if refusal is not None and refusal is not ALREADY_IN:
        out.numeric("482", place.target, text=refusal.text)
    elif letter == "b":
        out.add(f":{client.source} MODE {place.target} {sign}b {mask_of(client, other.id, other.name)}")
    return None


def mask_of(client: "IrcClient", person_id: int, name: str) -> str:
    """Return the mask of a banned person, as lists have it. Sync."""
    return f"{client.directory.note_person(person_id, name)}!*@*"


async def _bans(client: "IrcClient", place: Place, out: Lines) -> None:
    services = client.services
    room = Room(id=place.room_id, kind=RoomKind.ROOM)
    authority = await services.conversations.authority(client.person, place.room_id)
    if not isinstance(authority, Refusal):
        for each in await services.rooms.banned(room, 0, MOST_NAMES):
            out.numeric("367", place.target, mask_of(client, each.person.id, each.person.name))
    out.numeric("368", place.target, text="end of bans")


async def list_names(client: "IrcClient", line: Line, out: Lines) -> None:
    """Send who is in a channel. Cancelling: nothing is sent."""
    await trio.lowlevel.checkpoint()
    channel = line.params[0].partition(",")[0] if line.params else "*"
    room_id = place_id(client, channel)
    place = None if room_id is None else client.places.get(room_id)
    if place is None or not place.target:
        return out.numeric("366", shown(channel), text="end of names")
    return await names(client, place, out)


async def list_rooms(client: "IrcClient", line: Line, out: Lines) -> None:
    """Send the client's channels, and the public rooms that the person may join. Cancelling: nothing is sent."""
    await trio.lowlevel.checkpoint()
    if not await client.session.limits.may_read(client.person, 100):
        return
    only = {key_of(each) for each in line.params[0].split(",")} if line.params else None
    services = client.services
    own = await services.catch_up.snapshots(client.person_id, services.hub.newest_id, list(client.places))
    rows = [
        (place.target, room.members, place.topic) for room in own if (place := client.places.get(room.id))
    ]
    found, after = list[PublicRoom](), ""
    while len(found) < _MOST_LISTED:
        page = await services.rooms.joinable(client.person, "", after, _PAGE)
        found += page
        if len(page) < _PAGE:
            break
        after = page[-1].name
    rows += [(channel_of(room.name), room.members, room.topic) for room in found]
    out.numeric("321", "Channel", text="Users  Name")
    for channel, count, about in rows:
        if channel and (only is None or key_of(channel) in only):
            out.numeric("322", channel, str(count), text=about)
    out.numeric("323", text="end of the list")


COMMANDS: dict[str, Handler] = {
    "INVITE": invite,
    "JOIN": join,
    "KICK": kick,
    "LIST": list_rooms,
    "MODE": mode,
    "NAMES": list_names,
    "PART": part,
    "TOPIC": topic,
}
