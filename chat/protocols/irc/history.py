"""The history (https://ircv3.net/specs/extensions/chathistory), and read marks (read-marker)."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import trio

from chat.domain.entities import LOBBY_ID, Room, RoomKind
from chat.domain.messages.dates import DATES
from chat.domain.messages.live import HasRead
from chat.domain.messages.reading import ReadMark, may_share_reads
from chat.domain.messages.sync_types import MessageNow
from chat.domain.refusals import Refusal
from chat.domain.rooms.room_history import ANSWER_BYTES
from chat.protocols.irc.answering import Lines
from chat.protocols.irc.caps import Cap
from chat.protocols.irc.directory import Place
from chat.protocols.irc.encoder import seq_of, time_of
from chat.protocols.irc.entering import PAGE, marker
from chat.protocols.irc.handler import Handler, shown
from chat.protocols.irc.lines import Line
from chat.protocols.irc.names import is_channel
from chat.protocols.irc.talking import target_of

if TYPE_CHECKING:
    from chat.protocols.irc.client import IrcClient

_EVER = 2**62
"""A seq that no message has."""

_STAMP = "timestamp="
_MSGID = "msgid="


async def chathistory(client: "IrcClient", line: Line, out: Lines) -> None:
    """Send a part of a room's history, or the rooms that have messages. Cancelling: nothing is sent."""
    await trio.lowlevel.checkpoint()
    command = line.params[0].upper() if line.params else ""
    if command == "TARGETS":
        return await _targets(client, line, out)
    count = 5 if command == "BETWEEN" else 4
    if command not in ("AFTER", "AROUND", "BEFORE", "BETWEEN", "LATEST"):
        return out.refuse(line.verb, "INVALID_PARAMS", "there is no such subcommand", shown(command))
    if len(line.params) != count:
        return out.refuse(line.verb, "INVALID_PARAMS", "the subcommand has other parameters", command)
    to, limit = line.params[1], _limit(line.params[-1])
    if limit is None:
        return out.refuse(line.verb, "INVALID_PARAMS", "the limit is no number above 0", command, shown(to))
    place = await _place(client, to)
    if place is None:
        return out.refuse(line.verb, "INVALID_TARGET", "there is no such history", command, shown(to))
    bounds = [await _bound(client, place, each) for each in line.params[2:-1]]
    if any(each is None for each in bounds):
        return out.refuse(
            line.verb, "INVALID_PARAMS", "a bound is msgid=ID or timestamp=TIME", command, shown(to)
        )
    if not await client.session.limits.may_read(client.person, limit):
        return None
    found = await _read(client, place, command, [each for each in bounds if each is not None], limit)
    frames = _lines(client, place, found, to)
    out.lines += frames
    return None


def _limit(written: str) -> int | None:
    is_number = written.isascii() and written.isdigit() and len(written) < 10 and int(written) > 0
    return min(int(written), PAGE) if is_number else None


async def _place(client: "IrcClient", to: str) -> Place | None:
    """Return the place of a channel or a conversation, if the person may read it."""
    if is_channel(to):
        room_id = client.directory.room_of(to)
        if room_id is None:
            target = await target_of(client, to)
            room_id = None if isinstance(target, Refusal) or target is None else target.room_id
        return None if room_id is None else client.places.get(room_id)
    target = await target_of(client, to)
    if target is None or isinstance(target, Refusal):
        return None
    return client.places.get(target.room_id) or Place(target.room_id, "", {})


async def _bound(client: "IrcClient", place: Place, written: str) -> int | None:
    """Return twice a seq: one less than twice for the place before it, where a time lies between two messages."""
    if written == "*":
        return 2 * _EVER
    if written.startswith(_MSGID):
        seq = seq_of(written.removeprefix(_MSGID), place.room_id)
        return None if seq is None else 2 * seq
    at = moment(written)
    if at is None:
        return None
    # The first message of this millisecond or later, and whether it is of this one.
    dates = client.services.feature_ports[DATES]
    seq = await dates.first_since(place.room_id, at)
    if seq is None:
        return 2 * _EVER - 1
    later = await dates.first_since(place.room_id, at + 0.001)
    return 2 * seq - 1 if later == seq else 2 * seq


def moment(written: str) -> float | None:
    """Return the Unix seconds of `timestamp=…`; None: it is none. Sync and pure."""
    if not written.startswith(_STAMP) or len(written) > 60:
        return None
    try:
        at = datetime.fromisoformat(written.removeprefix(_STAMP))
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return at.timestamp() if 1970 < at.year < 9999 else None


