"""Checks the editors' events against their room's state: keys, positions, and each change of a message."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from chat.domain.messages.changes import Deleted, Edited, Reacted
from tests.reference.storage import MemoryStorage
from tests.simulation.editing import EMOJI
from tests.simulation.record import EditedRoom, Entry, Event, Kept

_KINDS = {Edited: "edited", Deleted: "deleted", Reacted: "reacted"}


def edited_room(kept: MemoryStorage, room_id: int) -> EditedRoom:
    """Return what the storage has of the room."""
    storage = kept.messages
    sent = {first.seq: (who, key, draft.text)
            for (who, key), (draft, first) in storage.by_key.items() if first.room_id == room_id}  # fmt: skip
    messages, log = [], []
    for message in storage._by_room[room_id]:
        state = storage._states.get(message.id)
        who, key, text = sent.get(message.seq, (message.sender_id, "", ""))
        count = state.counts.get(EMOJI, 0) if state else 0
        is_deleted = state is not None and state.is_deleted
        messages.append(Kept(message.seq, who, key, text, message.text, count, is_deleted))
        log.append(Entry(storage._as_said(message).pos, message.seq, "said"))
    log += [
        Entry(each.pos, each.seq, _KINDS[type(each)]) for each in storage._changes if each.room_id == room_id
    ]
    return EditedRoom(messages, sorted(log, key=lambda entry: entry.pos))


def check_edited(events: Sequence[Event], room: EditedRoom) -> Iterator[str]:
    """Yield the violations in the room, and in the events that its editors received."""
    if [entry.pos for entry in room.log] != list(range(1, len(room.log) + 1)):
        yield "a hole in the pos of the edited room"
    yield from _check_keys(events, room)
    yield from _check_changes(events, room)
    by_conn: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.op == "change heard" or (event.op == "alive" and event.conn in by_conn):
            by_conn[event.conn].append(event)
    for conn, received in by_conn.items():
        yield from _check_received(conn, received, room)


def _check_keys(events: Sequence[Event], room: EditedRoom) -> Iterator[str]:
    by_key = {(kept.who, kept.key): kept for kept in room.messages}
    if len(by_key) < len(room.messages):
        yield "a key is stored twice, or was lost"
    settled: set[tuple[int, str]] = set()
    for event in events:
        if event.op != "key answered":
            continue
        kept = by_key.get((event.who, event.name))
        if event.note in ("saved", "again"):
            settled.add((event.who, event.name))
            if kept is None or kept.seq != event.id:
                yield f"{event.conn} was told that {event.name} is {event.id}, and it is {kept}"
            elif kept.sent != event.text:
                yield f"{event.conn} was told that {event.text} is saved with {event.name}, which is {kept.sent}"
        elif event.note == "conflict" and (kept is None or kept.sent == event.text):
            yield f"{event.conn} was told that {event.name} is another's, and it is {kept}"
        elif event.note not in ("conflict", "refused", "unsure"):
            yield f"{event.conn} was answered {event.note} to a draft"
    for event in events:
        if event.op == "keys left":
            yield f"{event.conn} never heard what became of {event.text}"


def _check_changes(events: Sequence[Event], room: EditedRoom) -> Iterator[str]:
    log = {entry.pos: entry for entry in room.log}
    kinds = {"edit": "edited", "delete": "deleted", "react": "reacted", "take back": "reacted"}
    for event in events:
        if event.op == "change answered" and event.note == "changed":
            entry = log.get(event.id)
            if entry is None or entry.kind != kinds[event.name]:
                yield f"{event.conn} was told that {event.name} is {event.id}, and that is {entry}"


def _check_received(conn: str, received: list[Event], room: EditedRoom) -> Iterator[str]:
    """Every change was heard in order, but those of a message that was deleted before they were read from the log."""
    changes = [event for event in received if event.op == "change heard"]
    if any(one.id >= other.id for one, other in pairwise(changes)):
        yield f"{conn} heard changes out of order"
    is_alive = any(event.op == "alive" for event in received)
    got = {event.id for event in changes}
    deleted = {kept.seq for kept in room.messages if kept.is_deleted}
    last = room.log[-1].pos if is_alive else changes[-1].id
    for entry in room.log:
        is_due = changes[0].id < entry.pos <= last and (entry.kind == "deleted" or entry.seq not in deleted)
        if is_due and entry.pos not in got:
            yield f"{conn} was not told {entry}"
    kinds = {entry.pos: (entry.kind, entry.seq) for entry in room.log}
    for event in changes:
        if kinds.get(event.id) != (event.note, int(event.topic)):
            yield f"{conn} heard {event.note} of {event.topic} at {event.id}, which is {kinds.get(event.id)}"
    if is_alive:
        yield from _check_shown(conn, changes, {kept.seq: kept for kept in room.messages})


def _check_shown(conn: str, changes: Sequence[Event], kept: Mapping[int, Kept]) -> Iterator[str]:
    """What a client shows that applied every change it heard is what is stored."""
    texts: dict[int, str] = {}
    counts: dict[int, str] = {}
    for event in changes:
        seq = int(event.topic)
        if event.note in ("said", "edited"):
            texts[seq] = event.text
        elif event.note == "deleted":
            texts.pop(seq, None)
            counts.pop(seq, None)
        else:
            counts[seq] = event.text
    for seq, text in texts.items():
        if kept[seq].is_deleted or kept[seq].text != text:
            yield f"{conn} shows {text} as {seq}, which is {kept[seq]}"
    for seq, count in counts.items():
        if kept[seq].is_deleted or str(kept[seq].count) != count:
            yield f"{conn} shows {count} reactions to {seq}, which is {kept[seq]}"
