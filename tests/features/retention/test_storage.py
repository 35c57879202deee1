"""What a storage removes and keeps; each test runs in memory and on PostgreSQL."""

import time

import pytest

from chat.domain.accounts.account_removal import How, Window
from chat.domain.entities import LOBBY_ID, Draft, Message, Peer, Person, Room, SupportOf
from chat.domain.messages.changes import Deleted, Deletion, Edit, Reacted, Reaction, RoomDeletion
from chat.domain.messages.sync_types import ChangeRange, Position, PositionState, milliseconds
from chat.domain.ports import NewPerson, Storage
from chat.features.retention.changes import ON_HOLD, Expiry, Trim, Trimmed
from chat.features.retention.ports import RETENTION, Retention, TooOld
from chat.features.retention.rules import DAY, HoldKind, RoomRule, Rules
from chat.storage.postgres.database import DatabaseAddress
from tests.support.databases import fetch
from tests.support.replays import replay, resume_checks, snapshots

ADA, BEN, CEM = 1, 2, 3
NOW = 1_900_000_000.0
PLENTY = 1 << 20
ME, OTHER = 1, 2
"""Numbers of servers."""

MONTH = Rules(message_days=30, grace=0.0)


@pytest.fixture
async def retention(storage: Storage) -> Retention:
    """The port, with Ada, Ben and Cem in the lobby."""
    for name in ("ada", "ben", "cem"):
        assert isinstance(await storage.users.add(NewPerson(name=name, password_hash=b"x")), Person)
    retention: Retention = storage.feature_ports[RETENTION]
    assert await retention.claim(ME, 60.0)
    return retention


async def say(storage: Storage, *days_ago: float, room: int = LOBBY_ID, by: int = ADA) -> None:
    """Say a text for each of these ages, oldest first."""
    now = time.time()
    people = SupportOf(Peer(by, "x")) if room != LOBBY_ID else None
    drafts = [Draft(room, by, "x", f"{age} days", now - age * DAY, people=people) for age in days_ago]
    assert all(isinstance(each, Message) for each in await storage.messages.save(drafts))


async def remove(retention: Retention, rules: Rules = MONTH, most: int = 100) -> list[TooOld]:
    """Remove expired messages, and return the rooms that still have something to do then."""
    for room in await retention.too_old(rules, 0, 100):
        is_first = True
        while await retention.remove_messages(ME, room, most, is_first=is_first):
            is_first = False
    return await retention.too_old(rules, 0, 100)


async def texts(storage: Storage, room: int = LOBBY_ID) -> list[str]:
    page = await storage.timelines.history(ADA, room, 100, PLENTY, 1 << 60)
    assert page is not None
    return [each.text for each in page.messages]


async def test_what_is_older_than_the_rule_goes_and_nothing_younger(
    storage: Storage, retention: Retention
) -> None:
    await say(storage, 90, 60, 31, 29, 1)
    (left,) = await remove(retention, most=2)
    assert await texts(storage) == ["29 days", "1 days"]
    assert (left.is_unannounced, left.last) == (True, None)
    assert [each.count for each in await retention.expired(MONTH)] == [0]
    (snapshot,) = await snapshots(storage, ADA, 1 << 60)
    assert (snapshot.seq, snapshot.first, snapshot.pos) == (5, 4, 5)
    page = await storage.timelines.history(ADA, LOBBY_ID, 1, PLENTY, 1 << 60, after=0)
    assert page is not None
    assert ([each.seq for each in page.messages], page.seq, page.first) == ([4], 5, 4)


async def test_without_a_rule_nothing_is_too_old(storage: Storage, retention: Retention) -> None:
    await say(storage, 4000, 1)
    assert await retention.too_old(Rules(grace=0.0), 0, 100) == []
    assert [each.count for each in await retention.expired(Rules(grace=0.0))] == [0]
    (counted,) = await retention.expired(MONTH)
    assert counted.count == 1
    assert counted.oldest == pytest.approx(time.time() - 4000 * DAY, abs=60)


async def test_the_newest_message_is_deleted_and_not_removed(storage: Storage, retention: Retention) -> None:
    await say(storage, 90, 60)
    (left,) = await remove(retention)
    assert left.last == 2
    await storage.messages.save([Expiry(room_id=LOBBY_ID, actor_id=ADA, created_at=NOW, seq=2)])
    assert [each.last for each in await remove(retention)] == [None]
    assert await texts(storage) == [""]
    assert await storage.audit.acts(None, 10, kinds=("message_deleted",)) == []
    await say(storage, 1)
    await remove(retention)
    assert await texts(storage) == ["1 days"]


