"""Rows that expire beside messages: what goes, what stays, and what clients get. On both storages."""

import time
from collections.abc import AsyncGenerator
from typing import Any

import asyncpg
import pytest
import trio

from chat.backup.proving import _ROOMS
from chat.domain.entities import LOBBY_ID, Draft, Message, Person, Room
from chat.domain.messages.changes import Deletion, Edit, Reaction, RoomDeletion
from chat.domain.messages.outcomes import KeyUsed, Repeated
from chat.domain.messages.reading import ReadMark
from chat.domain.messages.sync_types import ChangeRange, Position, PositionState, milliseconds
from chat.domain.ports import NewPerson, Storage
from chat.features.retention.ports import RETENTION, Retention
from chat.features.retention.queries import PostgresRetention
from chat.features.retention.rows import OLD_ROWS, OldRows
from chat.features.retention.rules import DAY, HoldKind, Kind, Rules
from chat.storage.postgres.asyncio_bridge import run_in_asyncio
from chat.storage.postgres.database import DatabaseAddress
from tests.support.databases import execute, fetch
from tests.support.replays import replay, resume_checks

ADA, BEN, CEM = 1, 2, 3
ME, OTHER = 1, 2
"""Numbers of servers."""
PLENTY = 1 << 20


class Garden:
    """The lobby with Ada, Ben and Cem, and what retention removes there."""

    def __init__(self, storage: Storage, place: DatabaseAddress | None) -> None:
        self.storage = storage
        self.place = place
        self.retention: Retention = storage.feature_ports[RETENTION]
        self.rows: OldRows = storage.feature_ports[OLD_ROWS]
        self.now = time.time()

    async def say(self, *days_ago: float, key: str | None = None, room: int = LOBBY_ID) -> list[Message]:
        now = time.time()
        drafts = [Draft(room, ADA, "ada", f"{age} days", now - age * DAY, key=key) for age in days_ago]
        return [each for each in await self.storage.messages.save(drafts) if isinstance(each, Message)]

    async def edit(self, seq: int, text: str, days_ago: float, by: int = ADA) -> None:
        """Edit a message, so many days ago for the database too."""
        at = time.time() - days_ago * DAY
        await self.storage.messages.save([Edit(LOBBY_ID, seq, by, text, at)])
        if self.place is not None:
            age = f"interval '{days_ago} days'"
            await execute(
                self.place,
                f"UPDATE edits SET replaced_at = now() - {age} WHERE replaced_at > now() - interval '1 minute'",
            )

    async def react(self, seq: int, *days_ago: float) -> None:
        for nth, age in enumerate(days_ago):
            at = self.now - age * DAY
            await self.storage.messages.save([Reaction(LOBBY_ID, seq, BEN, "👍", nth % 2 == 0, at)])

    async def remove(self, kind: Kind, by: int = ME, most: int = 2, **days: Any) -> int:
        count = 0
        place: tuple[Any, ...] | None = ()
        while place is not None:
            removed, place = await self.rows.remove_rows(by, kind, Rules(**days), place, most)
            count += removed
        return count

    async def texts(self, seq: int) -> list[str]:
        return [each.text for each in await self.storage.timelines.texts(LOBBY_ID, seq, 10, PLENTY)]


@pytest.fixture
async def garden(storage: Storage, place: DatabaseAddress | None) -> AsyncGenerator[Garden]:
    for name in ("ada", "ben", "cem"):
        assert isinstance(await storage.users.add(NewPerson(name=name, password_hash=b"x")), Person)
    garden = Garden(storage, place)
    assert await garden.retention.claim(ME, 60.0)
    with trio.fail_after(60):
        yield garden


HOLDS: list[tuple[HoldKind, int]] = [("server", 0), ("room", LOBBY_ID), ("person", ADA)]


