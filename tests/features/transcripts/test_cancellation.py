"""Transcripts, cancelled at many points: the mail was queued and the hour taken, or neither."""

from typing import Any

from msgspec import structs
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.mail_server import mail_server
from chat.features.transcripts import use_cases
from chat.features.transcripts.use_cases import Wanted
from chat.mail.queue import MAILS
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.swept_world import swept_world
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


async def with_a_mail_server(run: Run) -> None:
    """Have one's own conversation mailed, and another as an operator."""
    async with swept_world(run) as (world, _witness):
        desk = Desk(world.storage)
        await desk.open()
        for visitor in ("mona", "nina"):
            await desk.say(visitor, "2026-01-12T10:00")
            await desk.say(visitor, "2026-01-12T10:01", by=desk.olga)
        mona, (_, ninas) = desk.rooms["mona"][0], desk.rooms["nina"]
        services = structs.replace(world.services, mail=mail_server("smtps://mail.example", "d@chat.example"))
        wanted = Wanted("m@mail.example", "en", "UTC")

        async def ask() -> None:
            await use_cases.send_own(services, mona, wanted)
            await use_cases.send(services, desk.olga, ninas, wanted)

        await run.target(ask)
        queued = len(await world.storage.feature_ports[MAILS].listed(9))
        assert queued == 2 or (run.fired and queued < 2)


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
    cancel_sweep.scenario(over_http, name, flavours=CANCELLING, virtual=False, limit=20, every=60, seeds=1)


def test_with_a_mail_server(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(with_a_mail_server, "transcripts with a mail server", flavours=CANCELLING)


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "transcripts in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
