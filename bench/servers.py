"""Our server and its peers: what each peer needs, how it is started, and what the load generator says to it."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from bench.certificates import environment_of
from bench.our_server import SECRET, TOKENS, our_server
from bench.plans import Member, members_needed, plan, plan_for_irc_peer, plan_for_peer
from bench.processes import free_port, running, wait_until_open
from bench.scenarios import Scenario
from bench.server import BENCH, BUILD, ROOT, Running, Server, port_of
from chat.domain.entities import Person

PEERS = BENCH / "peers"
GOPATH = Path("/usr/share/gocode")
"""Where Debian's packages put the sources of Go libraries."""

_INSTALL = 300.0
"""Seconds for an installation or a compilation."""


def servers() -> dict[str, Server]:
    """Return all of them, ours first."""
    every = (
        our_server("chat", "this server"),
        Server(
            "node_ws", "Node, ws", saves=False, missing=_node_missing, start=_peer(["node", "node_ws.js"])
        ),
        Server("node_pg", "Node, ws + pg", saves=True, missing=_node_missing, start=_node_pg, storms=True),
        Server(
            "websockets",
            "Python, websockets",
            saves=False,
            missing=_websockets_missing,
            start=_peer([sys.executable, "websockets_broadcast.py"]),
        ),
        Server(
            "gorilla", "Go, gorilla", saves=False, missing=_gorilla_missing, start=_peer([BUILD / "gorilla"])
        ),
        Server("ngircd", "C, ngircd", saves=False, missing=_ngircd_missing, start=_ngircd),
    )
    return {server.name: server for server in every}


def other_tree(root: Path) -> Server:
    """Return our own server as it is in another checkout, to compare with."""
    return our_server("other", f"this server, from {root.name}", root)


def _peer(command: list[str | Path]) -> Callable[[Scenario, Path], AbstractContextManager[Running]]:
    @contextmanager
    def start(scenario: Scenario, place: Path) -> Generator[Running]:
        log = place / "peer.log"
        environment = {"NODE_ENV": "production", **environment_of(scenario, place)}
        with running(command, log, directory=PEERS, environment=environment) as (pid, line):
            yield Running(port_of(line), (pid,), plan_for_peer(scenario), (), log)

    return start


@contextmanager
def _node_pg(scenario: Scenario, place: Path) -> Generator[Running]:
    with ExitStack() as stack:
        database: list[str | Path] = [sys.executable, "-m", "bench.database", place / "data"]
        postgres, line = stack.enter_context(running(database, place / "database.log", directory=ROOT))
        address = json.loads(line)
        where = [str(address[name]) for name in ("host", "port", "user", "database")]
        environment = {"NODE_ENV": "production", "SECRET": SECRET, **environment_of(scenario, place)}
        log = place / "peer.log"
        node, line = stack.enter_context(
            running(["node", "node_pg.js", *where], log, directory=PEERS, environment=environment)
        )
        members = _strangers(scenario) if scenario.storm else ()
        said = plan(scenario, members) if scenario.storm else plan_for_peer(scenario)
        yield Running(port_of(line), (node, postgres), said, members, log, address)


_NGIRCD = """[Global]
Name = irc.localhost
Info = measured
AdminInfo1 = measured
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = measured
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 31
MaxPenaltyTime = 0
[Options]
DNS = no
Ident = no
PAM = no
"""
"""It looks nobody up, and holds nobody back who sends much."""


@contextmanager
def _ngircd(scenario: Scenario, place: Path) -> Generator[Running]:
    settings, log, port = place / "ngircd.conf", place / "peer.log", free_port()
    settings.write_text(_NGIRCD.format(port=port))
    # It logs what it does to its output, which nobody reads.
    starts = 'echo starting; exec "$0" --nodaemon --config "$1" >"$2"'
    command: list[str | Path] = ["sh", "-c", starts, _ngircd_path() or "ngircd", settings, log]
    with running(command, log, directory=place) as (pid, _):
        wait_until_open(port, log)
        yield Running(port, (pid,), plan_for_irc_peer(scenario), (), log)


def _ngircd_path() -> str | None:
    return shutil.which("ngircd", path=f"{os.environ['PATH']}:/usr/sbin")


def _ngircd_missing() -> str | None:
    return None if _ngircd_path() else "ngircd is not installed (Debian, Ubuntu: apt install ngircd)"


def _strangers(scenario: Scenario) -> tuple[Member, ...]:
    """People with good tokens, for a server that looks nobody up."""
    people = [Person(id=number, name=f"speaker{number:04}") for number in range(members_needed(scenario))]
    return tuple(Member(person, TOKENS.issue(person)) for person in people)


def _node_missing() -> str | None:
    if shutil.which("node") is None:
        return "node is not installed (Debian, Ubuntu: apt install nodejs npm)"
    if all((PEERS / "node_modules" / name).is_dir() for name in ("ws", "pg")):
        return None
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed (Debian, Ubuntu: apt install npm)"
    return _run([npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"], PEERS)


def _websockets_missing() -> str | None:
    found = importlib.util.find_spec("websockets")
    return None if found else "the Python package websockets is not installed"


def _gorilla_missing() -> str | None:
    go = shutil.which("go")
    if go is None:
        return "Go is not installed (Debian, Ubuntu: apt install golang-go)"
    if not (GOPATH / "src/github.com/gorilla/websocket").is_dir():
        return "gorilla/websocket is not installed (Debian, Ubuntu: apt install golang-github-gorilla-websocket-dev)"
    BUILD.mkdir(exist_ok=True)
    environment = {
        "GO111MODULE": "off",
        "GOPATH": str(GOPATH),
        "GOCACHE": str(BUILD / "go-cache"),
        "GOFLAGS": "",
    }
    return _run([go, "build", "-o", str(BUILD / "gorilla"), "./gorilla"], PEERS, environment)


def _run(command: list[str], directory: Path, environment: dict[str, str] | None = None) -> str | None:
    """Run a command to its end; return None, or how it failed."""
    result = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=_INSTALL,
        check=False,
    )
    if result.returncode == 0:
        return None
    return f"{Path(command[0]).name} failed: {(result.stderr or result.stdout).strip()[-500:]}"
