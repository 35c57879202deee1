"""Saved messages, cancelled at many points: what was answered about saving is so."""

import time
from functools import partial
from typing import Any

import pytest
import trio
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import Draft, Person, Room
from chat.domain.own_pushes import OWN_PUSHES
from chat.domain.ports import NewPerson, NewSession, Refreshing
from chat.due.port import DueItem
from chat.features.push.delivery import PushAnswer
from chat.features.push.keys import Keys, new_private_key
from chat.features.push.own import OwnPushSender
from chat.features.push.sending import Outgoing
from chat.features.push.subscriptions import SUBSCRIPTIONS, Subscription
from chat.features.registry import FEATURES
from chat.features.saved import queries
from chat.features.saved.reminder_native import due_event
from chat.features.saved.reminders import REMINDER, REMINDERS, announce
from chat.features.saved.use_cases import SAVED_MESSAGES, TOO_MANY_SAVED
from chat.protocols.native.wire.codec import NATIVE
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.swept_world import assert_nothing_left, converse, swept_world
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty

PLENTY = 1 << 20


async def over_http(run: Run) -> None:
    """Save a message, list it, and remove it again: what was answered is so."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        garden, token = (await world.make_room(ada)).id, world.token(ada)
        api = "/api/v1"
        await wire.asks("POST", f"{api}/rooms/{garden}/messages", {"key": "k", "text": "hello"}, token)
        for method, is_on in (("PUT", True), ("DELETE", False)):
            got: Any = await wire.asks(method, f"{api}/me/saved/{garden}/1", None, token)
            if isinstance(got, dict) and "saved" in got:
                places = await world.storage.feature_ports[SAVED_MESSAGES].places(ada.id)
                assert places == ({garden: [1]} if is_on else {})
            assert run.fired or got == {"saved": is_on}
            await wire.asks("GET", f"{api}/me/saved", None, token)
            await wire.asks("GET", f"{api}/me/saved/places", None, token)
        await wire.asks("PUT", f"{api}/me/saved/{garden + 1}/1", None, token)
        at = int(time.time() + 60) * 1000
        for method, when in (("PUT", {"at": at}), ("DELETE", None)):
            got = await wire.asks(method, f"{api}/me/saved/{garden}/1/reminder", when, token)
            assert run.fired or got == (when or {})
        await wire.asks("PUT", f"{api}/me/saved/{garden + 1}/1/reminder", {"at": at}, token)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def on_the_socket(run: Run) -> None:
    """Save a message of a room that one may not see: nothing is saved."""
    async with swept_world(run) as (world, witness):
        ada, ben = await world.add("ada"), await world.add("ben")
        room = (await world.make_room(ada)).id
        frames = [
            {"type": "hello", "id": 1, "token": world.token(ben)},
            {"type": "save", "id": 2, "room": room, "seq": 1},
            {"type": "remind", "id": 3, "room": room, "seq": 1, "at": int(time.time() + 60) * 1000},
        ]
        client = await converse(run, world, NATIVE, None, frames, meanwhile=partial(trio.sleep, 5))
        answers = [each for each in client.received_now() if each.get("id") == 2]
        assert {each["type"] for each in answers} <= {"error"}
        assert run.fired or len(answers) == 1
        await assert_nothing_left(world, witness, client)


async def announcing(run: Run) -> None:
    """Announce a reminder, with a push to a service that refuses the connection; it is announced, or due again."""
    async with swept_world(run) as (world, _):
        ada = await world.add("ada")
        room = (await world.make_room(ada)).id
        await world.storage.messages.save([Draft(room, ada.id, "ada", "hello", 1.0)])
        ports = world.services.feature_ports
        store = ports[REMINDERS]
        await store.remind(ada.id, room, 1, -1.0)
        session = await world.storage.sessions.begin(
            NewSession(person_id=ada.id, generation=0, lasts=9e9, refreshing=Refreshing(b"f", b"o", b"n"))
        )
        assert session is not None
        subscription = Subscription(
            session_id=session.id,
            person_id=ada.id,
            endpoint="https://push.example/ada",
            p256dh=bytes(65),
            auth=bytes(16),
        )
        await ports[SUBSCRIPTIONS].subscribe(subscription)
        own = ports[OWN_PUSHES]
        assert isinstance(own, OwnPushSender)

        async def send(*_: object, **__: object) -> PushAnswer:
            await trio.lowlevel.checkpoint()
            return PushAnswer(status=410)

        async def outgoing() -> Outgoing:
            await trio.lowlevel.checkpoint()
            return Outgoing(Keys(new_private_key()), send, "")

        own.outgoing = outgoing
        await run.target(announce, world.services, due_event, DueItem(1, REMINDER, str(ada.id), 1))
        is_due = [each.is_due for each in await store.reminders(ada.id)]
        assert is_due in ([True], [False])
        assert run.fired or (is_due == [True] and not await ports[SUBSCRIPTIONS].of_person(ada.id))


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Save up to the limit, list and remove: there are never more, and the list has what the places have."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with open_postgres_storage(
            address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
        ) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            room = await storage.rooms.create("garden", ada.id, is_private=False)
            assert isinstance(room, Room)
            for text in ("one", "two"):
                await storage.messages.save([Draft(room.id, ada.id, "ada", text, 1.0)])
            saved = storage.feature_ports[SAVED_MESSAGES]
            reminders = storage.feature_ports[REMINDERS]

            async def write_and_read() -> None:
                await saved.save(ada.id, room.id, 1)
                assert await saved.save(ada.id, room.id, 2) in (TOO_MANY_SAVED, None)
                await saved.page(ada.id, 2**63 - 1, 9, PLENTY)
                await saved.places(ada.id)
                await saved.remove(ada.id, room.id, 1)
                for at in (1.0, 8e9):
                    await reminders.remind(ada.id, room.id, 1, at)
                    found = await reminders.due(ada.id)
                    await reminders.settle(ada.id, found)
                await reminders.reminders(ada.id)
                await reminders.forget(ada.id, room.id, 1)
                await reminders.settle(ada.id, found)

            await run.target(write_and_read)
            listed = await saved.page(ada.id, 2**63 - 1, 9, PLENTY)
            places = (await saved.places(ada.id)).get(room.id, [])
            assert [each.message.seq for each in listed] == places
            assert len(places) <= 1

    return scenario


def test_on_the_socket(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(on_the_socket, "saved messages on the socket", flavours=CANCELLING)


def test_announcing(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(announcing, "announcing reminders", flavours=CANCELLING)


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "saved messages over HTTP", flavours=CANCELLING, virtual=False, limit=20, every=60, seeds=1
    )


@in_campaign
def test_in_postgres(
    cancel_sweep: Sweeper, one_database: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_SAVED", 1)
    cancel_sweep.scenario(
        in_postgres(one_database),
        "saved messages in PostgreSQL",
        virtual=False,
        limit=20,
        every=25,
        seeds=1,
    )
