"""What a server to measure is, and one that runs."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from bench.plans import Member, Plan
from bench.scenarios import Scenario

BENCH = Path(__file__).parent
ROOT = BENCH.parent
BUILD = BENCH / "build"


class Running(msgspec.Struct, frozen=True):
    """A server that runs. The first of `roots` is its own process; the others belong to it (a database)."""

    port: int
    roots: tuple[int, ...]
    plan: Plan
    members: tuple[Member, ...]
    log: Path
    address: dict[str, Any] | None = None
    """Of its database, if it has one."""
    workers: tuple[int, ...] = ()
    """The processes of ours that serve: the one, or each worker."""


class Server(msgspec.Struct, frozen=True):
    """A server to measure. `missing` installs what it can and says what is missing, or returns None."""

    name: str
    title: str
    saves: bool
    missing: Callable[[], str | None]
    start: Callable[[Scenario, Path], AbstractContextManager[Running]]
    """Runs it for a scenario, for as long as the block lasts, with files in an empty directory."""
    storms: bool = False
    """Whether it knows tokens and history."""


def port_of(line: str) -> int:
    """Return the port in the line with which a server says where it listens."""
    port = urlsplit(line.removeprefix("listening on ")).port
    assert port is not None, line
    return port
