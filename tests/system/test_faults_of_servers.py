"""Faults of two servers of one chat, as real processes under load: each publishes all, once, in log order.

`make campaign ARGS="--only servers"` does the same for longer and writes down the figures (docs/reliability.md).
"""

import time
from collections.abc import Generator

import pytest

from chat.domain.nodes import LEASE
from tests.support.campaign import in_campaign
from tests.support.faults.removals import CREATOR, Garden, garden
from tests.support.faults.two_servers import TwoServers, conversation, two_servers
from tests.support.people import eventually
from tests.support.processes import kill, needs_proc, postgres_under, stopped
from tests.support.redis import redis_server
from tests.support.saved import execute_sql
from tests.support.server import ServerProcess, running_server, used_data_path

pytestmark = needs_proc

SETTINGS = {"CHAT_COMMIT_TIMEOUT": "1", "CHAT_QUERY_TIMEOUT": "1"}

BACK_WITHIN = 20.0
"""Seconds, on a machine that does three other things; the campaign measures an idle one."""

A_LITTLE = 3.0
"""Seconds by which answers may be late there."""


@pytest.fixture(scope="module")
def home() -> Generator[ServerProcess]:
    with used_data_path() as data, running_server(data) as home:
        yield home


@pytest.fixture
def servers(home: ServerProcess) -> Generator[TwoServers]:
    """Two for each test: PostgreSQL has not connections enough for those of another test too."""
    with two_servers(home, "notify", **SETTINGS) as servers:
        yield servers


_END_THE_BUS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'chat bus%'"
)


@in_campaign
def test_connections_of_the_bus_that_are_ended_hide_nothing(servers: TwoServers) -> None:
    with conversation(servers) as talk:
        for _ in range(3):
            execute_sql(servers.near.address, _END_THE_BUS)
            assert talk.received_by_all(time.monotonic(), talk.near, talk.far) < BACK_WITHIN


@in_campaign
def test_a_database_that_crashes_forgets_the_leases_and_nobody_misses_anything(
    servers: TwoServers, home: ServerProcess
) -> None:
    with conversation(servers) as talk:
        kill(postgres_under(home.process.pid))
        assert talk.received_by_all(time.monotonic(), talk.near, talk.far) < BACK_WITHIN
        eventually(lambda: servers.leases() == 2, "both have a lease again")


CUT_OFF = 5.5
"""Seconds: longer than a lease, so that nobody waits for who is silent."""


@in_campaign
def test_after_a_lost_database_link_nothing_stale_is_published(
    servers: TwoServers,
) -> None:
    with conversation(servers) as talk, garden(servers) as room:
        with servers.line.deaf():
            check_removal(room, time.monotonic() + CUT_OFF)
        assert talk.received_by_all(time.monotonic(), talk.near, talk.far) < BACK_WITHIN
        room.check()
        assert room.stays_received() == [f"{CREATOR} {n}" for n in range(4)]


@in_campaign
def test_a_server_suspended_and_resumed_publishes_nothing_stale(servers: TwoServers) -> None:
    with conversation(servers) as talk, garden(servers) as room:
        with stopped([servers.far.process.pid]):
            check_removal(room, time.monotonic() + CUT_OFF)
        assert talk.received_by_all(time.monotonic(), talk.near, talk.far) < BACK_WITHIN
        room.check()
        assert room.stays_received() == [f"{CREATOR} {n}" for n in range(4)]


def check_removal(room: Garden, until: float) -> None:
    """Somebody is removed while the far server is silent, and the near one waits for it no longer than its lease."""
    room.say()
    assert room.remove() < LEASE + A_LITTLE
    room.say()
    time.sleep(max(0.0, until - time.monotonic()))


@in_campaign
def test_clients_of_a_killed_server_continue_on_the_other(home: ServerProcess) -> None:
    with (
        two_servers(home, "notify", **SETTINGS) as servers,
        conversation(servers) as talk,
        garden(servers) as room,
    ):
        servers.far.kill()
        talk.is_crashed = True
        talk.move_all_to(servers.near.url)
        assert room.remove() < LEASE + A_LITTLE
        eventually(lambda: all(len(one.connections) > 1 for one in talk.far_listeners), "they are back")
        assert talk.received_by_all(time.monotonic(), talk.near, talk.far) < BACK_WITHIN
        assert servers.leases() == 1


@in_campaign
def test_a_redis_that_is_killed_or_stopped_hides_nothing(home: ServerProcess) -> None:
    with (
        redis_server() as redis,
        two_servers(home, redis.url, **SETTINGS) as servers,
        conversation(servers) as talk,
    ):
        redis.kill()
        assert talk.received_by_all(time.monotonic(), talk.near, talk.far) < BACK_WITHIN
        redis.start()
        assert talk.received_by_all(time.monotonic(), talk.near, talk.far) < BACK_WITHIN
        redis.freeze()
        assert talk.received_by_all(time.monotonic(), talk.near, talk.far) < BACK_WITHIN
        redis.thaw()
        assert talk.received_by_all(time.monotonic(), talk.near, talk.far) < BACK_WITHIN
