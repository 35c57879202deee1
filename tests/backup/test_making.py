"""Backups beside a running server: whole or not there, incremental, private, and of both kinds of database."""

import hashlib
import json
import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from chat.backup.connection import open_hold
from chat.backup.copies import COUNTED, _has_syncfs, reach_by_url
from chat.backup.failures import BackupFailed, as_backup_failed
from chat.backup.keeping import parse_keep
from chat.backup.making import Backup, back_up
from chat.backup.manifest import read_manifest
from chat.backup.programs import find_program
from chat.backup.target import backups_in
from chat.settings.config import Config
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.backup.conftest import FILE, attach, command, lines, register, say
from tests.support.databases import execute, fetch
from tests.support.server import ServerProcess, running_server

DIGEST = hashlib.sha256(FILE).hexdigest()


def modes_below(path: Path) -> set[tuple[bool, int]]:
    return {(each.is_dir(), each.stat().st_mode & 0o777) for each in (path, *path.rglob("*"))}


@pytest.fixture
def fresh_server(data: Path) -> Generator[ServerProcess]:
    """A server in which nobody has written."""
    with running_server(data) as server:
        yield server


async def test_it_has_all_and_the_next_one_little(fresh_server: ServerProcess, target: Path) -> None:
    token = register(fresh_server, "ada")
    await attach(fresh_server, token)
    data = fresh_server.data
    (first,) = lines(await trio.to_thread.run_sync(command, "backup", target, "--data", data))
    assert " copied, 1 files, " in first
    (name,) = backups_in(target)
    manifest = read_manifest(target / name)
    assert (manifest.files, manifest.files_bytes, manifest.damaged) == (1, len(FILE), [])
    assert (manifest.database.kind, manifest.database.on) == ("base", None)
    assert manifest.database.rows["files"] == (1, 1)
    assert manifest.database.rows.keys() == COUNTED, (
        "counting all others takes longer than copying what changed"
    )
    assert (target / name / "secret").read_text() == (data / "secret").read_text()
    assert modes_below(target) == {(True, 0o700), (False, 0o600)}
    copy = target / name / "files" / DIGEST[:2] / DIGEST
    assert copy.read_bytes() == FILE
    assert copy.stat().st_ino != (data / "files" / DIGEST[:2] / DIGEST).stat().st_ino

    await say(fresh_server, token, "one more")
    lines(await trio.to_thread.run_sync(command, "backup", "make", target, "--data", data))
    second = backups_in(target)[1]
    later = read_manifest(target / second)
    assert (later.database.on, later.database.depth) == (name, 1)
    assert later.newest_id > manifest.newest_id
    assert later.copied_bytes < manifest.copied_bytes * 0.4, "but for a segment of the WAL"
    assert (target / second / "files" / DIGEST[:2] / DIGEST).stat().st_ino == copy.stat().st_ino

    said = lines(
        await trio.to_thread.run_sync(
            command, "backup", target, "--data", data, "--keep", "1d", "--exclude-search"
        )
    )
    assert said[1:] == [f"removed {name}", f"removed {second}"], "a dump continues nothing"
    (dump,) = backups_in(target)
    counted = read_manifest(target / dump).database.rows
    words = {table: count for table, count in counted.items() if table.startswith("message_words")}
    assert (set(words.values()), len(words)) == ({(0, 0)}, 3)
    assert modes_below(target) == {(True, 0o700), (False, 0o600)}
    assert await fetch(fresh_server.address, "SELECT count(*) FROM removal_holds") == 0


def partial_in(target: Path) -> bool:
    return any(name.startswith("partial-") for name in os.listdir(target))


async def made(config: Config, address: DatabaseAddress, target: Path, **options: Any) -> Backup:
    with trio.fail_after(120):
        return await back_up(config, address, target, **options)


