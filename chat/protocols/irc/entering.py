"""Enters rooms: subscribes the client, shows it the channels, and sends what it has missed.

The method is that of the native sync: buffer live changes, subscribe, note the newest published id (the cut), read and
send everything up to the cut, then flush the buffered changes, all of which are after the cut.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import trio

from chat.domain.entities import LOBBY_ID, Person, Room, RoomKind
from chat.domain.messages.audience import topic_of
from chat.domain.messages.sync_types import MessageNow, RoomsAt, RoomSnapshot
from chat.domain.refusals import Refusal
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_history import ANSWER_BYTES
from chat.engine.session import Session
from chat.protocols.irc.answering import Lines
from chat.protocols.irc.caps import Cap
from chat.protocols.irc.directory import Place
from chat.protocols.irc.encoder import PREFIXES, IrcEncoder, time_of

if TYPE_CHECKING:
    from chat.protocols.irc.client import IrcClient

PAGE = 100
"""Messages of one read."""

MOST_NAMES = 1000
"""Members that NAMES and WHO list of a room."""

_UNREAD = 100
"""Messages of a room that a client gets at its first log-in: the newest unread ones."""

_LINE = 400
"""Bytes of names in one line."""

_FEW = 16
"""Rooms whose snapshots are read together with those of other clients."""


async def enter(client: "IrcClient", after: Mapping[int, int] | None = None) -> None:
    """Enter these rooms, and send their messages after the given log ids; None: all rooms, and what was missed.

    Raises StorageDown. After a failure or cancelling the client is subscribed to nothing.
    """
    session, services = client.session, client.services
    hub, subscriptions, person = services.hub, session.subscriptions, client.person
    async with client.exclusive():
        kinds = await services.catch_up.rooms_of(person.id)
        wanted = [
            room_id
            for room_id, kind in kinds.items()
            if kind is not RoomKind.SUPPORT
            and room_id not in client.places
            and (after is None or room_id in after)
        ]
        # The encoders need a place before the first change of its room.
        unknown = [room_id for room_id in wanted if room_id not in client.directory.places]
        for room in await _snapshots(client, hub.newest_id, unknown):
            client.directory.place(room, person)
        wanted = [room_id for room_id in wanted if room_id in client.directory.places]
        if not wanted:
            return
        ended = client.ended_rooms = set[int]()
        subscriptions.buffer()
        try:
            for room_id in wanted:
                client.enter(client.directory.places[room_id])
                client.directory.shown_removals.discard((room_id, person.id))
                subscriptions.subscribe(topic_of(room_id, kinds[room_id]), client.encoder)
            # No await between this and subscribing: what is sent below ends where the subscriptions begin.
            cut = hub.newest_id
            found = {room.id: room for room in await _snapshots(client, cut, wanted)}
            for room_id in wanted:
                if room_id not in found and room_id in client.places:  # lost before it was subscribed
                    subscriptions.forget([topic_of(room_id, kinds[room_id])])
                    client.leave(room_id)
            for room in sorted(found.values(), key=lambda each: each.id):
                if room.id not in ended:
                    await _show(client, room)
            for room in sorted(found.values(), key=lambda each: 0 if each.last is None else each.last.id):
                if room.id not in ended:
                    await _send_missed(client, room, cut, None if after is None else after[room.id])
        finally:
            client.ended_rooms = None
            for room_id in unknown:
                client.directory.forget_empty(room_id)
        subscriptions.flush()
    _watch(client)


async def _snapshots(client: "IrcClient", cut: int, room_ids: list[int]) -> list[RoomSnapshot]:
    if len(room_ids) <= _FEW:
        return await client.services.catch_up.snapshots(client.person_id, cut, room_ids) if room_ids else []
    (found,) = await client.services.timelines.snapshots([RoomsAt(client.person_id, cut, tuple(room_ids))])
    return found


async def _show(client: "IrcClient", room: RoomSnapshot) -> None:
    """Send the JOIN of a channel with its topic, names and read mark; of a conversation nothing."""
    place = client.places[room.id]
    if not place.target:
        return
    out = client.lines(client.join_labels.pop(room.id, None))
    out.add(f":{client.source} JOIN {place.target}{client.joined}")
    if place.topic:
        out.numeric("332", place.target, text=place.topic)
    if Cap.READ_MARKER in client.caps:
        out.add(await marker(client, place, room.read))
    if Cap.NO_NAMES not in client.caps:
        await names(client, place, out)
    await client.session.send_queue.send(out.encoded(client.caps))


async def names(client: "IrcClient", place: Place, out: Lines) -> None:
    """Add the names of a channel to the answer. Raises StorageDown. Cancelling: a part of them."""
    piece, size = list[str](), 0
    for _, nick, person_id, role in await members(client, place):
        written = f"{PREFIXES.get(role, '')}{nick}"
        if Cap.USERHOSTS in client.caps:
            written = f"{PREFIXES.get(role, '')}{client.directory.source(person_id, nick)}"
        if size + len(written.encode()) > _LINE:
            out.numeric("353", "=", place.target, text=" ".join(piece))
            piece, size = [], 0
        piece.append(written)
        size += len(written.encode()) + 1
    if piece:
        out.numeric("353", "=", place.target, text=" ".join(piece))
    out.numeric("366", place.target, text="end of names")


async def members(client: "IrcClient", place: Place) -> list[tuple[str, str, int, RoomRole]]:
    """Return name, nick, id and role of a channel's members; of the lobby the people who are connected to this server.

    At most MOST_NAMES, and always the client's own. Raises StorageDown. Cancelling changes nothing.
    """
    services, own = client.services, client.person
    found: dict[int, tuple[str, str, int, RoomRole]] = {}
    if place.room_id == LOBBY_ID:
        await trio.lowlevel.checkpoint()
        here = _first_people(services.presence)
        people = list(here.values())
        roles = dict.fromkeys(here, RoomRole.MEMBER)
    else:
        listed = await services.rooms.members(Room(id=place.room_id, kind=RoomKind.ROOM), 0, MOST_NAMES)
        people = [each.person for each in listed]
        roles = {each.person.id: each.role for each in listed}
    for person in [own, *sorted(people, key=lambda each: each.name)[:MOST_NAMES]]:
        nick = client.directory.note_person(person.id, person.name)
        found[person.id] = person.name, nick, person.id, roles.get(person.id, RoomRole.MEMBER)
    return list(found.values())


def _first_people(sessions: Iterable[Session]) -> dict[int, Person]:
    """Return MOST_NAMES people of these sessions at most, without visitors. Each join asks, so it looks no further."""
    found: dict[int, Person] = {}
    for session in sessions:
        person = session.person
        if person is not None and not person.is_visitor:
            found[person.id] = person
            if len(found) == MOST_NAMES:
                break
    return found


async def marker(client: "IrcClient", place: Place, seq: int) -> str:
    """Return the line of a read mark. Raises StorageDown. Cancelling changes nothing."""
    at = "*"
    if seq:
        said = await client.services.room_history.message(client.person_id, place.room_id, seq)
        if not isinstance(said, Refusal):
            at = f"timestamp={time_of(said.created_at)}"
    return f":{client.directory.host} MARKREAD {shown_target(client, place)} {at}"


def shown_target(client: "IrcClient", place: Place) -> str:
    """Return the target by which the client knows a place: a channel, or the other person's nick. Sync."""
    if place.people is None:
        return place.target
    return place.nicks.get(place.people.other_than(client.person_id), client.nick)


