"""Transcripts, cancelled at many points: the mail was queued and the hour taken, or neither."""

from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.mail.queue import MAILS
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.features.desk_report.test_storage import Desk
from tests.features.transcripts.test_storage import queue
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty, fetch

PATH = "/api/v1/support/transcript"


async def over_http(run: Run) -> None:
    """Ask too early, ask, and ask as an operator."""

    async def speak(wire: Wire, world: World) -> None:
        desk = Desk(world.storage)
        await desk.open()
        await desk.say("mona", "2026-01-12T10:00")
        person, room = desk.rooms["mona"]
        await desk.say("mona", "2026-01-12T10:01", by=desk.olga)
        wanted = {"email": "mona@mail.example"}
        olgas, adas = world.token(desk.olga), world.token(await world.add("ada"))
        got: Any = await wire.asks("POST", f"/api/v1/support/{room}/transcript", wanted, olgas)
        assert run.fired or got["reason"] == "no_mail_server", person
        await wire.asks("POST", f"/api/v1/support/{room + 1}/transcript", wanted, olgas)
        await wire.asks("POST", PATH, wanted, adas)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Be refused, queue, and be refused again."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            desk = Desk(storage)
            await desk.open()
            await desk.say("mona", "2026-01-12T10:00")

            async def write() -> None:
                await queue(desk)
                await desk.say("mona", "2026-01-12T10:01", by=desk.olga)
                await queue(desk)
                await queue(desk)

            await run.target(write)
            queued = await storage.feature_ports[MAILS].listed(9)
        assert len(queued) == await fetch(address, "SELECT count(*) FROM support_transcripts")

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    name = "transcripts over HTTP"
    cancel_sweep.scenario(over_http, name, flavours=CANCELLING, virtual=False, limit=20, every=20, seeds=1)


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "transcripts in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