async def test_an_earlier_text_goes_so_long_after_it_was_replaced(garden: Garden) -> None:
    await garden.say(90, 90, 90)
    for seq, ages in ((1, (80, 70, 20)), (2, (60,)), (3, (10,))):
        for age in ages:
            await garden.edit(seq, f"{age} days", age)
    (counted,) = await garden.rows.expired_rows(Rules(edit_days=30))
    assert counted.count == 3
    assert counted.oldest == pytest.approx(time.time() - 80 * DAY, abs=60)
    assert await garden.remove(Kind.EARLIER_TEXTS) == 0
    assert await garden.remove(Kind.EARLIER_TEXTS, by=ME, edit_days=30) == 3
    assert [await garden.texts(seq) for seq in (1, 2, 3)] == [
        ["70 days", "20 days"],
        ["60 days"],
        ["90 days", "10 days"],
    ], "an old text that was replaced lately is there"
    assert [each.count for each in await garden.rows.expired_rows(Rules(edit_days=30))] == [0]


async def test_old_changes_go_and_who_is_behind_them_starts_over(garden: Garden) -> None:
    said = await garden.say(90, 89, 1)
    await garden.react(1, 80, 70, 60, 20)
    known = [Position(LOBBY_ID, each.pos, milliseconds(each.created_at)) for each in said]
    times = [garden.now - age * DAY for age in (80, 70, 60, 20)]
    assert await garden.remove(Kind.CHANGES, change_days=30) == 2
    checks = await resume_checks(garden.storage, known, 1 << 60)
    assert [(each.state, each.seq) for each in checks] == [
        (PositionState.ERASED, 1),
        (PositionState.ERASED, 2),
        (PositionState.ERASED, 3),
    ]
    (check,) = await resume_checks(garden.storage, [Position(LOBBY_ID, 6, milliseconds(times[2]))], 1 << 60)
    assert check.state is PositionState.GOOD, "the newest expired change stays, as a place to go on from"
    (reacted,) = await replay(garden.storage, BEN, [ChangeRange(LOBBY_ID, 6, 7)], PLENTY)
    assert reacted.pos == 7
    page = await garden.storage.timelines.history(ADA, LOBBY_ID, 9, PLENTY, 1 << 60)
    assert page is not None
    assert ([each.seq for each in page.messages], page.pos) == ([1, 2, 3], 7), "messages stay"
    assert await garden.remove(Kind.CHANGES, change_days=30) == 0


async def test_changes_of_a_conversation_stay_while_they_say_how_idle_it_is(garden: Garden) -> None:
    room = await garden.storage.rooms.support_room(ADA)
    assert isinstance(room, Room)
    await garden.say(90, room=room.id)
    for age in (80, 70, 20):
        at = time.time() - age * DAY
        await garden.storage.messages.save([Reaction(room.id, 1, ADA, "👍", age != 70, at)])
    assert await garden.remove(Kind.CHANGES, change_days=30, support_close_days=90) == 0
    assert await garden.remove(Kind.CHANGES, change_days=30, support_remove_days=75) == 0
    assert await garden.remove(Kind.CHANGES, change_days=30) == 1


async def test_a_key_is_known_for_so_long(garden: Garden) -> None:
    for age, key in ((90, "a"), (60, "b"), (50, "c"), (20, "d")):
        await garden.say(age, key=key)
    await garden.say(10)
    assert await garden.remove(Kind.KEYS, key_days=30) == 3
    assert await garden.remove(Kind.KEYS, key_days=30) == 0
    for age, key, again in ((60, "b", False), (20, "d", True)):
        draft = Draft(LOBBY_ID, ADA, "ada", f"{age} days", time.time(), key=key)
        found = await garden.storage.messages.repeated(draft)
        assert isinstance(found, Repeated) == again
    assert await garden.remove(Kind.KEYS, key_days=15) == 1, "it goes on where it was"


async def test_a_deleted_message_is_not_sent_again_and_its_digest_is_gone(garden: Garden) -> None:
    (message,) = await garden.say(1, key="a")
    await garden.storage.messages.save([Deletion(LOBBY_ID, message.seq, ADA, time.time())])
    same = Draft(LOBBY_ID, ADA, "ada", "1 days", time.time(), key="a")
    other = Draft(LOBBY_ID, ADA, "ada", "other words", time.time(), key="a")
    again, refused = await garden.storage.messages.save([same, other])
    assert isinstance(again, Repeated)
    assert isinstance(refused, KeyUsed)
    if garden.place is not None:
        assert await fetch(garden.place, "SELECT octet_length(key_digest) FROM messages") == 1


