"""The client requests counts that it can't compute, drops unneeded messages, and splits long requests."""

from chat.client.events import FeatureChange
from chat.client.features import Trimmed
from chat.client.rooms import RoomEvent, Rooms
from chat.client.structs import Position
from chat.client.wire import (
    KnownRoom,
    MarkRead,
    MessageDeleted,
    NewMessage,
    ReadMark,
    RoomGone,
    RoomSnapshot,
    Sender,
)
from tests.client.model import ModelRoom, ModelWorld

ADA, BEN = 1, 2


def snapshot(room: int = 1, *, pos: int = 0, seq: int = 0, **fields: object) -> RoomSnapshot:
    known = {"id": room, "kind": "room", "pos": pos, "at": pos * 10, "seq": seq, "read": 0, **fields}
    return RoomSnapshot(**known)  # type: ignore[arg-type]


def new_message(pos: int, seq: int, sender: int = BEN, room: int = 1) -> NewMessage:
    return NewMessage(room=room, seq=seq, pos=pos, at=pos * 10, sender=Sender(id=sender, name="x"), text="hi")


def deleted(pos: int, seq: int) -> MessageDeleted:
    return MessageDeleted(room=1, pos=pos, at=pos * 10, seq=seq, by=BEN)


def rooms_of_ada(max_messages: int = 500, positions: dict[int, Position] | None = None) -> Rooms:
    rooms = Rooms(positions or {}, max_messages)
    rooms.person_id = ADA
    return rooms


def test_a_deleted_message_that_is_not_held_has_the_unread_ones_asked_for() -> None:
    rooms = rooms_of_ada()
    rooms.apply(snapshot(pos=5, seq=5, unread=4))
    rooms.apply(deleted(6, 2))  # of ben, or of ada, who may have marked what follows as unread
    assert rooms.uncounted == {1}
    rooms.apply_read_reply(MarkRead(room=1, seq=0), 3, 1)
    assert rooms[1].info.unread == 3
    assert not rooms.uncounted


def test_a_deletion_among_a_hundred_or_more_is_asked_for_unless_all_are_held() -> None:
    rooms = rooms_of_ada()
    rooms.apply(snapshot(pos=150, seq=150, unread=100))
    rooms.apply(new_message(151, 151))
    rooms.apply(deleted(152, 151))
    assert rooms.uncounted == {1}
    rooms = rooms_of_ada()
    rooms.apply(snapshot())
    for n in range(1, 102):
        rooms.apply(new_message(n, n))
    assert rooms[1].info.unread == 100
    rooms.apply(deleted(102, 1))
    assert rooms[1].info.unread == 100
    rooms.apply(deleted(103, 101))
    assert rooms[1].info.unread == 99
    assert not rooms.uncounted


def test_an_own_message_needs_no_unread_count() -> None:
    rooms = rooms_of_ada()
    rooms.apply(snapshot(pos=5, seq=5, unread=4))
    rooms.apply(deleted(6, 2))
    rooms.apply(new_message(7, 6, sender=ADA))
    assert (rooms[1].info.unread, rooms[1].info.read) == (0, 6)
    assert not rooms.uncounted
    rooms.apply_read_reply(MarkRead(room=1, seq=0), 3, 1)  # the answer to what was asked before that
    assert (rooms[1].info.unread, rooms[1].info.read) == (0, 6)


def test_the_servers_count_stands_where_not_all_is_held() -> None:
    rooms = rooms_of_ada()
    rooms.apply(snapshot(pos=9, seq=9, unread=9))
    rooms.apply(ReadMark(room=1, person=ADA, seq=4, unread=3))
    assert (rooms[1].info.read, rooms[1].info.unread) == (4, 3)
    rooms.apply(ReadMark(room=1, person=ADA, seq=9))
    assert (rooms[1].info.read, rooms[1].info.unread) == (9, 0)
    rooms.apply(ReadMark(room=1, person=BEN, seq=4))
    assert (rooms[1].info.read, rooms[1].info.unread) == (9, 0)


def test_only_the_newest_messages_are_held() -> None:
    rooms = rooms_of_ada(max_messages=3)
    rooms.apply(snapshot())
    for n in range(1, 8):
        rooms.apply(new_message(n, n))
    assert list(rooms[1].messages) == [5, 6, 7]
    assert rooms[1].info.unread == 7


