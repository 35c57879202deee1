"""Pins, cancelled at many points: a pin is there with its change of the log, or neither is."""

from functools import partial
from typing import Any

import trio
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import LOBBY_ID, Draft, Message, Person, Room, Visit
from chat.domain.messages.changes import Change
from chat.domain.ports import NewPerson, Storage
from chat.features.pins.changes import Pin, Pinned
from chat.features.pins.use_cases import PINS
from chat.features.registry import FEATURES
from chat.protocols.native.wire.codec import NATIVE
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.swept_world import (
    assert_lobby_told,
    assert_nothing_left,
    converse,
    ear_in_lobby,
    swept_world,
)
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty

PLENTY = 1 << 20


async def over_http(run: Run) -> None:
    """Pin a message, list it, and unpin it: what was answered is so."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        garden, token = (await world.make_room(ada)).id, world.token(ada)
        room = f"/api/v1/rooms/{garden}"
        await wire.asks("POST", f"{room}/messages", {"key": "k", "text": "hello"}, token)
        for method, count in (("PUT", 1), ("DELETE", 0)):
            got: Any = await wire.asks(method, f"{room}/pins/1", None, token)
            if isinstance(got, dict) and "pins" in got:
                assert got["pins"] == count == await world.storage.feature_ports[PINS].count(garden)
            assert run.fired or got == {"pins": count}
            await wire.asks("GET", f"{room}/pins", None, token)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def by_a_visitor(run: Run) -> None:
    """Ask on the socket what visitors may not: it is refused, and nothing is pinned."""
    async with swept_world(run) as (world, witness):
        new = NewPerson(name="visitor-1", password_hash=b"", visit=Visit(email="v@example.com"))
        visitor = await world.storage.users.add(new)
        assert isinstance(visitor, Person)
        ear = await ear_in_lobby(world, "ben")
        frames = [
            {"type": "hello", "id": 1, "token": world.token(visitor)},
            {"type": "pin", "id": 2, "room": LOBBY_ID, "seq": 1},
        ]
        client = await converse(run, world, NATIVE, None, frames, meanwhile=partial(trio.sleep, 5))
        answers = [each for each in client.received_now() if each.get("id") == 2]
        assert [each["code"] for each in answers] in ([], ["forbidden"])
        assert run.fired or answers
        await assert_lobby_told(world, ear)
        await assert_nothing_left(world, witness, client)


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Pin two messages, unpin one, and read the pins: they are those that the log leaves."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with open_postgres_storage(
            address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
        ) as storage:
            room_id, ada = await _room(storage)

            def pin(seq: int, *, is_on: bool) -> Pin:
                return Pin(room_id=room_id, actor_id=ada, created_at=2.0, seq=seq, is_on=is_on)

            async def write_and_read() -> None:
                await storage.messages.save([pin(1, is_on=True), pin(2, is_on=True)])
                await storage.messages.save([pin(1, is_on=False)])
                pins = storage.feature_ports[PINS]
                assert await pins.count(room_id) == len(await pins.list(ada, room_id)) == 1

            await run.target(write_and_read)
            left = await storage.feature_ports[PINS].list(ada, room_id)
            assert [each.message.seq for each in left] == _pinned(
                await storage.messages.read_log(0, 99, PLENTY)
            )

    return scenario


async def _room(storage: Storage) -> tuple[int, int]:
    """Make a room with two messages; return it, and its owner."""
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    assert isinstance(ada, Person)
    room = await storage.rooms.create("garden", ada.id, is_private=False)
    assert isinstance(room, Room)
    saved = await storage.messages.save([Draft(room.id, ada.id, "ada", text, 1.0) for text in ("one", "two")])
    assert all(isinstance(each, Message) for each in saved)
    return room.id, ada.id


def _pinned(log: list[Change]) -> list[int]:
    """What is pinned by the log, the newest pin first."""
    pinned: dict[int, None] = {}
    for change in log:
        if isinstance(change, Pinned):
            pinned.pop(change.seq, None)
            if change.is_on:
                pinned[change.seq] = None
    return [*pinned][::-1]


def test_by_a_visitor(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(by_a_visitor, "pins by a visitor", flavours=CANCELLING)


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "pins over HTTP", flavours=CANCELLING, virtual=False, limit=20, every=60, seeds=1
    )


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    cancel_sweep.scenario(
        in_postgres(one_database), "pins in PostgreSQL", virtual=False, limit=20, every=25, seeds=1
    )
