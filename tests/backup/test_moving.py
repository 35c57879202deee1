"""A chat moves from the embedded PostgreSQL to an older one and back, by the commands of docs/operating.md."""

import os
import re
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from chat.storage.postgres.database import DatabaseAddress
from tests.support.campaign import in_campaign
from tests.support.databases import url_of
from tests.support.faults.machine import spare_database
from tests.support.older_postgres import DEBIANS, WHEELS, make_old_data
from tests.support.people import Line, eventually, member, register, request
from tests.support.saved import execute_sql, fetch_sql, saved_lines, write_beside
from tests.support.server import ServerProcess, data_path, running_server

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"
SECTION = PAGE.read_text().partition("## Move to another PostgreSQL\n")[2].partition("\n## ")[0]
FORTH, BACK = re.findall(r"^```sh\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def older() -> Generator[ServerProcess]:
    """A server on an older PostgreSQL, which has the databases of the tests."""
    debians = Path(f"/usr/lib/postgresql/{DEBIANS}/bin/initdb").exists()
    with data_path() as data:
        make_old_data(data, DEBIANS if debians else WHEELS)
        with running_server(data) as server:
            yield server


@pytest.fixture
def elsewhere(older: ServerProcess) -> Generator[DatabaseAddress]:
    with spare_database(older) as database:
        yield database


@pytest.fixture
def data() -> Generator[Path]:
    with data_path() as path:
        yield path


def shell(commands: str, data: Path, database: DatabaseAddress) -> "subprocess.CompletedProcess[str]":
    """Run commands of the page on this data directory and this database."""
    text = commands.replace("/var/lib/trio-chat", str(data))
    text = text.replace("postgresql://chat@db.example/chat", f"'{url_of(database)}'")
    environment = {
        **os.environ,
        "CHAT_DATA": str(data),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    return subprocess.run(
        ["sh", "-ec", text], env=environment, capture_output=True, text=True, timeout=240, check=False
    )


_OWN = ("nodes", "words_written", "message_words", "set_up", "retention_state", "push_state")
"""What a server writes by itself: its leases, the index of the search, the code of the set-up, how far it pushed."""


def rows(address: DatabaseAddress) -> dict[str, list[str]]:
    """All rows of all tables as text, but for what servers write by themselves."""
    names = fetch_sql(address, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    content: dict[str, list[str]] = {}
    for (name,) in names:
        if not name.startswith(_OWN):
            found = fetch_sql(address, f'SELECT t::text AS row FROM "{name}" AS t ORDER BY 1')
            content[name] = [row["row"] for row in found]
    return content


def talk(server: ServerProcess, token: str, text: str) -> None:
    with member(server.url, "ada", token) as ada:
        ada.say(text)
        eventually(lambda: Line("ada", text) in saved_lines(server.address), "it is saved")


def knows(server: ServerProcess, token: str) -> bool:
    answer = request("GET", f"{server.url}/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    return bool(answer.status_code == 200)


@in_campaign
def test_a_chat_moves_to_an_older_postgresql_and_back(data: Path, elsewhere: DatabaseAddress) -> None:
    with running_server(data) as server:
        token = register(server.url, "ada")
        write_beside(server.address, 2000)
        talk(server, token, "in the embedded one")
        before = rows(server.address)
        assert "another server (process" in shell(FORTH, data, elsewhere).stderr
        assert server.stop() == 0
    moved = shell(FORTH, data, elsewhere)
    assert moved.returncode == 0, moved.stderr
    assert re.search(r"^moved 2,0\d\d messages", moved.stdout, re.MULTILINE)
    assert rows(elsewhere) == before
    with running_server(data, "--database", url_of(elsewhere)) as server:
        server.database = elsewhere
        assert knows(server, token)
        talk(server, token, "elsewhere")
        with data_path() as other:
            other.mkdir(mode=0o755)
            (other / "chat-data").write_text("1\n")
            *_, moves_back = BACK.splitlines()
            assert "a server uses the source" in shell(moves_back, other, elsewhere).stderr
            assert not (other / "postgres" / "cluster").exists()
        assert server.stop() == 0
    between = rows(elsewhere)
    back = shell(BACK, data, elsewhere)
    assert back.returncode == 0, back.stderr
    assert rows(elsewhere) == between, "the source is as it was"
    with running_server(data) as server:
        assert rows(server.address) == between
        assert knows(server, token)
        talk(server, token, "in the embedded one again")


@in_campaign
def test_no_server_starts_on_an_unfinished_move_and_the_next_try_succeeds(
    data: Path, elsewhere: DatabaseAddress
) -> None:
    with running_server(data) as server:
        register(server.url, "ada")
        assert server.stop() == 0
    execute_sql(elsewhere, "CREATE TABLE unfinished_move ()")
    execute_sql(elsewhere, "CREATE TABLE users (half int)")
    with data_path() as other, pytest.raises(RuntimeError, match="a move into this database did not end"):
        ServerProcess(other, "--database", url_of(elsewhere))
    moved = shell(FORTH, data, elsewhere)
    assert moved.returncode == 0, moved.stderr
    names: list[Any] = fetch_sql(elsewhere, "SELECT name FROM users")
    assert [row["name"] for row in names] == ["ada"]
    assert "has tables already" in shell(FORTH, data, elsewhere).stderr
