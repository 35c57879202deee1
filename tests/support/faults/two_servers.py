"""Two servers of one chat on one PostgreSQL, with people of every dialect on both."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager

from tests.support.faults.everybody import Conversation, register_everybody, talking
from tests.support.faults.machine import Network, network, spare_database
from tests.support.saved import fetch_sql
from tests.support.server import ServerProcess, data_path, running_server

SECRET = {"CHAT_SECRET": "two servers have one secret, or else no chat"}


class Servers:
    """`near` and `far`, on one database, with everybody registered."""

    def __init__(self, near: ServerProcess, far: ServerProcess, bus: str) -> None:
        self.near = near
        self.far = far
        self.bus = bus
        self.tokens = register_everybody(near.url, near.address)

    def leases(self) -> int:
        """How many servers have a lease now."""
        return int(
            fetch_sql(self.near.address, "SELECT count(*) FROM nodes WHERE lease_ends > now()")[0]["count"]
        )


class TwoServers(Servers):
    """`near` is beside its database, `far` reaches it over `line`; `home` has the PostgreSQL, and nobody on it."""

    def __init__(
        self, home: ServerProcess, near: ServerProcess, far: ServerProcess, line: Network, bus: str
    ) -> None:
        super().__init__(near, far, bus)
        self.home = home
        self.line = line


@contextmanager
def two_servers(home: ServerProcess, bus: str, **settings: str) -> Generator[TwoServers]:
    """Run two servers on a database of `home` for as long as the block lasts; all may be killed in it."""
    settings |= SECRET
    with ExitStack() as stack:
        database = stack.enter_context(spare_database(home))
        line = stack.enter_context(network(database))
        beside = f"postgresql://{database['user']}@/{database['database']}?host={database['host']}"
        servers = []
        for url in (beside, line.url):
            data = stack.enter_context(data_path())
            server = stack.enter_context(running_server(data, "--database", url, "--bus", bus, **settings))
            server.database = database
            servers.append(server)
        yield TwoServers(home, *servers, line, bus)


@contextmanager
def conversation(servers: Servers) -> Generator[Conversation]:
    """Let people talk on both servers for as long as the block lasts; then all is accounted for."""
    near, far = servers.near, servers.far
    with talking(near.url, far.url, servers.tokens, lambda: near.address) as talk:
        yield talk
    for server in (near, far):
        assert "Traceback" not in server.log.read_text(), server.log.read_text()
