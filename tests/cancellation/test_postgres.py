"""The storage on a real PostgreSQL, and the server's own PostgreSQL, cancelled at many points.

Real sockets and processes: how many moments a run has varies a little, and time is real.
"""

from collections.abc import Generator
from functools import partial
from pathlib import Path

import asyncpg
import pytest
import trio
from trio_cancel_sweep import Mutant, Scenario, Sweeper, SweptCode, sweep_scenario

from chat.embedded_postgres import server_log
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.writer import Writer
from tests.cancellation import (
    export_scenarios,
    log_in_scenarios,
    postgres_scenarios,
    push_scenarios,
    removal_scenarios,
    second_factor_scenarios,
)
from tests.cancellation.mutants import MUTANTS
from tests.support.campaign import in_campaign
from tests.support.databases import kept_database
from tests.support.server import ServerProcess, data_path


def at_least(sweeper: Sweeper, every: int) -> int:
    """Return `every` for `make sweep`, and a moment or two beside those of the lines for other runs."""
    return every if sweeper.is_whole else 1000


def test_migration(cancel_sweep: Sweeper, server: ServerProcess) -> None:
    with kept_database(server) as address:
        scenario = postgres_scenarios.migration(address)
        cancel_sweep.scenario(scenario, "migration, cancelled", virtual=False, limit=20, every=1000, seeds=1)


