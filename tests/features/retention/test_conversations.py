"""Idle support conversations are closed, and closed ones are removed with their visitors, on both storages."""

import time
from collections.abc import AsyncGenerator

import pytest
import trio

from chat.domain.entities import Draft, Message, Peer, Person, Room, SupportOf, Visit
from chat.domain.messages.changes import SupportChange, SupportChanged
from chat.domain.messages.outcomes import Unchanged
from chat.domain.ports import NewPerson, Storage
from chat.features.retention.conversations import OLD_CONVERSATIONS, Idle, OldConversations, OldVisitor
from chat.features.retention.ports import RETENTION
from chat.features.retention.rules import DAY, Kind, Rules
from chat.storage.postgres.database import DatabaseAddress
from tests.support.databases import fetch

ME = 1
"""The number of a server."""

RULES = Rules(support_close_days=14, support_remove_days=90, grace=0.0)


class Desk:
    """Olga, an operator, and visitors with their conversations."""

    def __init__(self, storage: Storage, olga: Person) -> None:
        self.storage = storage
        self.olga = olga
        self.old: OldConversations = storage.feature_ports[OLD_CONVERSATIONS]

    async def visitor(self, name: str, *days_ago: float) -> tuple[Peer, int]:
        """Add a visitor who wrote so many days ago, oldest first."""
        new = NewPerson(name=name, password_hash=b"", visit=Visit(email=f"{name}@example.com"))
        person = await self.storage.users.add(new)
        assert isinstance(person, Person)
        room = await self.storage.rooms.support_room(person.id)
        assert isinstance(room, Room)
        peer = Peer(person.id, person.name)
        for age in days_ago:
            await self.say(peer, room.id, peer, age)
        return peer, room.id

    async def say(self, whose: Peer, room: int, by: Peer, days_ago: float) -> None:
        draft = Draft(room, by.id, by.name, "words", time.time() - days_ago * DAY, people=SupportOf(whose))
        saved = await self.storage.messages.save([draft])
        assert isinstance(saved[0], Message)

    async def change(self, room: int, *, is_closed: bool, days_ago: float) -> None:
        at = time.time() - days_ago * DAY
        (saved,) = await self.storage.messages.save(
            [SupportChange(room, self.olga.id, at, is_closed=is_closed)]
        )
        assert isinstance(saved, SupportChanged)

    async def idle(self) -> list[int]:
        return [each.room_id for each in await self.old.idle(RULES, 0, 100)]

    async def visitors(self) -> list[int]:
        return [each.person_id for each in await self.old.old_visitors(RULES, 0, 100)]

    async def expired(self, rules: Rules = RULES) -> list[int]:
        return [each.count for each in await self.old.expired(rules)]


@pytest.fixture
async def desk(storage: Storage) -> AsyncGenerator[Desk]:
    olga = await storage.users.add(NewPerson(name="olga", password_hash=b"x", is_operator=True))
    assert isinstance(olga, Person)
    assert await storage.feature_ports[RETENTION].claim(ME, 60.0)
    with trio.fail_after(60):
        yield Desk(storage, olga)


async def test_a_conversation_in_which_nobody_wrote_is_idle(desk: Desk) -> None:
    anna, idle = await desk.visitor("anna", 30, 20)
    await desk.visitor("boris", 20, 1)
    await desk.visitor("vera")
    _, reopened = await desk.visitor("gleb", 30)
    await desk.change(reopened, is_closed=True, days_ago=20)
    await desk.change(reopened, is_closed=False, days_ago=1)
    assert await desk.old.idle(RULES, 0, 100) == [Idle(idle, anna, 2)]
    assert await desk.expired() == [1, 0]
    assert await desk.expired(Rules()) == [0, 0]
    assert await desk.old.idle(Rules(), 0, 100) == []
    assert await desk.old.idle(RULES, idle, 100) == []


async def test_closing_it_is_recorded_and_a_word_meanwhile_keeps_it_open(desk: Desk) -> None:
    anna, room = await desk.visitor("anna", 30)
    (idle,) = await desk.old.idle(RULES, 0, 100)
    close = SupportChange(
        room, anna.id, time.time(), SupportOf(anna), is_closed=True, idle_days=14, at_pos=idle.pos
    )
    await desk.say(anna, room, anna, 15)
    assert isinstance((await desk.storage.messages.save([close]))[0], Unchanged)
    assert await desk.idle() == [room]
    (now,) = await desk.old.idle(RULES, 0, 100)
    close = SupportChange(
        room, anna.id, time.time(), SupportOf(anna), is_closed=True, idle_days=14, at_pos=now.pos
    )
    made, again = await desk.storage.messages.save([close, close])
    assert isinstance(made, SupportChanged)
    assert made.is_closed
    assert isinstance(again, Unchanged)
    (act,) = await desk.storage.audit.acts(None, 10, kinds=("conversation_closed",))
    assert (act.by, act.person and act.person.id, act.room_id, act.detail) == (None, anna.id, room, "14 days")
    assert await desk.idle() == []


