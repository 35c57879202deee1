"""Labels, cancelled at many points: what was answered is so, and of each name there is one label."""

from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.features.labels.port import LABELS, Label
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.features.notes.test_cancellation import a_conversation
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty

PATH = "/api/v1/support/labels"


async def over_http(run: Run) -> None:
    """Make a label, change it, give it, take it and remove it."""

    async def speak(wire: Wire, world: World) -> None:
        olga, room = await a_conversation(world.storage)
        token, labels = world.token(olga), world.storage.feature_ports[LABELS]
        await wire.asks("POST", PATH, {"name": "urgent"}, token)
        for each in await labels.all():
            got: Any = await wire.asks("PATCH", f"{PATH}/{each.id}", {"name": "Urgent"}, token)
            if isinstance(got, dict) and "name" in got:
                assert [kept.name for kept in await labels.all()] == ["Urgent"]
            given = f"/api/v1/support/{room}/labels/{each.id}"
            for method, ids in (("PUT", [each.id]), ("DELETE", [])):
                got = await wire.asks(method, given, None, token)
                if isinstance(got, dict) and "labels" in got:
                    assert got["labels"] == (await labels.labelled(0)).get(room, []) == ids
            await wire.asks("GET", "/api/v1/support/labelled", None, token)
            await wire.asks("GET", PATH, None, token)
            await wire.send(
                f"DELETE {PATH}/{each.id} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
            )
            await wire.until(b"HTTP/1.1 204", b"HTTP/1.1 404", b"HTTP/1.1 5")
        await wire.asks("PUT", f"/api/v1/support/{room + 1}/labels/1", None, token)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Add, change, give and remove: no name is there twice."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            _, room = await a_conversation(storage)
            labels = storage.feature_ports[LABELS]

            async def write_and_read() -> None:
                for name in ("one", "two"):
                    added = await labels.add(name, name, "grey")
                    assert isinstance(added, Label)
                    await labels.change(added, f"new {name}")
                    await labels.switch(room, added.id, on=True)
                await labels.labelled(0)
                await labels.all()
                await labels.remove(added.id)

            await run.target(write_and_read)
            names = [each.name for each in await labels.all()]
            assert len({*names}) == len(names)
            given = (await labels.labelled(0)).get(room, [])
            assert {*given} <= {each.id for each in await labels.all()}

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "labels over HTTP", flavours=CANCELLING, virtual=False, limit=30, every=60, seeds=1
    )


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "labels in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
