"""One contract for the leases of servers. Each test runs on memory and on PostgreSQL."""

import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest
import trio
from msgspec import structs

from chat.domain.entities import LOBBY_ID, Draft
from chat.domain.nodes import LEASE, Node, OtherBus, OtherSecret, digest_of
from chat.domain.ports import NewPerson, Nodes, Storage, Taken
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.session import Connection
from chat.storage.postgres.storage import PostgresStorage, open_postgres_storage
from tests.reference.storage import MemoryStorage
from tests.support.databases import new_database
from tests.support.server import ServerProcess


class World:
    """A storage, and a way to let time go by for the leases that it has now."""

    def __init__(self, storage: Storage, pass_time: Callable[[float], Awaitable[None]]) -> None:
        self.storage = storage
        self.nodes: Nodes = storage.nodes
        self.pass_time = pass_time

    async def numbers(self) -> list[int]:
        return [node.number for node in await self.nodes.live()]


@pytest.fixture(params=["memory", "postgres"])
async def world(request: pytest.FixtureRequest, server: ServerProcess) -> AsyncGenerator[World]:
    with trio.fail_after(60):
        if request.param == "memory":
            clock = [1000.0]

            async def later(seconds: float) -> None:
                clock[0] += seconds

            yield World(MemoryStorage(lambda: clock[0]), later)
            return
        async with (
            new_database(server) as database,
            open_postgres_storage(database, pool_size=4, query_timeout=10, commit_timeout=10) as storage,
        ):

            async def earlier(seconds: float) -> None:
                await _execute(storage, f"UPDATE nodes SET lease_ends = lease_ends - interval '{seconds} s'")

            yield World(storage, earlier)


async def _execute(storage: PostgresStorage, statement: str) -> None:
    async def execute(connection: Connection) -> None:
        await connection.execute(statement)

    await storage._database.write(execute)


OURS = digest_of("a secret that all servers of this chat have")


async def register(
    world: World,
    address: str = "http://a:9000",
    *,
    number: int | None = None,
    secret_digest: str = OURS,
    previous_digest: str | None = None,
) -> int:
    return await world.nodes.register(
        address=address,
        version="1.0",
        bus="notify",
        secret_digest=secret_digest,
        previous_digest=previous_digest,
        number=number,
    )


async def test_servers_with_a_lease_are_listed_by_number(world: World) -> None:
    one, two = await register(world), await register(world, "http://b:9000")
    assert 0 < one < two
    listed = await world.nodes.live()
    assert [structs.replace(node, started_at=0.0, lease=0.0) for node in listed] == [
        Node(
            number=number,
            address=address,
            version="1.0",
            bus="notify",
            started_at=0.0,
            position=0,
            clients=0,
            lease=0.0,
        )
        for number, address in ((one, "http://a:9000"), (two, "http://b:9000"))
    ]
    assert all(0 < node.lease <= LEASE for node in listed)
    assert all(node.started_at > 1_700_000_000 for node in listed)


async def test_a_renewal_returns_the_end_of_the_log_and_stores_the_position(world: World) -> None:
    number = await register(world)
    assert await world.nodes.renew(number, 0, 7) == 0
    ada = await world.storage.users.add(NewPerson(name="Ada", password_hash=b"x"))
    assert ada is not None
    assert not isinstance(ada, Taken)
    await world.storage.messages.save([Draft(LOBBY_ID, ada.id, "Ada", "hi", 1.0)] * 3)
    assert await world.nodes.renew(number, 2, 8) == 3
    (node,) = await world.nodes.live()
    assert (node.position, node.clients) == (2, 8)


async def test_a_lease_lasts_from_its_last_renewal(world: World) -> None:
    one, two = await register(world), await register(world)
    await world.pass_time(LEASE - 1)
    assert await world.nodes.renew(two, 0, 0) == 0
    assert await world.numbers() == [one, two]
    await world.pass_time(1.5)
    (left,) = await world.nodes.live()
    assert left.number == two
    assert left.lease <= LEASE - 1.5
    await world.pass_time(LEASE)
    assert await world.numbers() == []


async def test_a_lease_that_has_lapsed_is_not_renewed(world: World) -> None:
    number = await register(world)
    await world.pass_time(LEASE)
    assert await world.nodes.renew(number, 5, 5) is None
    assert await world.numbers() == []
    assert await world.nodes.renew(99, 0, 0) is None


async def test_a_server_comes_back_with_its_number_and_another_gets_one_of_its_own(world: World) -> None:
    own = await register(world)
    await world.nodes.renew(own, 3, 4)
    await world.pass_time(LEASE)
    other = await register(world)
    assert other != own
    assert await register(world, "http://c:9000", number=own) == own
    back, _ = await world.nodes.live()
    assert (back.number, back.address) == (own, "http://c:9000")
    assert (back.position, back.clients) == (0, 0), "as of a lease that has lapsed"
    assert await world.nodes.renew(own, 5, 5) == 0


async def test_registering_again_within_the_lease_keeps_since_when(world: World) -> None:
    own = await register(world)
    (before,) = await world.nodes.live()
    assert await register(world, number=own) == own
    (after,) = await world.nodes.live()
    assert after.started_at == before.started_at