async def test_visitors_go_when_their_conversation_was_closed_for_long(desk: Desk) -> None:
    anna, old = await desk.visitor("anna", 200)
    await desk.change(old, is_closed=True, days_ago=100)
    _, younger = await desk.visitor("boris", 200)
    await desk.change(younger, is_closed=True, days_ago=80)
    await desk.visitor("vera", 200)
    await desk.visitor("gleb")
    assert await desk.old.old_visitors(RULES, 0, 100) == [OldVisitor(anna.id, old)]
    assert (await desk.expired())[1] == 1
    assert not await desk.old.remove_visitor(ME, RULES, OldVisitor(anna.id, younger))
    assert await desk.old.remove_visitor(ME, RULES, OldVisitor(anna.id, old))
    assert not await desk.old.remove_visitor(ME, RULES, OldVisitor(anna.id, old))
    assert await desk.visitors() == []
    removed = await desk.storage.users.nameless([anna.id])
    assert [each.name for each in removed] == [f"deleted-{anna.id}"]
    (account,) = await desk.storage.account_removals.accounts()
    assert (account.person, account.how) == (anna.id, "erase")
    (act,) = await desk.storage.audit.acts(None, 10, kinds=("person_erased",))
    assert act.detail == "conversation closed for 90 days"


_TRACES = """
SELECT (SELECT count(*) FROM rooms WHERE id = 2) + (SELECT count(*) FROM messages WHERE room_id = 2)
    + (SELECT count(*) FROM visits) + (SELECT count(*) FROM marks)
    + (SELECT count(*) FROM users WHERE name = 'anna' OR email IS NOT NULL)"""


async def test_nothing_is_left_of_a_visitor(place: DatabaseAddress | None, desk: Desk) -> None:
    if place is None:
        pytest.skip("the reference model erases messages one by one")
    anna, room = await desk.visitor("anna", 200)
    await desk.say(anna, room, Peer(desk.olga.id, "olga"), 190)
    await desk.change(room, is_closed=True, days_ago=100)
    removals = desk.storage.account_removals
    assert not await desk.old.remove_visitor(2, RULES, OldVisitor(anna.id, room)), (
        "another server has the claim"
    )
    assert await desk.old.remove_visitor(ME, RULES, OldVisitor(anna.id, room))
    removal = await removals.claim(ME, 9.0, 0.0)
    assert removal is not None
    assert removal.person_id == anna.id
    window = await removals.window(anna.id, removal.done_id, 9)
    assert (window.writes, window.is_end) == ([], True), "the log is not read for a visitor"
    await removals.finish(anna.id)
    while await desk.storage.rooms.remove_deleted(100):
        pass
    assert room == 2
    assert await fetch(place, _TRACES) == 0


async def test_a_word_of_the_visitor_meanwhile_keeps_them(desk: Desk) -> None:
    anna, room = await desk.visitor("anna", 200)
    await desk.change(room, is_closed=True, days_ago=100)
    (found,) = await desk.old.old_visitors(RULES, 0, 100)
    await desk.say(anna, room, anna, 0)
    assert not await desk.old.remove_visitor(ME, RULES, found)
    assert await desk.visitors() == []


@pytest.mark.parametrize("kind", ["server", "room", "person", "answered"])
async def test_what_is_on_hold_is_neither_closed_nor_removed(desk: Desk, kind: str) -> None:
    anna, room = await desk.visitor("anna", 200)
    await desk.say(anna, room, Peer(desk.olga.id, "olga"), 190)
    await desk.change(room, is_closed=True, days_ago=100)
    _, idle = await desk.visitor("boris", 20)
    (found,) = await desk.old.old_visitors(RULES, 0, 100)
    retention = desk.storage.feature_ports[RETENTION]
    target = {"server": 0, "room": room, "person": anna.id, "answered": desk.olga.id}[kind]
    held = "person" if kind == "answered" else kind
    assert await retention.place(held, target, "case 7", None)  # type: ignore[arg-type]
    assert await desk.visitors() == []
    assert not await desk.old.remove_visitor(ME, RULES, found)
    assert await desk.idle() == ([] if kind == "server" else [idle])
    (hold,) = await retention.holds()
    assert await retention.lift(hold.id, None)
    assert await desk.old.remove_visitor(ME, RULES, found)


async def test_expired_conversations_have_the_time_of_the_oldest(desk: Desk) -> None:
    await desk.visitor("anna", 30)
    await desk.visitor("boris", 20)
    idle, visitors = await desk.old.expired(RULES)
    assert (idle.kind, idle.count, visitors.kind, visitors.count) == (Kind.IDLE, 2, Kind.VISITORS, 0)
    assert idle.oldest == pytest.approx(time.time() - 30 * DAY, abs=60)