async def test_a_removal_is_published_once(storage: Storage, retention: Retention) -> None:
    await say(storage, 90, 1)
    await remove(retention)
    trim = Trim(room_id=LOBBY_ID, actor_id=ADA, created_at=NOW)
    published, again = await storage.messages.save([trim, trim])
    assert isinstance(published, Trimmed)
    assert (published.first, published.pos) == (2, 3)
    assert not isinstance(again, Trimmed)
    assert await retention.too_old(MONTH, 0, 100) == []
    (change,) = await replay(storage, BEN, [ChangeRange(LOBBY_ID, 2, 3)], PLENTY)
    assert change == published
    assert (await storage.messages.read_log(2, 10, PLENTY))[-1] == published


async def test_whoever_is_behind_what_was_removed_starts_over(storage: Storage, retention: Retention) -> None:
    await say(storage, 90, 60, 1)
    page = await storage.timelines.history(ADA, LOBBY_ID, 100, PLENTY, 1 << 60)
    assert page is not None
    known = [Position(LOBBY_ID, each.pos, milliseconds(each.created_at)) for each in page.messages]
    await remove(retention)
    checks = await resume_checks(storage, known, 1 << 60)
    assert [(each.state, each.seq) for each in checks] == [
        *[(PositionState.ERASED, 2)] * 2,
        (PositionState.GOOD, 3),
    ], "one reads on after the last message that was removed"


async def test_all_that_belongs_to_a_message_goes_with_it(storage: Storage, retention: Retention) -> None:
    await say(storage, 90, 1)
    edit = Edit(LOBBY_ID, 1, ADA, "@ben look", NOW, mentions=(BEN,))
    await storage.messages.save([edit, Reaction(LOBBY_ID, 1, BEN, "👍", True, NOW)])
    assert len(await storage.timelines.mentions(BEN, 1 << 60, 10, PLENTY)) == 1
    await remove(retention)
    assert await storage.timelines.mentions(BEN, 1 << 60, 10, PLENTY) == []
    assert await storage.timelines.texts(LOBBY_ID, 1, 10, PLENTY) == []
    # What follows the oldest message in the log tells of the removed one only that it is gone.
    edited, _reacted = await replay(storage, BEN, [ChangeRange(LOBBY_ID, 2, 4)], PLENTY)
    assert isinstance(edited, Deleted)
    assert edited.seq == 1
    assert "look" not in repr(await storage.messages.read_log(0, 10, PLENTY))
    assert await storage.messages.save([Edit(LOBBY_ID, 1, ADA, "again", NOW)]) == [None]


@pytest.mark.parametrize(("kind", "target"), [("server", 0), ("room", LOBBY_ID), ("person", ADA)])
async def test_what_is_on_hold_stays_until_it_is_lifted(
    storage: Storage, retention: Retention, kind: str, target: int
) -> None:
    await say(storage, 90, 1)
    (room,) = await retention.too_old(MONTH, 0, 100)
    assert await retention.place(kind, target, "case 7", BEN)  # type: ignore[arg-type]
    assert await retention.too_old(MONTH, 0, 100) == []
    assert await retention.remove_messages(ME, room, 100, is_first=True) == 0
    assert await texts(storage) == ["90 days", "1 days"]
    (hold,) = await retention.holds()
    assert (hold.kind, hold.target_id, hold.reason) == (kind, target, "case 7")
    assert hold.by is not None
    assert hold.by.id == BEN
    assert hold.name == {"server": None, "room": "lobby", "person": "ada"}[kind]
    assert await retention.lift(hold.id, CEM)
    assert not await retention.lift(hold.id, CEM)
    await remove(retention)
    assert await texts(storage) == ["1 days"]
    placed, lifted = (await storage.audit.acts(None, 2))[::-1]
    assert (placed.what, placed.detail, lifted.what) == ("hold_placed", f"{kind}: case 7", "hold_lifted")
    assert lifted.by is not None
    assert lifted.by.id == CEM


@pytest.mark.parametrize(("kind", "target"), [("server", 0), ("room", LOBBY_ID), ("person", ADA)])
async def test_the_newest_message_is_not_deleted_if_it_was_put_on_hold_before_the_commit(
    storage: Storage, retention: Retention, kind: HoldKind, target: int
) -> None:
    await say(storage, 90)
    (old,) = await retention.too_old(MONTH, 0, 100)
    assert old.last == 1
    assert await retention.place(kind, target, "case 7", BEN)
    expiry = Expiry(room_id=LOBBY_ID, actor_id=ADA, created_at=NOW, seq=1)
    assert await storage.messages.save([expiry]) == [ON_HOLD]
    assert await texts(storage) == ["90 days"]