@pytest.mark.parametrize(
    ("release", "has"), [("6.18.44-fc", True), ("5.8.0", True), ("5.4.0-1", False), ("x", False)]
)
def test_one_call_syncs_all_files_where_it_reports_failures(
    monkeypatch: pytest.MonkeyPatch, release: str, has: bool
) -> None:
    monkeypatch.setattr("platform.release", lambda: release)
    monkeypatch.setattr("sys.platform", "linux")
    assert _has_syncfs() is has
    monkeypatch.setattr("sys.platform", "darwin")
    assert _has_syncfs() is False


async def test_one_that_is_cut_off_is_never_there(own_server: ServerProcess, target: Path) -> None:
    config = Config(data=own_server.data)
    await attach(own_server, register(own_server, "cut"))
    whole = await made(config, own_server.address, target)
    for moment in ("copying what changed", "copying files"):
        with trio.CancelScope() as scope:
            await made(
                config,
                own_server.address,
                target,
                report=lambda what, moment=moment, scope=scope: (  # type: ignore[misc]
                    scope.cancel() if what.startswith(moment) else None
                ),
            )
        assert scope.cancelled_caught
        assert backups_in(target) == [whole.path.name]
        assert await fetch(own_server.address, "SELECT count(*) FROM removal_holds") == 0
    assert partial_in(target)
    after = await made(config, own_server.address, target)
    assert not partial_in(target)
    assert backups_in(target) == [whole.path.name, after.path.name]


async def test_it_is_no_faster_than_it_may(own_server: ServerProcess, target: Path) -> None:
    rate = 20e6
    manifest = (await made(Config(data=own_server.data), own_server.address, target, rate=rate)).manifest
    sent = manifest.copied_bytes - 8e6  # the WAL comes beside it
    assert manifest.ended_at - manifest.begun_at > 0.9 * sent / rate > 0.5


async def test_of_two_at_once_one_is_refused(own_server: ServerProcess, target: Path) -> None:
    config = Config(data=own_server.data)
    refused: list[str] = []

    async def another() -> None:
        with pytest.raises(BackupFailed) as failed:
            await made(config, own_server.address, target)
        refused.append(str(failed.value))

    async with trio.open_nursery() as nursery:

        def begin(what: str) -> None:
            if what == "copying the database":
                nursery.start_soon(another)

        await made(config, own_server.address, target, report=begin)
    assert refused == [f"another backup is being made in {target}: wait for it"]


async def test_a_directory_of_something_else_is_refused(own_server: ServerProcess, target: Path) -> None:
    os.mkdir(target)
    (target / "holiday.jpg").touch()
    config = Config(data=own_server.data)
    with pytest.raises(BackupFailed, match="is not empty, and has no backups of a chat server"):
        await made(config, own_server.address, target)
    (target / "holiday.jpg").unlink()
    (target / "chat-backups").write_text("00000000-0000-0000-0000-000000000000\n")
    with pytest.raises(BackupFailed, match="has backups of another database"):
        await made(config, own_server.address, target)