def test_older_names(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    scenario = postgres_scenarios.older_names(one_database)
    cancel_sweep.scenario(scenario, "older names, cancelled", virtual=False, limit=20, every=1000, seeds=1)


def test_writing(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    for number, scenario in enumerate(postgres_scenarios.writing(one_database)):
        name = f"writing {number}, cancelled"
        cancel_sweep.scenario(scenario, name, virtual=False, limit=20, every=1000, seeds=1)


@in_campaign
def test_changing(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    for number, scenario in enumerate(postgres_scenarios.changing(one_database)):
        name = f"changing {number}, cancelled"
        cancel_sweep.scenario(scenario, name, virtual=False, limit=20, every=1000, seeds=1)


def test_administering(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    scenario = postgres_scenarios.administering(one_database)
    cancel_sweep.scenario(scenario, "administering, cancelled", virtual=False, limit=20, every=1000, seeds=1)


@in_campaign
def test_removing(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    for number, scenario in enumerate(removal_scenarios.removing(one_database)):
        name = f"removing {number}, cancelled"
        cancel_sweep.scenario(scenario, name, virtual=False, limit=20, every=1000, seeds=1)


def test_requesting_exports(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    scenario = export_scenarios.requesting(one_database)
    cancel_sweep.scenario(
        scenario,
        "requesting exports, cancelled",
        virtual=False,
        limit=20,
        every=at_least(cancel_sweep, 250),
        seeds=1,
    )


@in_campaign
def test_second_factors(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    scenario = second_factor_scenarios.factors_in(one_database)
    cancel_sweep.scenario(
        scenario,
        "second factors, cancelled",
        virtual=False,
        limit=20,
        every=at_least(cancel_sweep, 250),
        seeds=1,
    )


@in_campaign
def test_identities(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    scenario = log_in_scenarios.identities_in(one_database)
    cancel_sweep.scenario(scenario, "identities, cancelled", virtual=False, limit=20, every=250, seeds=1)


@in_campaign
def test_subscribing_to_pushes(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    scenario = push_scenarios.subscribing(one_database)
    cancel_sweep.scenario(
        scenario,
        "subscribing to pushes, cancelled",
        virtual=False,
        limit=20,
        every=at_least(cancel_sweep, 250),
        seeds=1,
    )


@in_campaign
def test_deciding_about_pushes(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    scenario = push_scenarios.deciding(one_database)
    cancel_sweep.scenario(
        scenario,
        "deciding about pushes, cancelled",
        virtual=False,
        limit=20,
        every=at_least(cancel_sweep, 250),
        seeds=1,
    )


@in_campaign
def test_mailing_missed_messages(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    scenario = push_scenarios.mailing(one_database)
    cancel_sweep.scenario(
        scenario,
        "mailing missed messages, cancelled",
        virtual=False,
        limit=20,
        every=at_least(cancel_sweep, 250),
        seeds=1,
    )


@in_campaign
def test_writing_sessions(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    scenario = postgres_scenarios.sessions_written(one_database)
    cancel_sweep.scenario(
        scenario, "sessions written, cancelled", virtual=False, limit=20, every=1000, seeds=1
    )


def test_writing_memberships(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    scenario = postgres_scenarios.memberships_written(one_database)
    cancel_sweep.scenario(
        scenario, "memberships written, cancelled", virtual=False, limit=20, every=1000, seeds=1
    )


def test_reading(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    written = trio.run(postgres_scenarios.prepare, one_database)
    scenarios = postgres_scenarios.reading(one_database, written["ada"], written["ben"])
    for number, scenario in enumerate(scenarios):
        name, every = f"reading {number}, cancelled", at_least(cancel_sweep, 200)
        cancel_sweep.scenario(scenario, name, virtual=False, limit=20, every=every, seeds=1)


def test_following_people(
    cancel_sweep: Sweeper, one_database: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.storage.postgres.listener._CHECK", 0.02)
    scenario = postgres_scenarios.listening(one_database)
    cancel_sweep.scenario(
        scenario,
        "following people, cancelled",
        virtual=False,
        limit=20,
        every=at_least(cancel_sweep, 200),
        seeds=1,
    )


def test_a_second_writer(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    scenario = postgres_scenarios.second_writer(one_database)
    cancel_sweep.scenario(
        scenario,
        "second writer, cancelled",
        virtual=False,
        limit=20,
        every=at_least(cancel_sweep, 200),
        seeds=1,
    )


def test_a_leftover_postgres(cancel_sweep: Sweeper) -> None:
    scenario = postgres_scenarios.leftover
    cancel_sweep.scenario(scenario, "leftover, cancelled", virtual=False, limit=20, every=20, seeds=1)


def test_a_stubborn_process(cancel_sweep: Sweeper) -> None:
    scenario = postgres_scenarios.stubborn_process
    cancel_sweep.scenario(scenario, "stubborn process, cancelled", virtual=False, limit=10, every=2, seeds=1)


FOUND_SOON = "shield_without_deadline"

POSTGRES_MUTANTS = [
    pytest.param(name, mutant, id=mutant.name, marks=() if mutant.name == FOUND_SOON else in_campaign)
    for name, mutants in MUTANTS.items()
    for mutant in mutants
    if name in ("writing", "reading", "stubborn_process")
]


@pytest.mark.parametrize(("name", "mutant"), POSTGRES_MUTANTS)
def test_this_defect_is_found(
    name: str, mutant: Mutant, one_database: DatabaseAddress, swept_code: SweptCode
) -> None:
    with mutant.plant():
        if name == "reading":
            scenario: Scenario = postgres_scenarios.reading_once(one_database)
        elif name == "writing":
            scenario = postgres_scenarios.saving(one_database)
        else:
            scenario = postgres_scenarios.stubborn_process
        report = sweep_scenario(scenario, swept=swept_code, virtual=False, limit=3, stop_at_first=True)
    mutant.assert_found(report)


async def test_a_stop_after_the_database_has_gone_is_no_error(
    one_database: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep of the embedded server meets it in some runs, as PostgreSQL is stopped at the same moment."""
    close = asyncpg.Pool.close

    async def meet_a_broken_pipe(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        await close(pool)
        raise BrokenPipeError

    monkeypatch.setattr(asyncpg.Pool, "close", meet_a_broken_pipe)
    async with postgres_scenarios.storage_at(one_database) as storage:
        await storage.ping()


async def test_a_cancelled_writer_that_has_no_connection_ends_at_once() -> None:
    async with open_asyncio():
        writer = Writer({"host": "/nowhere", "user": "chat", "database": "chat"}, 5)
        began = trio.current_time()
        with trio.move_on_after(0.2) as cancelled:
            await writer.run(lambda connection: connection.fetchval("SELECT 1"))
        assert cancelled.cancelled_caught
        assert trio.current_time() - began < 2


@pytest.fixture(scope="module")
def own() -> Generator[Path]:
    """A data directory with a database in it; PostgreSQL's log is looked after all the time."""
    with data_path() as data, pytest.MonkeyPatch.context() as patch:
        trio.run(postgres_scenarios.open_once, data)
        patch.setattr(server_log, "CHECK_INTERVAL", 0.02)
        yield data


def test_the_server_with_its_own_postgres(cancel_sweep: Sweeper, own: Path) -> None:
    scenario = postgres_scenarios.embedded_server(own)
    cancel_sweep.scenario(
        scenario, "embedded server, cancelled", virtual=False, limit=60, every=1000, seeds=1
    )


def test_the_accounts_alone(cancel_sweep: Sweeper, own: Path) -> None:
    scenario = postgres_scenarios.embedded_accounts(own)
    cancel_sweep.scenario(
        scenario, "embedded accounts, cancelled", virtual=False, limit=60, every=1000, seeds=1
    )


def test_a_new_cluster(cancel_sweep: Sweeper) -> None:
    with data_path() as home:
        home.mkdir(mode=0o755)
        scenario = partial(postgres_scenarios.new_cluster, home)
        cancel_sweep.scenario(
            scenario, "new cluster, cancelled", virtual=False, limit=60, every=1000, seeds=1
        )
