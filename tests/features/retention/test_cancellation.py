"""Removing expired messages, cancelled at many points: younger ones stay, and the next remover goes on."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.administration.live_settings import LiveSettings
from chat.domain.entities import LOBBY_ID, Draft, Message, Peer, Person, SupportOf, Visit
from chat.domain.messages.changes import Reaction, SupportChange
from chat.domain.ports import NewPerson
from chat.features.registry import FEATURES
from chat.features.retention.changes import Expiry, Trim
from chat.features.retention.conversations import OLD_CONVERSATIONS
from chat.features.retention.ports import RETENTION
from chat.features.retention.remover import Remover, open_remover
from chat.features.retention.rows import OLD_ROWS
from chat.features.retention.rules import DAY, Kind, RoomRule, Rules
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import PostgresStorage, open_postgres_storage
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.swept_world import fill, swept_world
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty

AGES = (90.0, 60.0, 40.0, 1.0)
KEPT = Rules(message_days=30, grace=0.0)
SUPPORT = Rules(support_close_days=14, support_remove_days=30, grace=0.0)


def old_drafts(person_id: int) -> list[Draft]:
    return [Draft(LOBBY_ID, person_id, "ada", f"{age}", time.time() - age * DAY) for age in AGES]


async def settle(settings: LiveSettings) -> None:
    days = {"message_days": 30, "support_close_days": 14, "support_remove_days": 60}
    await settings.change(
        None, days | dict.fromkeys(("edit_days", "change_days", "key_days", "deleted_days"), 30)
    )


async def removing(run: Run) -> None:
    """Remove expired messages twice: the young ones stay, and one change is published."""
    async with swept_world(run) as (world, _witness):
        ada = await world.add("ada")
        forgotten = await world.make_room(ada)  # its newest message is too old as well
        await fill(world, old_drafts(ada.id))
        idle, closed = await _conversation(world, "anna", 30), await _conversation(world, "vera", 90)
        await fill(world, [Draft(forgotten.id, ada.id, "ada", "old", time.time() - 90 * DAY)])
        await settle(world.services.settings)

        async def remove() -> None:
            async with open_remover(world.services):
                await trio.sleep(0.01)
            await Remover(world.services, grace=0.0).remove_all()

        await run.target(remove)
        await Remover(world.services, grace=0.0).remove_all()
        page = await world.storage.timelines.history(ada.id, LOBBY_ID, 9, 1 << 20, 1 << 60)
        assert page is not None
        assert ([each.text for each in page.messages], page.first) == (["1.0"], 4)
        assert page.pos == 5
        acts = await world.storage.audit.acts(None, 9, kinds=("conversation_closed",))
        assert [act.person and act.person.id for act in acts] == [idle]
        assert await world.storage.users.by_id(closed) is None


async def _conversation(world: World, name: str, days_ago: float) -> int:
    """Add a visitor who wrote so many days ago, and return their id. After more than 60 days it is closed."""
    person = await world.storage.users.add(NewPerson(name=name, password_hash=b"", visit=Visit()))
    assert isinstance(person, Person)
    room = await world.storage.rooms.support_room(person.id)
    assert room is not None
    people, at = SupportOf(Peer(person.id, name)), time.time() - days_ago * DAY
    await fill(world, [Draft(room.id, person.id, name, "x", at, people=people)])
    if days_ago > 60:
        await world.services.writes.write(SupportChange(room.id, person.id, at, people, is_closed=True))
    return person.id


async def over_http(run: Run) -> None:
    """Set rules, and place and lift a hold: what was answered is so."""

    async def ask(wire: Wire, world: World) -> None:
        olga = await world.add("olga")
        changed = await world.storage.users.administer(olga.id, AccountChange(is_admin=True), None)
        assert isinstance(changed, Person)
        garden, token = (await world.make_room(olga)).id, world.token(changed)
        for path in (f"/rooms/{garden}", f"/admin/rooms/{garden}"):
            rule = await wire.asks("PUT", f"/api/v1{path}/retention", {"days": 9}, token)
            assert run.fired or rule["days"] == 9
        await wire.asks("GET", f"/api/v1/rooms/{garden}/retention", None, token)
        await wire.asks("GET", "/api/v1/admin/retention", None, token)
        hold = {"kind": "room", "target": garden, "reason": "case 7"}
        await wire.asks("POST", "/api/v1/admin/holds", hold, token)
        await wire.asks("GET", "/api/v1/admin/holds", None, token)
        await wire.asks("DELETE", "/api/v1/admin/holds/1", None, token)
        assert run.fired or await world.storage.feature_ports[RETENTION].holds() == []
        await wire.stream.aclose()

    await one_connection(run, ask, config())


@asynccontextmanager
async def _storage_at(address: DatabaseAddress) -> AsyncGenerator[PostgresStorage]:
    async with open_postgres_storage(
        address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
    ) as storage:
        yield storage


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Each call of the port once: a step is done whole or not at all, and nothing young goes."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with _storage_at(address) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            saved = await storage.messages.save(old_drafts(ada.id))
            assert all(isinstance(each, Message) for each in saved)
            await run.target(_remove, storage, ada.id)
            page = await storage.timelines.history(ada.id, LOBBY_ID, 9, 1 << 20, 1 << 60)
            assert page is not None
            left = [each.text for each in page.messages]
            assert left == [f"{age}" for age in AGES][-len(left) :]
            assert page.first <= page.messages[0].seq <= 4

    return scenario


async def _remove(storage: PostgresStorage, ada: int) -> None:
    retention = storage.feature_ports[RETENTION]
    assert await retention.claim(1, 9.0)
    await retention.set_room_rule(LOBBY_ID, RoomRule(30), ada)
    assert await retention.room_rule(LOBBY_ID) == RoomRule(30)
    assert await retention.place("person", 1, "case 7", ada)
    (hold,) = await retention.holds()
    assert await retention.lift(hold.id, ada)
    assert len(await retention.expired(KEPT)) == 1
    (room,) = await retention.too_old(KEPT, 0, 9)
    assert await retention.remove_messages(1, room, 2, is_first=True) == 2
    assert await retention.remove_messages(1, room, 2, is_first=False) == 1
    assert await retention.remove_messages(1, room, 2, is_first=True) == 0
    nowhere = Expiry(room_id=LOBBY_ID, actor_id=ada, created_at=1.0, seq=99)
    assert await storage.messages.save([nowhere]) == [None]
    await storage.messages.save([Trim(room_id=LOBBY_ID, actor_id=ada, created_at=1.0)])
    await retention.count({"messages": 3}, 0)
    await _remove_conversations(storage)
    await _remove_rows(storage)
    assert len(await storage.figures()) > 2


async def _remove_conversations(storage: PostgresStorage) -> None:
    old = storage.feature_ports[OLD_CONVERSATIONS]
    anna = await storage.users.add(NewPerson(name="anna", password_hash=b"", visit=Visit()))
    assert isinstance(anna, Person)
    room = await storage.rooms.support_room(anna.id)
    assert room is not None
    people, long_ago = SupportOf(Peer(anna.id, anna.name)), time.time() - 90 * DAY
    await storage.messages.save([Draft(room.id, anna.id, "anna", "x", long_ago, people=people)])
    assert [each.count for each in await old.expired(SUPPORT)] == [1, 0]
    (idle,) = await old.idle(SUPPORT, 0, 9)
    close = SupportChange(room.id, anna.id, long_ago, people, is_closed=True, idle_days=14, at_pos=idle.pos)
    await storage.messages.save([close])
    (visitor,) = await old.old_visitors(SUPPORT, 0, 9)
    assert await old.remove_visitor(1, SUPPORT, visitor)


async def _remove_rows(storage: PostgresStorage) -> None:
    rows, rules = storage.feature_ports[OLD_ROWS], Rules(edit_days=30, change_days=30, key_days=30)
    assert len(await rows.expired_rows(rules)) == 1
    long_ago = time.time() - 90 * DAY
    for nth in range(3):
        await storage.messages.save([Reaction(LOBBY_ID, 4, 1, "👍", nth != 1, long_ago)])
    for kind, count in (
        (Kind.CHANGES, 3),
        (Kind.EARLIER_TEXTS, 0),
        (Kind.KEYS, 0),
        (Kind.READ_MARKS, 0),
        (Kind.DIGESTS, 0),
    ):
        step = await rows.remove_rows(1, kind, rules, (), 9)
        assert step.removed == count


def test_removing_at_every_point(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        removing,
        "removing expired messages, cancelled",
        flavours=CANCELLING,
        virtual=False,
        limit=20,
        seeds=1,
        distinct=True,
        collect_every=5,
    )


def test_rules_and_holds_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http,
        "rules and holds over HTTP, cancelled",
        flavours=CANCELLING,
        limit=20,
        every=40,
        seeds=1,
        virtual=False,
    )


@in_campaign
def test_removing_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    cancel_sweep.scenario(
        in_postgres(one_database),
        "removing in PostgreSQL, cancelled",
        virtual=False,
        limit=20,
        every=250 if cancel_sweep.is_whole else 1000,
        seeds=1,
    )
