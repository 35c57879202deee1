"""Two servers of one chat, their PostgreSQL and their Redis, each in a network namespace of its own."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager

from tests.support.faults.namespaces import Wire, namespaces
from tests.support.faults.postgres import PostgresServer, postgres_server
from tests.support.faults.two_servers import SECRET, Servers
from tests.support.redis import RedisServer, redis_server
from tests.support.saved import execute_sql
from tests.support.server import ServerProcess, data_path, running_server

_DATABASE = "chat_apart"


class Machines(Servers):
    """`to_database` and `to_bus` are the cables of the far server; with the bus `notify` there is no second one."""

    def __init__(
        self,
        near: ServerProcess,
        far: ServerProcess,
        bus: str,
        postgres: PostgresServer,
        to_database: Wire,
        redis: RedisServer | None = None,
        to_bus: Wire | None = None,
    ) -> None:
        super().__init__(near, far, bus)
        self.postgres = postgres
        self.to_database = to_database
        self.redis = redis
        self.to_bus = to_bus


@contextmanager
def machines(bus: str, **settings: str) -> Generator[Machines]:
    """Run them for as long as the block lasts; `bus` is notify or redis. Skips the test where that is not allowed."""
    settings |= SECRET | {"CHAT_REGISTRATIONS_PER_HOUR": "0"}  # only loopback is spared
    with ExitStack() as stack:
        spaces = stack.enter_context(namespaces())
        started_in = {what: spaces.make(what) for what in ("database", "bus", "near", "far")}
        wires = {who: spaces.wire(who, "database") for who in ("near", "far")}
        postgres = stack.enter_context(
            postgres_server(started_in["database"], *(wire.far_host for wire in wires.values()))
        )
        execute_sql(postgres.address, f"CREATE DATABASE {_DATABASE}")
        redis = to_bus = None
        if bus == "redis":
            bus_wires = {who: spaces.wire(who, "bus") for who in ("near", "far")}
            host = spaces.add_address("bus", 250, bus_wires.values())
            redis = stack.enter_context(redis_server(*started_in["bus"], host=host))
            to_bus, bus = bus_wires["far"], redis.url
        servers = []
        for who, wire in wires.items():
            host = spaces.wire(None, who).far_host
            user, port = postgres.address["user"], postgres.address["port"]
            url = f"postgresql://{user}@{wire.far_host}:{port}/{_DATABASE}?sslmode=disable"
            data = stack.enter_context(data_path())
            server = stack.enter_context(
                running_server(
                    data,
                    "--database",
                    url,
                    "--bus",
                    bus,
                    prefix=started_in[who],
                    host=host,
                    **settings,
                )
            )
            server.database = {**postgres.address, "database": _DATABASE}
            servers.append(server)
        yield Machines(*servers, bus, postgres, wires["far"], redis, to_bus)
