"""Exports by two real servers on one database: one is killed while it makes it."""

import asyncio
import json
import secrets
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

import asyncpg
import pytest

from tests.support.campaign import in_campaign
from tests.support.databases import kept_database, url_of
from tests.support.people import PASSWORD, eventually, request
from tests.support.saved import execute_sql, fetch_sql
from tests.support.server import ServerProcess, data_path, running_server, used_data_path
from tests.system.test_erasing import Person


class Two(NamedTuple):
    """The servers, what starts one more, their database and the directory of exports."""

    servers: list[ServerProcess]
    arguments: list[str]
    address: dict[str, Any]
    directory: Path

    def files(self) -> list[str]:
        return sorted(each.name for each in self.directory.iterdir()) if self.directory.exists() else []


@pytest.fixture
def two(tmp_path: Path) -> Generator[Two]:
    secret, files = tmp_path / "secret", tmp_path / "files"
    secret.write_text(secrets.token_urlsafe(32))
    with (
        used_data_path() as data,
        running_server(data) as host,
        kept_database(host) as database,
        ExitStack() as stack,
    ):
        arguments = ["--database", url_of(database), "--bus", "notify", "--files", str(files)]
        arguments += ["--secret-file", str(secret)]
        servers = [
            stack.enter_context(running_server(stack.enter_context(data_path()), *arguments, *more))
            for more in (("--workers", "2"), ())
        ]
        yield Two(servers, arguments, database, files / "exports")


@contextmanager
def locked(address: dict[str, Any], table: str) -> Generator[None]:
    """Let nobody read a table until the end of the block."""
    held, done = threading.Event(), threading.Event()

    async def hold() -> None:
        connection = await asyncpg.connect(**address, timeout=10)
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            held.set()
            await asyncio.to_thread(done.wait, 60)
        await connection.close()

    thread = threading.Thread(target=lambda: asyncio.run(hold()))
    thread.start()
    try:
        assert held.wait(30)
        yield
    finally:
        done.set()
        thread.join()


def state(person: Person) -> str:
    return str(person.call("GET", "/me/export")["state"])


@in_campaign
def test_an_export_outlasts_the_kill_of_its_server_and_ends_after_a_day(two: Two) -> None:
    first, second = two.servers
    ada = Person(second, "ada")
    room = ada.call("POST", "/rooms", {"name": "garden"}, wants=201)["id"]
    file = ada.call("POST", f"/rooms/{room}/files?name=a.txt", b"her bytes" * 1000, wants=201)["id"]
    ada.say(room, "hers", files=[file])
    with locked(two.address, "reactions"):
        ada.call("POST", "/me/export", {"password": PASSWORD}, wants=202)
        eventually(lambda: any(each.startswith(".") for each in two.files()), "one half of it")
        second.kill()  # it is one process, which can't clean up
        (half,) = two.files()
    # As if the day were over for the claim of the dead: nothing else is different after it.
    execute_sql(two.address, "UPDATE exports SET claimed_until = clock_timestamp()")
    with data_path() as data, running_server(data, *two.arguments) as third:
        ada.server = third
        eventually(lambda: state(ada) == "made", "the export")
        (whole,) = two.files()
        assert half.startswith(".")
        assert half.split(".")[1] == whole.removesuffix(".zip")
        path = ada.call("POST", "/me/export/link", wants=201)["path"]
        answer = request("GET", first.url + path)  # the other server has the same directory
        assert answer.status_code == 200
        with ZipFile(BytesIO(answer.content)) as archive:
            said = [json.loads(line)["text"] for line in archive.read("messages.jsonl").splitlines()]
            assert said == ["hers"]
            assert [len(archive.read(each)) for each in archive.namelist() if "files/" in each] == [9000]
        part = request("GET", first.url + path, headers={"Range": "bytes=0-3"})
        assert (part.status_code, part.content) == (206, b"PK\x03\x04")
        ended = request("HEAD", first.url + path)
        assert (ended.status_code, ended.content) == (200, b"")
        assert ended.headers["content-length"] == str(len(answer.content))
        execute_sql(two.address, "UPDATE exports SET made_at = made_at - interval '1 day'")
        assert request("GET", first.url + path).status_code == 404
        eventually(lambda: two.files() == [], "the file goes")
        assert fetch_sql(two.address, "SELECT FROM exports") == []
        acts = fetch_sql(two.address, "SELECT what FROM audit WHERE what LIKE 'export%' ORDER BY id")
        assert [each["what"] for each in acts] == ["export_asked", "export_link_made"]
        assert path.rsplit("/", 1)[1] not in third.log.read_text() + first.log.read_text()