async def test_a_hold_on_a_person_keeps_what_was_said_from_theirs_on(
    storage: Storage, retention: Retention
) -> None:
    await say(storage, 90, by=ADA)
    await say(storage, 80, by=BEN)
    await say(storage, 70, 1, by=ADA)
    assert await retention.place("person", BEN, "case 7", ADA)
    await remove(retention)
    assert await texts(storage) == ["80 days", "70 days", "1 days"]


@pytest.mark.parametrize("is_reaction", [True, False])
async def test_a_hold_on_a_person_keeps_what_they_did_beside_others_messages(
    storage: Storage, retention: Retention, is_reaction: bool
) -> None:
    await say(storage, 90, 80, by=ADA)
    if is_reaction:
        await storage.messages.save([Reaction(LOBBY_ID, 2, BEN, "👍", True, NOW)])
    await say(storage, 70, 60, by=ADA)
    if not is_reaction:
        await storage.messages.save([Reaction(LOBBY_ID, 4, BEN, "👍", True, NOW)])
        await storage.messages.save([Reaction(LOBBY_ID, 4, BEN, "👍", False, NOW)])
    await say(storage, 50, 1, by=ADA)
    assert await retention.place("person", BEN, "case 7", CEM)
    await remove(retention)
    kept = ["80 days", "70 days", "60 days", "50 days", "1 days"]
    assert await texts(storage) == (kept if is_reaction else kept[2:])
    log = await storage.messages.read_log(0, 20, PLENTY)
    assert BEN in [each.actor_id for each in log if isinstance(each, Reacted)]


async def test_what_people_delete_on_hold_is_kept_aside(
    place: DatabaseAddress | None, storage: Storage, retention: Retention
) -> None:
    if place is None:
        pytest.skip("the reference model keeps no texts aside")
    await say(storage, 2, 1)
    await retention.place("room", LOBBY_ID, "case 7", BEN)
    for write in (Edit(LOBBY_ID, 1, ADA, "changed", NOW), Deletion(LOBBY_ID, 1, ADA, NOW)):
        await storage.messages.save([write])
    kept = "SELECT string_agg(text, '|' ORDER BY id) FROM held_texts"
    assert await fetch(place, kept) == "2 days|changed"
    assert await texts(storage) == ["", "1 days"]
    (hold,) = await retention.holds()
    await retention.lift(hold.id, BEN)
    assert await fetch(place, kept) is None
    await storage.messages.save([Deletion(LOBBY_ID, 2, ADA, NOW)])
    assert await fetch(place, kept) is None


@pytest.mark.parametrize(("kind", "target"), [("server", 0), ("person", ADA)])
async def test_an_account_on_hold_is_closed_and_erased_later(
    place: DatabaseAddress | None, storage: Storage, retention: Retention, kind: str, target: int
) -> None:
    if place is None:
        pytest.skip("accounts know nothing of holds in the reference model")
    await retention.place(kind, target, "case 7", BEN)  # type: ignore[arg-type]
    assert await storage.users.delete(ADA, how=How.ERASE)
    removals = storage.account_removals
    assert await removals.claim(ME, 9.0, 0.0) is None
    name = f"SELECT name || (deleted_at IS NOT NULL)::text FROM users WHERE id = {ADA}"
    assert await fetch(place, name) == "adatrue"
    (hold,) = await retention.holds()
    await retention.lift(hold.id, BEN)
    removal = await removals.claim(ME, 9.0, 0.0)
    assert removal is not None
    await removals.finish(ADA)
    assert await fetch(place, name) == "deleted-1true"


async def test_an_erasure_stops_before_a_room_on_hold(
    place: DatabaseAddress | None, storage: Storage, retention: Retention
) -> None:
    if place is None:
        pytest.skip("accounts know nothing of holds in the reference model")
    room = await storage.rooms.create("garden", ADA, is_private=False)
    assert isinstance(room, Room)
    await storage.messages.save([Draft(each, ADA, "ada", "x", NOW) for each in (LOBBY_ID, room.id, LOBBY_ID)])
    await retention.place("room", room.id, "case 7", BEN)
    assert await storage.users.delete(ADA, how=How.ERASE)
    removals = storage.account_removals
    assert await removals.claim(ME, 9.0, 0.0) is not None
    window = await removals.window(ADA, 0, 20)
    assert ([each.room_id for each in window.writes], window.is_held, window.is_end) == (
        [LOBBY_ID],
        True,
        False,
    )
    assert await removals.window(ADA, window.last_id, 20) == Window([], window.last_id, False, is_held=True)
    await removals.postpone(ADA, 60.0)
    assert await removals.claim(ME, 9.0, 0.0) is None