async def test_digests_of_what_was_deleted_before_go_too(garden: Garden) -> None:
    if garden.place is None:
        pytest.skip("the reference model keeps no digests")
    for key in "abc":
        await garden.say(1, key=key)
    for seq in (1, 3):
        await garden.storage.messages.save([Deletion(LOBBY_ID, seq, ADA, time.time())])
    await execute(
        garden.place,
        "UPDATE messages SET key_digest = sha256('x'); UPDATE retention_state SET digests_id = 5",
    )
    assert await garden.remove(Kind.DIGESTS, by=OTHER) == 0, "another server has the claim"
    assert await garden.remove(Kind.DIGESTS) == 2
    lengths = "SELECT string_agg(octet_length(key_digest)::text, ' ' ORDER BY seq) FROM messages"
    assert await fetch(garden.place, lengths) == "1 32 1"
    assert await fetch(garden.place, "SELECT digests_id FROM retention_state") == 0


async def test_read_marks_of_people_without_access_go(garden: Garden) -> None:
    storage = garden.storage
    await garden.say(1, 1)
    room = await storage.rooms.create("roses", ADA, is_private=False)
    assert isinstance(room, Room)
    for person in (BEN, CEM):
        joining = Draft(room.id, person, "x", "", time.time())
        await storage.messages.save([joining])
    await storage.timelines.mark_read({(LOBBY_ID, each): ReadMark(2) for each in (ADA, BEN, CEM)})
    assert await storage.users.delete(BEN)
    assert await garden.remove(Kind.READ_MARKS) == 1
    assert await storage.timelines.shared_reads(LOBBY_ID, [ADA, CEM]) == {ADA: 2, CEM: 2}
    assert await garden.remove(Kind.READ_MARKS) == 0


@pytest.mark.parametrize(("kind", "target"), HOLDS)
async def test_a_hold_keeps_all_rows_until_it_is_lifted(garden: Garden, kind: HoldKind, target: int) -> None:
    await garden.say(90, key="a")
    await garden.edit(1, "other", 80)
    await garden.edit(1, "another", 70)
    await garden.storage.timelines.mark_read({(LOBBY_ID, ADA): ReadMark(1)})
    assert await garden.retention.place(kind, target, "case 7", BEN)
    assert await garden.storage.users.delete(ADA)
    kinds = (Kind.EARLIER_TEXTS, Kind.CHANGES, Kind.KEYS, Kind.READ_MARKS)
    days = {"edit_days": 30, "change_days": 30, "key_days": 30}
    assert [await garden.remove(each, **days) for each in kinds] == [0, 0, 0, 0]
    assert await garden.texts(1) == ["90 days", "other", "another"]
    (hold,) = await garden.retention.holds()
    await garden.retention.lift(hold.id, BEN)
    assert [await garden.remove(each, **days) for each in kinds] == [2, 1, 1, 1]


async def test_what_somebody_writes_now_is_left_to_the_next_step(
    place: DatabaseAddress | None, garden: Garden
) -> None:
    if place is None:
        pytest.skip("nobody writes meanwhile in the reference model")
    await garden.say(90, key="a")
    await garden.say(80, key="b")
    await garden.edit(1, "other", 80)
    await garden.edit(2, "other", 70)
    lock = "SELECT FROM messages JOIN edits USING (room_id, seq) WHERE seq = 1 FOR UPDATE"
    days = {"key_days": 30, "edit_days": 30, "most": 9}
    writer = await run_in_asyncio(lambda: asyncpg.connect(**place, timeout=10))
    try:
        await run_in_asyncio(writer.execute, "BEGIN")
        await run_in_asyncio(writer.execute, lock)
        assert await garden.remove(Kind.EARLIER_TEXTS, **days) == 1
        assert await garden.remove(Kind.KEYS, **days) == 1
        assert await garden.remove(Kind.KEYS, **days) == 0
        await run_in_asyncio(writer.execute, "COMMIT")
    finally:
        writer.terminate()
    assert await garden.remove(Kind.EARLIER_TEXTS, **days) == 1
    assert await garden.remove(Kind.KEYS, **days) == 1, "it was not forgotten"