async def _read(
    client: "IrcClient", place: Place, command: str, bounds: list[int], limit: int
) -> list[MessageNow]:
    """Return the messages that a subcommand names, oldest first."""
    first = bounds[0] if bounds else 2 * _EVER
    match command:
        case "BEFORE":
            return await _page(client, place, before=(first + 1) // 2, limit=limit)
        case "AFTER":
            return await _page(client, place, after=first // 2, limit=limit)
        case "LATEST":
            page = await _page(client, place, before=_EVER, limit=limit)
            return page if first == 2 * _EVER else [each for each in page if 2 * each.seq > first]
        case "AROUND":
            middle = (first + 1) // 2
            before = await _page(client, place, before=middle, limit=max(1, limit // 2))
            before = before[len(before) - limit // 2 :] if limit > 1 else []
            return before + await _page(client, place, after=middle - 1, limit=limit - len(before))
    low, high = min(bounds), max(bounds)
    if bounds[0] <= bounds[1]:
        page = await _page(client, place, after=low // 2, limit=limit)
    else:
        page = await _page(client, place, before=(high + 1) // 2, limit=limit)
    return [each for each in page if low < 2 * each.seq < high]


async def _page(
    client: "IrcClient", place: Place, *, limit: int, after: int | None = None, before: int | None = None
) -> list[MessageNow]:
    newest_id = client.services.hub.newest_id
    room = Room(id=place.room_id, kind=RoomKind.LOBBY if place.room_id == LOBBY_ID else RoomKind.ROOM)
    if not await _may_read(client, place):
        return []
    page = await client.services.timelines.history(
        client.person_id, room.id, limit, ANSWER_BYTES, newest_id, after=after, before=before
    )
    return [] if page is None else page.messages


async def _may_read(client: "IrcClient", place: Place) -> bool:
    access = await client.services.conversations.enter(client.person, place.room_id)
    return not isinstance(access, Refusal)


def _lines(client: "IrcClient", place: Place, found: list[MessageNow], to: str) -> list[str]:
    """Return the lines of a part of the history, with `batch` as one."""
    batch = "history" if Cap.BATCH in client.caps else None
    encoder = client.shared.encoder(client.caps)
    lines = list[str]()
    for message in found:
        target = (
            place.target
            or client.directory.target_of(place.room_id, place.people, message.sender_id)
            or (to if message.sender_id == client.person_id else client.nick)
        )
        lines += encoder.past(message, target, batch=batch).decode().split("\r\n")[:-1]
    if batch is None:
        return lines
    host = client.directory.host
    return [f":{host} BATCH +{batch} chathistory {to}", *lines, f":{host} BATCH -{batch}"]


async def _targets(client: "IrcClient", line: Line, out: Lines) -> None:
    limit = _limit(line.params[3]) if len(line.params) == 4 else None
    first, last = (moment(each) for each in (*line.params[1:3], "", "")[:2])
    if limit is None or first is None or last is None:
        return out.refuse(line.verb, "INVALID_PARAMS", "TARGETS has two times and a limit", "TARGETS")
    if not await client.session.limits.may_read(client.person, limit):
        return None
    begin, end = _shown(min(first, last)), _shown(max(first, last))
    services = client.services
    rooms = await services.catch_up.snapshots(client.person_id, services.hub.newest_id, list(client.places))
    found = [
        (room.last.created_at, client.places[room.id])
        for room in rooms
        if room.last is not None and begin < _shown(room.last.created_at) < end and room.id in client.places
    ]
    found.sort(key=lambda each: each[0], reverse=first > last)
    host = client.directory.host
    is_batch = Cap.BATCH in client.caps
    rows = []
    for at, place in found[:limit]:
        shown_to = place.target
        if place.people is not None:
            shown_to = place.nicks.get(place.people.other_than(client.person_id), client.nick)
        tag = "@batch=targets " if is_batch else ""
        rows.append(f"{tag}:{host} CHATHISTORY TARGETS {shown_to} {time_of(at)}")
    if is_batch:
        rows = [f":{host} BATCH +targets draft/chathistory-targets", *rows, f":{host} BATCH -targets"]
    out.lines += rows
    return None


def _shown(at: float) -> int:
    """Return a time as clients see it: in milliseconds, rounded down as time_of() does. Sync and pure."""
    return round(at * 1_000_000) // 1000


async def markread(client: "IrcClient", line: Line, out: Lines) -> None:
    """Send or set the read mark of a room. Cancelling: it may be set."""
    await trio.lowlevel.checkpoint()
    if not line.params:
        return out.refuse(line.verb, "NEED_MORE_PARAMS", "the target is missing")
    to = line.params[0]
    place = await _place(client, to)
    if place is None or place.room_id not in client.places:
        return out.refuse(line.verb, "INVALID_TARGET", "there is no such history", shown(to))
    if len(line.params) > 1:
        at = moment(line.params[1])
        if at is None:
            return out.refuse(line.verb, "INVALID_PARAMS", "a read mark is timestamp=TIME", shown(to))
        await _mark(client, place, at)
    services = client.services
    rooms = await services.catch_up.snapshots(client.person_id, services.hub.newest_id, [place.room_id])
    if rooms:
        out.add(await marker(client, place, rooms[0].read))
    return None


async def _mark(client: "IrcClient", place: Place, at: float) -> None:
    """Set the read mark to the last message up to a time; it only moves forward."""
    services, person = client.services, client.person
    newest_id = services.hub.newest_id
    later = await services.feature_ports[DATES].first_since(place.room_id, at + 0.001)
    rooms = await services.catch_up.snapshots(person.id, newest_id, [place.room_id])
    if not rooms:
        return
    seq = rooms[0].seq if later is None else min(later - 1, rooms[0].seq)
    if seq <= rooms[0].read:
        return
    access = await services.conversations.enter(person, place.room_id)
    if isinstance(access, Refusal):
        return
    await services.timelines.mark_read({(place.room_id, person.id): ReadMark(seq)})
    rooms = await services.catch_up.snapshots(person.id, newest_id, [place.room_id])
    for room in rooms:
        is_shared = person.share_reads and may_share_reads(room.kind, room.members)
        notice = HasRead(room.id, access.people, person.id, room.read, room.unread, room.mentions, is_shared)
        services.notices.publish(notice, client.session.subscriptions)


COMMANDS: dict[str, Handler] = {"CHATHISTORY": chathistory, "MARKREAD": markread}
