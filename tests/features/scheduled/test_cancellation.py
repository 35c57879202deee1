"""Scheduled messages, cancelled at many points: each is in the log once, or waits."""

import time
from typing import Any
from unittest.mock import AsyncMock, patch

import pytest
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.application import messages
from chat.domain.entities import LOBBY_ID, Person
from chat.domain.ports import NewPerson
from chat.domain.refusals import BANNED, Code, Refusal
from chat.domain.rooms.slow_mode import slow_refusal
from chat.due.port import DueItem
from chat.features.registry import FEATURES
from chat.features.scheduled import queries
from chat.features.scheduled.native import scheduled_event, unscheduled_event
from chat.features.scheduled.port import SCHEDULED, SCHEDULED_MESSAGES, NewScheduled, Scheduled
from chat.features.scheduled.sending import send_due
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.swept_world import swept_world, texts_saved
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty


async def over_http(run: Run) -> None:
    """Schedule a message, change it, have it sent, and delete it: what was answered is so."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        token, api = world.token(ada), "/api/v1"
        at = int(time.time() + 60) * 1000
        fields: dict[str, Any] = {"key": "k", "text": "hello", "at": at}
        await wire.asks("POST", f"{api}/rooms/{LOBBY_ID}/scheduled", fields, token)
        await wire.asks("PATCH", f"{api}/me/scheduled/1", {"text": "hi"}, token)
        await wire.asks("POST", f"{api}/me/scheduled/1/send", None, token)
        await wire.asks("GET", f"{api}/me/scheduled", None, token)
        got = await wire.asks("DELETE", f"{api}/me/scheduled/1", None, token)
        assert run.fired or got == {"scheduled": 1}
        if got == {"scheduled": 1}:
            assert await world.storage.feature_ports[SCHEDULED_MESSAGES].all_of(ada.id) == []
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def sending(run: Run) -> None:
    """Send two messages, the second of which may not be sent, and then one over the rate."""
    async with swept_world(run) as (world, _):
        ada = await world.add("ada")
        store = world.services.feature_ports[SCHEDULED_MESSAGES]

        async def add(key: str, room: int) -> None:
            made = await store.schedule(
                NewScheduled(person_id=ada.id, room_id=room, key=key, text=key, reply=None, send_at=-1.0)
            )
            assert isinstance(made, Scheduled)

        async def send() -> None:
            item = DueItem(1, SCHEDULED, str(ada.id), 1)
            await send_due(world.services, scheduled_event, unscheduled_event, item)
            await add("c", LOBBY_ID)
            over = Refusal(Code.TOO_MANY, "too fast", retry_after=30.0)
            with patch.object(world.services.budgets, "message", lambda *_: over):
                await send_due(world.services, scheduled_event, unscheduled_event, item)
            await store.release(3)
            slow = slow_refusal(30, 20.0)
            with patch.object(messages, "send", AsyncMock(return_value=slow)):
                await send_due(world.services, scheduled_event, unscheduled_event, item)

        await add("a", LOBBY_ID)
        await add("b", 99)
        await run.target(send)
        kept = {each.key: each.state for each in await store.all_of(ada.id)}
        assert texts_saved(world) in ([], ["a"])
        assert texts_saved(world) == ["a"] or "a" in kept
        assert run.fired or kept == {"b": "refused", "c": "waiting"}


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Schedule up to the limit, change, take, refuse, release and remove."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with open_postgres_storage(
            address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
        ) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            store = storage.feature_ports[SCHEDULED_MESSAGES]

            def new(key: str) -> NewScheduled:
                return NewScheduled(
                    person_id=ada.id, room_id=LOBBY_ID, key=key, text="hello", reply=None, send_at=1.0
                )

            async def write_and_read() -> None:
                await store.schedule(new("a"))
                await store.schedule(new("a"))
                await store.schedule(new("b"))
                (made,) = await store.all_of(ada.id)
                await store.take(ada.id)
                await store.release(made.id)
                await store.take(ada.id)
                await store.postpone(made.id, 1.0)
                await store.take(ada.id)
                await store.refuse(made.id, BANNED)
                await store.change(ada.id, made.id, "hi", 8e9)
                await store.settle(ada.id)
                await store.remove(ada.id, made.id)
                await store.schedule(new("c"))
                await store.sent(made.id)
                await store.settle(ada.id)

            await run.target(write_and_read)
            assert len(await store.all_of(ada.id)) <= 1

    return scenario


def test_sending(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(sending, "sending scheduled messages", flavours=CANCELLING)


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http,
        "scheduled messages over HTTP",
        flavours=CANCELLING,
        virtual=False,
        limit=20,
        every=60,
        seeds=1,
    )


@in_campaign
def test_in_postgres(
    cancel_sweep: Sweeper, one_database: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST", 1)
    cancel_sweep.scenario(
        in_postgres(one_database),
        "scheduled messages in PostgreSQL",
        virtual=False,
        limit=20,
        every=25,
        seeds=1,
    )