def test_a_second_snapshot_skips_no_change() -> None:
    world = ModelWorld({ADA: "ada", BEN: "ben"})
    room = ModelRoom(world, 1)
    rooms = rooms_of_ada()
    rooms.apply(snapshot(name="old"))
    # Ahead of the changes it counts.
    rooms.apply(snapshot(pos=2, seq=2, name="new", notify="none", hidden=True))
    info = rooms[1].info
    assert (info.name, info.notify, info.hidden, info.pos, info.unread) == ("new", "none", True, room.pos, 0)
    events = [rooms.apply(new_message(n, n)) for n in (1, 2)]
    assert [each.position for each in events if each] == [Position(1, 10), Position(2, 20)]
    assert rooms[1].info.unread == 2
    rooms.apply(snapshot(pos=1, name="old", notify="all"))  # behind them
    assert (rooms[1].info.name, rooms[1].info.notify, rooms[1].info.pos) == ("new", "all", 2)


def test_leaving_a_room_forgets_it_and_is_reported_once() -> None:
    rooms = rooms_of_ada(positions={2: Position(5, 50)})
    rooms.apply(snapshot())
    gone = RoomGone(room=1, reason="removed")
    assert rooms.apply(gone) == RoomEvent(gone, 1, None)
    assert rooms.apply(gone) is None
    assert rooms.apply(new_message(1, 1)) is None
    assert rooms.apply(ReadMark(room=1, person=BEN, seq=1)) is None
    assert rooms.apply(RoomGone(room=2)) is not None  # of which only the position was known
    assert not rooms.reported
    assert not rooms


def test_positions_are_split_over_as_many_requests_as_needed() -> None:
    kept = {room: Position(room, room * 10) for room in range(1, 8)}
    rooms = rooms_of_ada(positions=kept)
    assert [(list(sync.known), sync.rest) for sync in rooms.sync_requests(10)] == [
        ([], True),  # their snapshots
        ([KnownRoom(room=room, pos=room, at=room * 10) for room in kept], False),  # and then their events
    ]
    for room in range(1, 6):
        rooms.apply(snapshot(room, pos=room, seq=room))
    # Ahead of the position: only the latter is looked at by the server.
    rooms.apply(snapshot(6, pos=9, seq=9))
    syncs = rooms.sync_requests(2)
    assert [([each.room for each in sync.known], sync.rest) for sync in syncs] == [
        ([1, 2], False),
        ([3, 4], False),
        ([5], True),
        ([6, 7], False),
    ]
    assert syncs[2].since == 70
    assert all(len(rooms.sync_requests(most)) <= 8 for most in range(1, 9))
    assert rooms_of_ada().sync_requests(10)[0].known == ()


def test_the_change_of_a_feature_is_an_event_at_its_place_in_the_room() -> None:
    rooms = rooms_of_ada()
    rooms.apply(snapshot(pos=1, seq=1))
    change = FeatureChange(room=1, pos=2, at=20)
    assert rooms.apply(change) == RoomEvent(change, 1, Position(2, 20))
    assert rooms.apply(change) is None
    assert (rooms[1].info.pos, rooms.gaps) == (2, set())


def test_messages_that_the_server_removes_are_dropped_and_reported() -> None:
    rooms = rooms_of_ada()
    rooms.apply(snapshot(pos=1, seq=1, unread=1))
    for n in range(2, 6):
        rooms.apply(new_message(n, n))
    trimmed = Trimmed(room=1, pos=6, at=60, first=4)
    assert rooms.apply(trimmed) == RoomEvent(trimmed, 1, Position(6, 60))
    assert ([*rooms[1].messages], rooms[1].info.first) == ([4, 5], 4)
    assert rooms.uncounted == {1}, "some of the unread ones are gone"
    rooms.apply(snapshot(pos=6, seq=5, first=5))
    assert ([*rooms[1].messages], rooms[1].info.first) == ([5], 5), "a further snapshot says it too"


def test_after_a_restart_events_continue_at_the_position_and_the_room_is_new() -> None:
    rooms = rooms_of_ada(positions={1: Position(1, 10)})
    assert rooms.apply(snapshot(pos=3, seq=3, unread=3)) is None
    live = rooms.apply(new_message(4, 4))  # before the sync from the position is answered
    assert live is None
    assert rooms.gaps == {1}
    events = [rooms.apply(new_message(n, n)) for n in (2, 3, 4)]
    assert [each.position.pos for each in events if each and each.position] == [2, 3, 4]
    assert rooms[1].info.unread == 4
