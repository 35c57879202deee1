"""Two servers of one chat on one PostgreSQL, people of the dialects on both, and what became of all they said."""

import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from functools import partial

from tests.support.faults.listeners import Listener
from tests.support.faults.load import ACKNOWLEDGED, LOBBY, Load, register_all
from tests.support.faults.machine import Network, network, spare_database
from tests.support.people import PATIENCE, eventually
from tests.support.saved import fetch_sql, saved_lines
from tests.support.server import ServerProcess, data_path, running_server

NEAR, FAR = ("ada", "ben"), ("cem", "dora")
"""Who talks on which server; whoever is named here is registered."""

_LISTENS, _ENDS = "yan", "zoe"

_WARM = 30
"""Messages that are acknowledged on each before anything goes wrong."""


class TwoServers:
    """`near` is beside its database, `far` reaches it over `line`; `home` has the PostgreSQL, and nobody on it."""

    def __init__(
        self, home: ServerProcess, near: ServerProcess, far: ServerProcess, line: Network, bus: str
    ) -> None:
        self.home = home
        self.near = near
        self.far = far
        self.line = line
        self.bus = bus
        self.tokens = register_all(near.url, *NEAR, *FAR, _LISTENS, _ENDS)

    def tokens_of(self, *names: str) -> dict[str, str]:
        return {name: self.tokens[name] for name in names}

    def leases(self) -> int:
        """How many servers have a lease now."""
        return int(
            fetch_sql(self.near.address, "SELECT count(*) FROM nodes WHERE lease_ends > now()")[0]["count"]
        )


@contextmanager
def two_servers(home: ServerProcess, bus: str, **settings: str) -> Generator[TwoServers]:
    """Run two servers on a database of `home` for as long as the block lasts; all may be killed in it."""
    settings |= {"CHAT_SECRET": "two servers have one secret, or else no chat"}
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


class Conversation:
    """People who talk and listen on both servers."""

    def __init__(self, servers: TwoServers) -> None:
        self.near = Load(servers.near.url, servers.tokens_of(*NEAR))
        self.far = Load(servers.far.url, servers.tokens_of(*FAR))
        self.near_listeners = _listeners(servers.near.url, servers.tokens[_LISTENS])
        self.far_listeners = _listeners(servers.far.url, servers.tokens[_LISTENS])
        self.listeners = [*self.near_listeners, *self.far_listeners]

    @property
    def acknowledged(self) -> int:
        return self.near.acknowledged() + self.far.acknowledged()

    @property
    def heard(self) -> int:
        """How many messages all who listen heard together."""
        return sum(len(heard) for listener in self.listeners for heard in listener.connections)

    def move_all_to(self, url: str) -> None:
        """Whoever comes back comes here, as a load balancer sends them."""
        for each in (self.near, self.far, *self.listeners):
            each.url = url

    def heard_by_all(self, moment: float, *loads: Load) -> float:
        """Wait until all hear what these loads sent after `moment` (monotonic, s); return the seconds since then."""
        texts = []
        for load in loads:
            load.back_after(moment)
            said = (a for a in load.attempts[:] if a.outcome is ACKNOWLEDGED and a.began >= moment)
            texts.append(next(said).line.text)

        def all_hear_it() -> bool:
            return all(text in one.connections[-1] for one in self.listeners for text in texts)

        eventually(all_hear_it, "all hear it", 2 * PATIENCE)
        return time.monotonic() - moment


@contextmanager
def conversation(servers: TwoServers) -> Generator[Conversation]:
    """Let people talk for as long as the block lasts; then all is accounted for.

    Nothing acknowledged is lost, nothing is doubled, and each connection heard the log, in order, without a gap.
    """
    with ExitStack() as listening:
        talk = Conversation(servers)
        for listener in talk.listeners:
            listening.enter_context(listener)
        with talk.near, talk.far:
            talk.near.wait_for(_WARM)
            talk.far.wait_for(_WARM)
            yield talk
        with Load(talk.near.url, servers.tokens_of(_ENDS)) as end:
            end.wait_for(1)
        saved = saved_lines(servers.near.address)
        for load in (talk.near, talk.far, end):
            load.check(saved)
        for listener in talk.listeners:
            eventually(partial(listener.has_heard, saved[-1].text), "the end is heard")
            listener.check(saved)
    for server in (servers.near, servers.far):
        assert "Traceback" not in server.log.read_text(), server.log.read_text()


def _listeners(url: str, token: str) -> list[Listener]:
    """One for each dialect that has a lobby."""
    return [
        Listener(url, "/talker", "message"),
        Listener(url, "/messenger", "message"),
        Listener(url, f"/ws?token={token}", "Text", LOBBY),
    ]