async def test_a_damaged_file_is_named_and_the_rest_is_there(
    own_server: ServerProcess, target: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "files" / "ab" / ("ab" * 32)
    bad.parent.mkdir(parents=True)
    bad.write_bytes(b"not these bytes")
    config = Config(data=own_server.data, files=tmp_path / "files")
    backup = await made(config, own_server.address, target)
    assert backup.manifest.damaged == ["ab" * 32]
    done = await trio.to_thread.run_sync(
        command, "backup", target, "--data", own_server.data, "--files", tmp_path / "files"
    )
    assert done.returncode == 0, "the second one links what the first has"


async def test_settings_are_there_without_secrets(own_server: ServerProcess, target: Path) -> None:
    config = Config(data=own_server.data, secret="canary-" * 8, server_name="Tea")
    backup = await made(config, own_server.address, target)
    text = (backup.path / "settings.json").read_text()
    assert json.loads(text)["server_name"] == "Tea"
    assert "canary" not in text + (backup.path / "manifest.json").read_text()
    assert (backup.path / "secret").read_text() == "canary-" * 8 + "\n"


@asynccontextmanager
async def external(database: DatabaseAddress) -> AsyncGenerator[str]:
    """The URL of a migrated database."""
    async with open_postgres_storage(database, pool_size=1, query_timeout=10, commit_timeout=10):
        pass
    yield f"postgresql://{database['user']}@/{database['database']}?host={database['host']}&port={database['port']}"


async def test_an_external_database_is_dumped_as_of_one_moment(
    database: DatabaseAddress, target: Path, tmp_path: Path
) -> None:
    async with external(database) as url:
        config = Config(data=tmp_path / "data", database_url=url, bus="notify")
        backup = await made(config, {"dsn": url}, target)
    manifest = backup.manifest
    assert (manifest.database.kind, manifest.files) == ("dump", None)
    assert manifest.database.rows["rooms"] == (1, 1)
    assert set(manifest.database.checksums) == set(os.listdir(backup.path / "database"))
    assert "toc.dat" in manifest.database.checksums
    assert modes_below(backup.path) == {(True, 0o700), (False, 0o600)}


async def test_a_hold_keeps_bytes_and_ends_by_itself(database: DatabaseAddress) -> None:
    gone = hashlib.sha256(b"gone").digest()
    async with open_postgres_storage(database, pool_size=1, query_timeout=10, commit_timeout=10) as storage:
        await execute(database, f"INSERT INTO deleted_files VALUES ('\\x{gone.hex()}')")
        async with open_hold(database):
            assert await storage.files.unneeded([gone]) == set()
        assert await storage.files.unneeded([gone]) == {gone}
        await execute(database, "INSERT INTO removal_holds (until) VALUES (now() - interval '1 second')")
        assert await storage.files.unneeded([gone]) == {gone}, "as that of a killed backup does in time"


async def test_a_hold_that_lapsed_is_no_backup(database: DatabaseAddress) -> None:
    async with open_postgres_storage(database, pool_size=1, query_timeout=10, commit_timeout=10):
        pass
    with pytest.raises(BackupFailed, match="files may have been removed"), as_backup_failed("it is"):
        async with open_asyncio(), open_hold(database):
            await execute(database, "UPDATE removal_holds SET until = now() - interval '1 second'")


async def test_a_missing_program_is_named() -> None:
    with pytest.raises(
        BackupFailed, match=r"needs pg_dump of PostgreSQL 99 or newer, and only that of .*18.* is here"
    ):
        await find_program("pg_dump", 99)
    with pytest.raises(BackupFailed, match="needs pg_no_such of PostgreSQL 15, and there is none here"):
        await find_program("pg_no_such", 15, 15)


async def test_a_database_that_does_not_answer_is_said(target: Path, tmp_path: Path) -> None:
    config = Config(data=tmp_path, database_url=f"postgresql://chat@/chat?host={tmp_path}")
    with pytest.raises(BackupFailed, match="the database fails: PostgreSQL is not running"):
        await made(config, {"dsn": config.database_url}, target)


def test_a_password_is_in_no_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "of-the-environment")
    flags, variables = reach_by_url({"dsn": "postgresql://ada:p%40ss@db.example:5433/chat?sslmode=require"})
    assert flags[:2] == ["--dbname", "postgresql://ada@db.example:5433/chat?sslmode=require"]
    assert variables["PGPASSWORD"] == "p@ss"
    flags, variables = reach_by_url({"dsn": "postgres://ada@/chat?password=hidden&host=/run"})
    assert "hidden" not in "".join(flags)
    assert variables["PGPASSWORD"] == "hidden"
    assert reach_by_url({"dsn": "postgresql:///chat"})[1]["PGPASSWORD"] == "of-the-environment"


async def test_what_no_period_needs_goes_after_the_new_one(own_server: ServerProcess, target: Path) -> None:
    config = Config(data=own_server.data)
    first = await made(config, own_server.address, target)
    old = first.path.with_name("2020-01-01T030000Z")
    first.path.rename(old)
    second = await made(config, own_server.address, target)
    assert second.manifest.database.on == old.name
    third = await made(config, own_server.address, target, keep=parse_keep("1d"))
    assert third.removed == []
    assert len(backups_in(target)) == 3, "the older two are what it continues"