async def test_rows_of_deleted_messages_go_from_the_beginning_of_a_room(garden: Garden) -> None:
    await garden.say(90, 80, 70, 60, 1)
    for seq, age in ((1, 50), (2, 40), (4, 40)):
        await garden.storage.messages.save([Deletion(LOBBY_ID, seq, ADA, time.time() - age * DAY)])
    for days, first in ((45, 2), (30, 3)):
        rules = Rules(deleted_days=days, grace=0.0)
        (room,) = await garden.retention.too_old(rules, 0, 100)
        assert await garden.retention.remove_messages(ME, room, 100, is_first=True) == 1
        page = await garden.storage.timelines.history(ADA, LOBBY_ID, 9, PLENTY, 1 << 60)
        assert page is not None
        assert page.first == first
    (left,) = await garden.retention.too_old(rules, 0, 100)
    assert left.is_unannounced
    assert await garden.retention.remove_messages(ME, left, 100, is_first=True) == 0, "one is between"


async def test_a_deleted_room_can_be_put_on_hold_until_it_is_removed(garden: Garden) -> None:
    if garden.place is None:
        pytest.skip("deleted rooms know nothing of holds in the reference model")
    storage = garden.storage
    room = await storage.rooms.create("roses", ADA, is_private=False)
    assert isinstance(room, Room)
    await garden.say(3, 2, 1, room=room.id)
    await storage.messages.save([RoomDeletion(room.id, ADA, time.time())])
    assert await storage.rooms.remove_deleted(1)
    assert await garden.retention.place("room", room.id, "case 7", BEN)
    assert not await storage.rooms.remove_deleted(1)
    assert await fetch(garden.place, f"SELECT count(*) FROM messages WHERE room_id = {room.id}") == 2
    (hold,) = await garden.retention.holds()
    await garden.retention.lift(hold.id, BEN)
    while await storage.rooms.remove_deleted(100):
        pass
    assert not await garden.retention.place("room", room.id, "case 7", BEN)


async def test_nothing_is_removed_once_a_hold_is_placed_between_two_steps(
    place: DatabaseAddress | None, garden: Garden
) -> None:
    if place is None:
        pytest.skip("a step of the reference model has one part")
    await garden.say(90, 80, 1)
    (room,) = await garden.retention.too_old(Rules(message_days=30, grace=0.0), 0, 9)
    assert isinstance(garden.retention, PostgresRetention)
    database, write = garden.retention._database, garden.retention._database.write
    writes = 0

    async def write_and_hold(operation: Any) -> Any:
        nonlocal writes
        writes += 1
        if writes == 2:
            database.write = write  # type: ignore[method-assign]
            await garden.retention.place("person", ADA, "case 7", BEN)
        return await write(operation)

    database.write = write_and_hold  # type: ignore[method-assign]
    assert await garden.retention.remove_messages(ME, room, 100, is_first=True) == 2
    assert await fetch(place, "SELECT count(*) FROM messages") == 3, "they are hidden, and there"
    (hold,) = await garden.retention.holds()
    await garden.retention.lift(hold.id, BEN)
    await garden.retention.remove_messages(ME, room, 100, is_first=True)
    assert await fetch(place, "SELECT count(*) FROM messages") == 1


async def test_a_backup_of_what_is_left_is_proven_and_a_gap_in_it_found(
    place: DatabaseAddress | None, garden: Garden
) -> None:
    if place is None:
        pytest.skip("backups are of PostgreSQL")
    gaps = f"SELECT count(*) FROM ({_ROOMS}) AS rooms"
    await garden.say(90, 80, 1)
    await garden.react(3, 70, 60, 50, 1)
    await garden.say(1)
    assert await fetch(place, gaps) == 0
    (room,) = await garden.retention.too_old(Rules(message_days=30, grace=0.0), 0, 9)
    assert await garden.retention.remove_messages(ME, room, 100, is_first=True) == 2
    assert await fetch(place, gaps) == 0
    assert await garden.remove(Kind.CHANGES, change_days=30, most=100) == 2
    assert await fetch(place, gaps) == 0
    for table, pos in (("changes", 7), ("messages", 8)):
        await execute(place, f"UPDATE {table} SET pos = 99 WHERE pos = {pos}")
        assert await fetch(place, gaps) == 1
        await execute(place, f"UPDATE {table} SET pos = {pos} WHERE pos = 99")