async def test_no_number_is_given_twice(world: World) -> None:
    given = []
    for _ in range(3):
        given.append(await register(world))
        await world.nodes.leave(given[-1])
        given.append(await register(world))
        await world.pass_time(LEASE)
    assert sorted(set(given)) == given


async def test_a_leaving_server_is_removed_at_once(world: World) -> None:
    one, two = await register(world), await register(world)
    await world.nodes.leave(one)
    assert await world.numbers() == [two]
    assert await world.nodes.renew(one, 0, 0) is None
    await world.nodes.leave(one)
    await world.nodes.leave(99)
    assert await world.numbers() == [two]


async def test_a_server_with_another_bus_is_refused_while_there_is_a_lease(world: World) -> None:
    first = await register(world)
    with pytest.raises(OtherBus, match=r"'notify', and this one 'redis': give all the same --bus"):
        await world.nodes.register(address="http://b", version="1", bus="redis", secret_digest=OURS)
    assert await world.numbers() == [first]
    again = await world.nodes.register(
        address="http://a", version="1", bus="redis", secret_digest=OURS, number=first
    )
    assert again == first
    await world.pass_time(LEASE)
    alone = await register(world)
    await world.nodes.leave(alone)
    other = await world.nodes.register(address="http://b", version="1", bus="redis", secret_digest=OURS)
    assert other > alone


async def test_a_server_with_another_secret_is_refused_while_there_is_a_lease(world: World) -> None:
    theirs = digest_of("a secret of its own")
    first = await register(world)
    with pytest.raises(OtherSecret, match=r"another secret.*: give all the same --secret-file"):
        await register(world, secret_digest=theirs)
    assert await world.numbers() == [first]
    assert await register(world, number=first, secret_digest=theirs) == first
    with pytest.raises(OtherSecret):
        await register(world)
    with pytest.raises(OtherBus):
        await world.nodes.register(address="http://b", version="1", bus="redis", secret_digest=OURS)
    await world.pass_time(LEASE)
    await register(world)


async def test_servers_with_two_secrets_serve_together_if_each_accepts_the_others(world: World) -> None:
    new = digest_of("the secret from now on")
    first = await register(world)
    with pytest.raises(OtherSecret, match="--previous-secret-file first"):
        await register(world, secret_digest=new, previous_digest=OURS)
    both = await register(world, previous_digest=new)
    await world.nodes.leave(first)
    swapped = await register(world, secret_digest=new, previous_digest=OURS)
    with pytest.raises(OtherSecret):
        await register(world)
    await world.nodes.leave(both)
    last = await register(world, secret_digest=new)
    assert await world.numbers() == [swapped, last]


def test_the_digest_distinguishes_secrets_without_containing_them() -> None:
    secret = "a secret that all servers of this chat have"
    assert digest_of(secret) == OURS
    assert digest_of(secret + "!") != OURS
    assert OURS not in {hashlib.sha256(secret.encode()).hexdigest(), secret.encode().hex()}


async def test_of_servers_that_register_at_once_all_use_one_bus(world: World) -> None:
    numbers: list[int] = []
    refused: list[OtherBus] = []

    async def begin(bus: str) -> None:
        try:
            numbers.append(
                await world.nodes.register(address="http://a", version="1", bus=bus, secret_digest=OURS)
            )
        except OtherBus as error:
            refused.append(error)

    async with trio.open_nursery() as nursery:
        for nth in range(8):
            nursery.start_soon(begin, "notify" if nth % 2 else "redis")
    buses = {node.bus for node in await world.nodes.live()}
    assert len(buses) == 1
    assert (len(numbers), len(refused)) == (4, 4)
    assert len(set(numbers)) == 4


async def test_a_renewal_removes_lapsed_servers(database: DatabaseAddress) -> None:
    with trio.fail_after(60):
        async with open_postgres_storage(
            database, pool_size=4, query_timeout=10, commit_timeout=10
        ) as storage:
            world = World(storage, trio.sleep)
            dead, alive = [await register(world) for _ in range(2)]
            await _execute(storage, f"UPDATE nodes SET lease_ends = now() WHERE number = {dead}")
            await world.nodes.renew(alive, 0, 0)
            assert await _numbers(storage) == [alive]


async def test_a_crash_of_postgres_takes_the_leases_and_no_number(database: DatabaseAddress) -> None:
    with trio.fail_after(60):
        async with open_postgres_storage(
            database, pool_size=1, query_timeout=10, commit_timeout=10
        ) as storage:
            kinds = await _rows(
                storage,
                "SELECT relname, relpersistence::text FROM pg_class WHERE relname IN ('nodes', 'node_numbers')",
            )
            assert dict(kinds) == {"nodes": "u", "node_numbers": "p"}
            world = World(storage, trio.sleep)
            own = await register(world)
            await _execute(storage, "TRUNCATE nodes")  # as recovery does with what is not logged
            assert await world.nodes.renew(own, 0, 0) is None
            other = await register(world, "http://b")
            assert other != own
            assert await register(world, number=own) == own
            assert await _numbers(storage) == [own, other]


async def _numbers(storage: PostgresStorage) -> list[int]:
    return [number for (number,) in await _rows(storage, "SELECT number FROM nodes ORDER BY number")]


async def _rows(storage: PostgresStorage, query: str) -> list[tuple[int, ...]]:
    return [tuple(row) for row in await storage._database.read(lambda c: c.fetch(query))]
