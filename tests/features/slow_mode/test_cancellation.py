"""Slow mode, cancelled at many points: who sent waits, and nobody else does."""

from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import Draft, Message, MessageKind, Person, Room
from chat.domain.messages.outcomes import Repeated, Saved
from chat.domain.ports import NewPerson
from chat.features.registry import FEATURES
from chat.features.slow_mode.changes import SetSlowMode, SlowModeSet
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.support.chat_world import World
from tests.support.databases import empty

PLENTY = 1 << 20


async def over_http(run: Run) -> None:
    """Turn slow mode on and off: what was answered is so."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        garden, token = (await world.make_room(ada)).id, world.token(ada)
        for seconds in (30, 0):
            body = {"seconds": seconds}
            got: Any = await wire.asks("PUT", f"/api/v1/rooms/{garden}/slow_mode", body, token)
            if isinstance(got, dict) and "seconds" in got:
                assert got["seconds"] == seconds == world.storage.rooms.slow_seconds.get(garden, 0)
            assert run.fired or got == body
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Send in a room in slow mode: of the two messages one is in the log, or none."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with open_postgres_storage(
            address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
        ) as storage:
            for name in ("ada", "ben"):
                assert isinstance(await storage.users.add(NewPerson(name=name, password_hash=b"x")), Person)
            room = await storage.rooms.create("garden", 1, is_private=False)
            assert isinstance(room, Room)
            await storage.messages.save([Draft(room.id, 2, "ben", "", 1.0, MessageKind.JOIN)])
            first, second = (Draft(room.id, 2, "ben", text, 2.0, key=text) for text in ("one", "two"))
            saved: list[Saved] = []

            def slow(seconds: int) -> SetSlowMode:
                return SetSlowMode(room_id=room.id, actor_id=1, created_at=2.0, seconds=seconds)

            async def write() -> None:
                await storage.messages.save([slow(30)])
                saved.extend(await storage.messages.save([first, second]))
                saved.extend(await storage.messages.save([first]))
                await storage.messages.save([slow(0)])

            await run.target(write)
            log = await storage.messages.read_log(0, 10, PLENTY)
            said = [each.text for each in log if isinstance(each, Message) and each.kind is MessageKind.TEXT]
            assert said in ([], ["one"]), said
            if run.fired:
                is_on = [each.seconds for each in log if isinstance(each, SlowModeSet)] == [30]
                # Whatever was cancelled: it holds as far as it was committed.
                (again,) = await storage.messages.save([second])
                assert isinstance(again, Message) == (not (is_on and said))
            else:
                assert [type(each).__name__ for each in saved] == ["Message", "Refusal", "Repeated"]
                assert isinstance(saved[2], Repeated)
                (again,) = await storage.messages.save([second])
                assert isinstance(again, Message)

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "slow mode over HTTP", flavours=CANCELLING, virtual=False, limit=30, every=60, seeds=1
    )


def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    cancel_sweep.scenario(
        in_postgres(one_database), "slow mode in PostgreSQL", virtual=False, limit=20, every=25, seeds=1
    )