async def test_a_deleted_room_on_hold_stays_in_the_database(
    place: DatabaseAddress | None, storage: Storage, retention: Retention
) -> None:
    if place is None:
        pytest.skip("deleted rooms know nothing of holds in the reference model")
    room = await storage.rooms.create("garden", ADA, is_private=False)
    assert isinstance(room, Room)
    await say(storage, 1, room=room.id)
    await retention.place("room", room.id, "case 7", BEN)
    await storage.messages.save([RoomDeletion(room.id, ADA, NOW)])
    count = f"SELECT count(*) FROM messages WHERE room_id = {room.id}"
    assert not await storage.rooms.remove_deleted(100)
    assert await fetch(place, count) == 1
    (hold,) = await retention.holds()
    await retention.lift(hold.id, BEN)
    while await storage.rooms.remove_deleted(100):
        pass
    assert await fetch(place, count) == 0


async def test_holds_need_a_target_that_is_there(storage: Storage, retention: Retention) -> None:
    assert not await retention.place("person", 99, "x", ADA)
    assert not await retention.place("room", 99, "x", ADA)
    assert not await retention.place("server", 99, "x", ADA)
    assert await retention.place("person", ADA, "one", ADA)
    assert await retention.place("person", ADA, "another", BEN)
    (hold,) = await retention.holds()
    assert hold.reason == "another"


async def test_a_room_has_a_rule_of_its_own(storage: Storage, retention: Retention) -> None:
    await say(storage, 90, 20, 1)
    assert await retention.room_rule(LOBBY_ID) == RoomRule()
    assert await retention.set_room_rule(LOBBY_ID, RoomRule(10), ADA)
    assert await retention.room_rule(LOBBY_ID) == RoomRule(10)
    for keep, count in (("server", 0), ("shorter", 2), ("any", 2)):
        rules = Rules(rooms_keep=keep, grace=0.0)  # type: ignore[arg-type]
        assert [each.count for each in await retention.expired(rules)] == [count]
    for keep, count in (("server", 1), ("shorter", 2), ("any", 2)):
        rules = Rules(message_days=30, rooms_keep=keep, grace=0.0)  # type: ignore[arg-type]
        assert [each.count for each in await retention.expired(rules)] == [count]
    await retention.set_room_rule(LOBBY_ID, RoomRule(0), ADA)
    for keep, count in (("server", 1), ("shorter", 1), ("any", 0)):
        rules = Rules(message_days=30, rooms_keep=keep, grace=0.0)  # type: ignore[arg-type]
        assert [each.count for each in await retention.expired(rules)] == [count]
    await retention.set_room_rule(LOBBY_ID, RoomRule(0, is_by_admin=True), ADA)
    assert [each.count for each in await retention.expired(MONTH)] == [0]
    assert not await retention.set_room_rule(99, RoomRule(1), ADA)
    assert await retention.shortest_room_days() == 0
    room = await storage.rooms.create("roses", ADA, is_private=False)
    assert isinstance(room, Room)
    for room_id, days in ((room.id, 20), (LOBBY_ID, 10)):
        await retention.set_room_rule(room_id, RoomRule(days), ADA)
        assert await retention.shortest_room_days() == days
    kept = await storage.audit.acts(None, 10, kinds=("room_keep_changed",))
    assert [each.detail for each in kept] == ["10 days", "20 days", "for ever", "for ever", "10 days"]


async def test_a_changed_rule_of_a_room_removes_nothing_for_a_while(
    storage: Storage, retention: Retention
) -> None:
    await say(storage, 90, 1)
    await retention.set_room_rule(LOBBY_ID, RoomRule(10), ADA)
    assert await retention.too_old(Rules(rooms_keep="any", grace=3600.0), 0, 100) == []
    assert len(await retention.too_old(Rules(rooms_keep="any", grace=0.0), 0, 100)) == 1


async def test_counts_are_recorded(storage: Storage, retention: Retention) -> None:
    await retention.count({"messages": 0}, 3)
    assert await storage.audit.acts(None, 10) == []
    await retention.count({"messages": 7}, 0)
    (act,) = await storage.audit.acts(None, 10)
    assert (act.what, act.by, act.detail) == ("expired_removed", None, "7 messages")


async def test_conversations_are_rooms_too(storage: Storage, retention: Retention) -> None:
    room = await storage.rooms.support_room(BEN)
    assert isinstance(room, Room)
    await say(storage, 90, 1, room=room.id, by=BEN)
    (found,) = await retention.too_old(MONTH, 0, 100)
    assert found.people == SupportOf(Peer(BEN, "ben"))
