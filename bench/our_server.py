"""Our own server: one process or several workers, this tree or another checkout."""

import secrets
import sys
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.certificates import make_certificate
from bench.machine import children
from bench.plans import Member, plan
from bench.population import populate, wait_until_indexed
from bench.processes import DidNotStart, free_port, running
from bench.quota import open_quotas
from bench.scenarios import Scenario
from bench.server import ROOT, Running, Server, port_of
from chat.domain.accounts.tokens import Tokens
from chat.embedded_postgres.embedded import running_address

SECRET = secrets.token_urlsafe(48)
TOKENS = Tokens(SECRET, 86_400.0)


def our_server(
    name: str, title: str, root: Path = ROOT, *, workers: int = 1, flags: Sequence[str] = ()
) -> Server:
    """`chat serve` on its own PostgreSQL, which keeps fsync on; with its defaults, but without limits on speed.

    One worker is one process that is alone, as without the flag. Where the scenario has a quota, each process that
    serves has it; PostgreSQL and the workers' parent have none. `flags` come after those that lift the limits.
    """

    @contextmanager
    def start(scenario: Scenario, place: Path) -> Generator[Running]:
        data, log = place / "data", place / "server.log"
        command: list[str | Path] = [sys.executable, "-m", "chat", "serve", "--listen", "127.0.0.1:0"]
        command += ["--data", data, *_without_limits(root), *flags]
        command += ["--workers", str(workers)] if workers > 1 else []
        if scenario.tls:
            cert, key = make_certificate(place)
            command += ["--tls-cert", cert, "--tls-key", key]
        irc = free_port() if scenario.dialect == "irc" else None
        command += ["--irc", f"127.0.0.1:{irc}"] if irc else []
        environment = {"CHAT_SECRET": SECRET, "CHAT_BCRYPT_COST": "4", "PYTHONPATH": str(root)}
        with ExitStack() as stack:
            # Outermost: it removes empty groups.
            give_quota = stack.enter_context(open_quotas(scenario.quota))
            members: tuple[Member, ...] = ()
            # Written into the log behind the server's back: it reads where that ends at its start.
            if scenario.missed:
                with running(command, log, directory=root, environment=environment):
                    members = tuple(populate(running_address(data), scenario, TOKENS))
            pid, line = stack.enter_context(running(command, log, directory=root, environment=environment))
            serving = _workers(pid) if workers > 1 else (pid,)
            if len(serving) != workers:
                raise DidNotStart(f"{workers} workers were asked for, {len(serving)} serve")
            address = running_address(data)
            if scenario.missed:
                # As it was long ago where nobody writes into the log from outside.
                wait_until_indexed(address)
            members = members or tuple(populate(address, scenario, TOKENS))
            for worker in serving:
                give_quota(worker)
            port = irc or port_of(line)
            yield Running(port, (pid,), plan(scenario, members), members, log, address, serving)

    return Server(name, title, saves=True, missing=lambda: None, start=start, storms=True)


def name_of(workers: int) -> str:
    """Return the name of our server with so many workers, where numbers of workers are compared."""
    return f"chat-{workers}"


def with_workers(workers: int) -> Server:
    """Return our server with so many workers."""
    title = "one process" if workers == 1 else f"{workers} workers"
    return our_server(name_of(workers), title, workers=workers)


def _workers(parent: int) -> tuple[int, ...]:
    """Return those of its children that are workers: `python -m chat worker …`."""
    return tuple(pid for pid, command in children(parent) if "worker" in command)


def _without_limits(root: Path) -> list[str]:
    """Return the flags that lift the limits on speed, as far as that tree has any: who measures says all it can."""
    places = (root / "chat" / "settings" / "config.py", root / "chat" / "config.py")  # an older tree's
    settings = next(path for path in places if path.exists()).read_text()
    names = ("message_rate", "message_bytes", "read_rate", "call_rate", "registrations_per_hour")
    return [word for name in names if name in settings for word in (f"--{name.replace('_', '-')}", "0")]
