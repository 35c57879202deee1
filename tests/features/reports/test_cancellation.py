"""Reports, cancelled at many points: what was answered about a report is so."""

from typing import Any

import pytest
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import Draft, Person, Room
from chat.domain.ports import NewPerson
from chat.features.registry import FEATURES
from chat.features.reports import queries
from chat.features.reports.port import HANDLED_ALREADY, REPORTS, TOO_MANY_REPORTS, Done, Reported
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty

EVER = 2**63 - 1


async def add(storage: Any, name: str, *, is_moderator: bool = False, is_admin: bool = False) -> Person:
    new = NewPerson(name=name, password_hash=b"x", is_moderator=is_moderator, is_admin=is_admin)
    person = await storage.users.add(new)
    assert isinstance(person, Person)
    return person


async def over_http(run: Run) -> None:
    """Report a message, list it, act on it: what was answered is so, and what was done is asked for again."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        boss = await add(world.storage, "boss", is_admin=True)
        eve = await world.add("eve")
        garden = (await world.make_room(boss)).id
        api = "/api/v1"
        for each in (ada, eve):
            await wire.asks("PUT", f"{api}/rooms/{garden}/members/{each.id}", {}, world.token(each))
        said: Any = await wire.asks(
            "POST", f"{api}/rooms/{garden}/messages", {"key": "k", "text": "buy now"}, world.token(eve)
        )
        seq = said["seq"] if isinstance(said, dict) and "seq" in said else 3
        reports = world.storage.feature_ports[REPORTS]
        path = f"{api}/rooms/{garden}/messages/{seq}/report"
        got: Any = await wire.asks("POST", path, {"reason": "spam"}, world.token(ada))
        if isinstance(got, dict) and "at" in got:
            assert await reports.count(boss.id) == 1
        assert run.fired or "at" in got
        await wire.asks("GET", f"{api}/reports/count", None, world.token(boss))
        await wire.asks("GET", f"{api}/reports", None, world.token(boss))
        deeds = {"delete": True, "ban": True, "disable": True}
        got = await wire.asks("PUT", f"{api}/reports/1", deeds, world.token(boss))
        if isinstance(got, dict) and "handled" in got:
            assert await reports.count(boss.id) == 0
            now = await world.storage.users.by_id(eve.id)
            assert now is not None
            assert now.is_disabled
        assert run.fired or got["handled"]["done"] == [*deeds]
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Report up to the limit, list and close: there are never more, and each is closed once."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with open_postgres_storage(
            address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
        ) as storage:
            ada, eve = await add(storage, "ada"), await add(storage, "eve")
            mod = await add(storage, "mod", is_moderator=True)
            room = await storage.rooms.create("garden", ada.id, is_private=False)
            assert isinstance(room, Room)
            for text in ("one", "two"):
                await storage.messages.save([Draft(room.id, eve.id, "eve", text, 1.0)])
            reports = storage.feature_ports[REPORTS]

            async def write_and_read() -> None:
                first = await reports.report(ada.id, room.id, 1, "spam", "")
                assert isinstance(first, Reported)
                assert await reports.report(ada.id, room.id, 2, "spam", "") == TOO_MANY_REPORTS
                (one,) = await reports.page(mod.id, EVER, 9, handled=False)
                assert await reports.find(mod.id, one.id) == one
                assert await reports.count(mod.id) == 1
                assert await reports.close(mod.id, one.id, Done(deleted=True)) == [mod.id]
                assert await reports.close(mod.id, one.id, Done()) == HANDLED_ALREADY

            await run.target(write_and_read)
            still_open = await reports.page(mod.id, EVER, 9, handled=False)
            closed = await reports.page(mod.id, EVER, 9, handled=True)
            assert len(still_open) + len(closed) <= 1
            assert len(await storage.audit.acts(None, 9, kinds=["report_handled"])) == len(closed)

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "reports over HTTP", flavours=CANCELLING, virtual=False, limit=20, every=60, seeds=1
    )


@in_campaign
def test_in_postgres(
    cancel_sweep: Sweeper, one_database: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "REPORTS_A_DAY", 1)
    cancel_sweep.scenario(
        in_postgres(one_database), "reports in PostgreSQL", virtual=False, limit=20, every=25, seeds=1
    )
