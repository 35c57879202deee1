"""Threads, cancelled at many points: what was answered about following is so."""

from functools import partial
from typing import Any

import trio
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import Draft, Message, MessageKind, Person, Room
from chat.domain.ports import NewPerson
from chat.domain.rooms.room_history import HistoryQuery
from chat.features.registry import FEATURES
from chat.features.threads.filling import open_filling
from chat.features.threads.use_cases import THREADS
from chat.protocols.native.wire.codec import NATIVE
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.swept_world import assert_nothing_left, converse, swept_world
from tests.features.threads.test_filling import Filling
from tests.reference.storage import MemoryStorage
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty

PLENTY = 1 << 20


async def over_http(run: Run) -> None:
    """Read threads, follow one, and unfollow it: what was answered is so."""

    async def speak(wire: Wire, world: World) -> None:
        ada, cem = await world.add_all("ada", "cem")
        garden, token = (await world.make_room(ada)).id, world.token(ada)
        room = f"/api/v1/rooms/{garden}"
        await wire.asks("POST", f"{room}/messages", {"key": "k", "text": "hello"}, token)
        await wire.asks("POST", f"{room}/messages", {"key": "l", "text": "hi", "reply": 1}, token)
        await wire.asks("GET", f"{room}/threads", None, token)
        for method, is_on in (("DELETE", False), ("PUT", True)):
            got: Any = await wire.asks(method, f"{room}/threads/1/following", None, token)
            if isinstance(got, dict) and "following" in got:
                page = await world.storage.feature_ports[THREADS].read(
                    ada.id, garden, 1, HistoryQuery(), PLENTY
                )
                assert page is not None
                assert page.thread.is_followed == is_on == got["following"]
            assert run.fired or got == {"root": 1, "following": is_on}
            await wire.asks("GET", f"{room}/threads/1", None, token)
        await world.storage.messages.save([Draft(garden, cem.id, "cem", "", 1.0, MessageKind.JOIN)])
        await world.storage.feature_ports[THREADS].follow(cem.id, garden, 1, is_on=True)
        await world.storage.rooms.create(
            "roses", ada.id, is_private=False
        )  # as a server that was stopped left it
        made: Any = await wire.asks("POST", f"{room}/threads/1/room", {"key": "m", "name": "roses"}, token)
        if isinstance(made, dict) and "id" in made:
            quote = await world.storage.timelines.history(ada.id, made["id"], 9, PLENTY, 2**62)
            assert quote is not None
            (text,) = [each.text for each in quote.messages if each.kind is MessageKind.TEXT]
            assert cem.id in {each.person.id for each in await world.storage.rooms.members(made["id"], 0, 9)}
            assert text.startswith("> hello\n>\n> — ada, #")
            assert text.endswith(f"/room/{garden}/1")
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def on_the_socket(run: Run) -> None:
    """Ask for threads of a room that one may not see: nothing is read and nothing is followed."""
    async with swept_world(run) as (world, witness):
        ada, ben = await world.add("ada"), await world.add("ben")
        room = (await world.make_room(ada)).id
        frames = [
            {"type": "hello", "id": 1, "token": world.token(ben)},
            {"type": "threads", "id": 2, "room": room},
            {"type": "thread", "id": 3, "room": room, "seq": 1},
            {"type": "follow_thread", "id": 4, "room": room, "seq": 1},
        ]
        client = await converse(run, world, NATIVE, None, frames, meanwhile=partial(trio.sleep, 5))
        answers = [each for each in client.received_now() if each.get("id") in (2, 3, 4)]
        assert {each["type"] for each in answers} <= {"error"}
        assert run.fired or len(answers) == 3
        await assert_nothing_left(world, witness, client)


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Reply, follow, read pages and fill: a reply is in its thread, whatever was cancelled."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with open_postgres_storage(
            address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
        ) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            room = await storage.rooms.create("garden", ada.id, is_private=False)
            assert isinstance(room, Room)
            await storage.messages.save([Draft(room.id, ada.id, "ada", "tea?", 1.0)])
            threads = storage.feature_ports[THREADS]

            async def write_and_read() -> None:
                await storage.messages.save([Draft(room.id, ada.id, "ada", "yes", 2.0, reply=1)])
                assert await threads.people(room.id, 1, 9) == [ada.id]
                assert await threads.untouched(ada.id, "roses", is_private=False) is None
                await threads.follow(ada.id, room.id, 1, is_on=False)
                pages = HistoryQuery(), HistoryQuery(after=0), HistoryQuery(around=3, limit=2)
                for asked in pages:
                    page = await threads.read(ada.id, room.id, 2, asked, PLENTY)
                    assert page is not None
                    assert [each.seq for each in page.replies] == [2]
                async with open_filling(threads):
                    assert len(await threads.of_room(ada.id, room.id, 0, 9, 9)) == 1

            await run.target(write_and_read)
            page = await threads.read(ada.id, room.id, 1, HistoryQuery(), PLENTY)
            assert page is not None
            log = await storage.messages.read_log(0, 99, PLENTY)
            replies = [each.seq for each in log if isinstance(each, Message) and each.root == 1]
            assert [each.seq for each in page.replies] == replies

    return scenario


async def of_earlier_replies(run: Run) -> None:
    """Give earlier replies their roots, beside an outage: the steps go on, and end."""
    threads = Filling(MemoryStorage())

    async def fill() -> None:
        async with open_filling(threads):
            await trio.sleep(60)

    await run.target(fill)
    assert run.fired or threads.steps == 5


def test_on_the_socket(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(on_the_socket, "threads on the socket", flavours=CANCELLING)


def test_of_earlier_replies(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(of_earlier_replies, "threads of earlier replies", flavours=CANCELLING)


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "threads over HTTP", flavours=CANCELLING, virtual=False, limit=20, every=60, seeds=1
    )


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    cancel_sweep.scenario(
        in_postgres(one_database), "threads in PostgreSQL", virtual=False, limit=20, every=25, seeds=1
    )
