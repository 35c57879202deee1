"""Data directories whose database an older PostgreSQL has made."""

import re
import sys
from pathlib import Path

import trio

from chat.embedded_postgres.binaries import find_binaries
from chat.embedded_postgres.cluster import create_cluster
from chat.embedded_postgres.data_directory import open_data_directory
from chat.embedded_postgres.unprivileged import choose_owner, make_home
from tests.support.command_line import run_chat

DEBIANS = 15
WHEELS = 16
"""The versions that tests find: Debian 12's, and the older one of the wheel."""
OLD_SEGMENT_MIB = 16
"""The size of WAL segments in a database that a release before has made."""


def make_old_data(data: Path, version: int) -> None:
    """Make the data directory `data` with an empty database of PostgreSQL `version`."""

    async def make() -> None:
        async with open_data_directory(data):
            home = data / "postgres"
            owner = choose_owner(home)
            make_home(home, owner)
            binaries = await find_binaries(data, home, owner, version)
            await create_cluster(home / "cluster", binaries, owner, OLD_SEGMENT_MIB)

    trio.run(make)


def version_in(data: Path) -> int:
    """Return the version of the database in use."""
    return int((data / "postgres" / "cluster" / "PG_VERSION").read_text())


def upgrade_command(data: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "chat", "upgrade-postgres", "--data", str(data), *arguments]


def upgraded(data: Path, *arguments: str) -> str:
    """Run the command, which must succeed, and return what it prints."""
    done = run_chat(["upgrade-postgres", "--data", str(data), *arguments])
    assert done.returncode == 0, done.stderr
    assert re.search(r"^upgraded from PostgreSQL|nothing to do", done.stdout, re.MULTILINE)
    return done.stdout