async def send_marker(client: "IrcClient", room_id: int, seq: int) -> None:
    """Send the read mark of a room. Raises StorageDown. Cancelling: it is not sent."""
    place = client.places.get(room_id)
    if place is not None:
        line = await marker(client, place, seq)
        client.session.send_frames(f"{line}\r\n".encode())


async def _send_missed(client: "IrcClient", room: RoomSnapshot, cut: int, after_id: int | None) -> None:
    """Send the messages of a room that the client has missed, in order, each as it is now."""
    if room.last is None:
        return
    known = client.position if after_id is None else after_id
    if after_id is None and Cap.HISTORY in client.caps:
        return  # the client asks for it
    if known is None:  # a new client
        first = max(room.read, room.seq - _UNREAD)
    elif room.last.id <= known:
        return
    else:
        first = await _seq_before(client, room, known, cut)
    while first < room.seq:
        page = await _page(client, room.id, cut, after=first)
        if not page:
            return
        frames = [_line(client, room.id, message) for message in page]
        await client.session.send_queue.send(b"".join(frames))
        first = page[-1].seq
        await _pay(client, len(page))


def _line(client: "IrcClient", room_id: int, message: MessageNow) -> bytes:
    place = client.places.get(room_id)
    if place is None:
        return b""
    is_own = message.sender_id == client.person_id
    if is_own and place.people is not None and Cap.ECHO not in client.caps:
        return b""  # it would look like a message of the other person
    target = place.target
    if place.people is not None:
        target = place.nicks.get(place.people.other_than(message.sender_id), "")
    encoder: IrcEncoder = client.shared.encoder(client.caps)
    label = client.take_label(message.id) if is_own else None
    return encoder.past(message, target, label=label)


async def _seq_before(client: "IrcClient", room: RoomSnapshot, known: int, cut: int) -> int:
    """Return the seq of the last message of a room that is not newer than a log id."""
    newest = await _page(client, room.id, cut, before=room.seq + 1)
    for message in reversed(newest):
        if message.id <= known:
            return message.seq
    low, high = room.first - 1, newest[0].seq if newest else room.first
    while high - low > 1:  # those up to `low` are known, and that at `high` is not
        middle = (low + high) // 2
        page = await _page(client, room.id, cut, after=middle - 1, limit=1)
        if page and page[0].id <= known:
            low = middle
        else:
            high = middle
    return low


async def _page(
    client: "IrcClient",
    room_id: int,
    cut: int,
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[MessageNow]:
    page = await client.services.timelines.history(
        client.person_id, room_id, limit or PAGE, ANSWER_BYTES, cut, after=after, before=before
    )
    return [] if page is None else page.messages


async def _pay(client: "IrcClient", messages: int) -> None:
    """Charge the reading, and wait until the budget allows the next."""
    budgets, address = client.services.budgets, client.session.address
    refusal = budgets.read(client.person_id, address, messages)
    while refusal is not None:
        await trio.sleep(refusal.retry_after or 1.0)
        refusal = budgets.read(client.person_id, address, messages)


def _watch(client: "IrcClient") -> None:
    """Watch who of the people in the client's conversations is away, if it wants to know."""
    if Cap.AWAY_NOTIFY in client.caps:
        others = (place.people for place in client.places.values() if place.people is not None)
        client.watch([pair.other_than(client.person_id) for pair in others][:MOST_NAMES])
