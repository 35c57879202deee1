"""Statuses, cancelled at many points: one that was answered is there, and one that has an end has a due item."""

import time
from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import Person
from chat.domain.ports import NewPerson
from chat.due.port import DUE, DueItem
from chat.features.registry import FEATURES
from chat.features.statuses.use_cases import ALL, PERSON_STATUSES, STATUS_END, PersonStatus, end_due
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.swept_world import swept_world
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty


async def over_http(run: Run) -> None:
    """Set one's status and clear it: what was answered is so."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        token, until = world.token(ada), int(time.time() + 60) * 1000
        got: Any = await wire.asks("PUT", "/api/v1/me/status", {"text": "away", "until": until}, token)
        assert run.fired or got == {"text": "away", "until": until}
        if isinstance(got, dict) and "text" in got:
            person = await world.storage.users.by_id(ada.id)
            assert person is not None
            assert person.status_text == "away"
            assert await world.storage.feature_ports[DUE].next_in([STATUS_END]) is not None
        await wire.send(
            f"DELETE /api/v1/me/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        await wire.until(b"HTTP/1.1 204", b"HTTP/1.1 5")
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def ending(run: Run) -> None:
    """End a status: it is ended, or due."""
    async with swept_world(run) as (world, _):
        ada = await world.add("ada")
        statuses = world.services.feature_ports[PERSON_STATUSES]
        await statuses.set_status(ada.id, PersonStatus(None, "away", -1.0))
        await run.target(end_due, world.services, DueItem(1, STATUS_END, ALL, 1))
        person = await world.storage.users.by_id(ada.id)
        assert person is not None
        is_due = await world.storage.feature_ports[DUE].next_in([STATUS_END]) is not None
        assert is_due == (person.status_text != "")
        assert run.fired or not is_due


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Set statuses and end them: each is with its due item, or neither is."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with open_postgres_storage(
            address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
        ) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            statuses = storage.feature_ports[PERSON_STATUSES]

            async def write_and_end() -> None:
                for until in (1.0, 8e9):
                    await statuses.set_status(ada.id, PersonStatus(None, "away", until))
                    await statuses.end(9)
                await statuses.set_status(ada.id, None)

            await run.target(write_and_end)
            person = await storage.users.by_id(ada.id)
            assert person is not None
            is_due = await storage.feature_ports[DUE].next_in([STATUS_END]) is not None
            assert is_due or person.status_until is None

    return scenario


def test_ending(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(ending, "ending statuses", flavours=CANCELLING)


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "statuses over HTTP", flavours=CANCELLING, virtual=False, limit=20, every=60, seeds=1
    )


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    cancel_sweep.scenario(
        in_postgres(one_database), "statuses in PostgreSQL", virtual=False, limit=20, every=25, seeds=1
    )
