"""A backup is proven and restored; what is damaged is found, and what is not empty is left alone."""

import hashlib
import os
import shutil
import threading
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
import trio

from chat.backup.failures import BackupFailed
from chat.backup.making import back_up
from chat.backup.proving import Check, prove
from chat.backup.restoring import _empty, restore
from chat.backup.target import backups_in, newest_in
from chat.client import open_chat
from chat.domain.startup import CannotStart
from chat.embedded_postgres.data_directory import RESTORING, open_data_directory
from chat.settings.config import Config
from chat.storage.postgres.storage import open_postgres_storage
from chat.storage.removal_list import NAME
from tests.backup.conftest import FILE, LOBBY, attach, command, lines, register, say
from tests.support.campaign import in_campaign
from tests.support.databases import execute, fetch
from tests.support.people import eventually
from tests.support.server import ServerProcess, data_path, running_server

DIGEST = hashlib.sha256(FILE).hexdigest()


def ignore(_what: str) -> None:
    """Report nothing."""


async def proven(backup: Path) -> list[Check]:
    checks: list[Check] = []
    with trio.fail_after(120):
        is_well = await prove(backup, report=ignore, found=checks.append)
    assert is_well == all(check.is_well is not False for check in checks)
    return checks


def failed(checks: list[Check]) -> list[str]:
    return [check.what for check in checks if check.is_well is False]


async def run(*arguments: str | Path) -> list[str]:
    return [*lines(await trio.to_thread.run_sync(command, *arguments))]


async def test_a_server_is_as_it_was_after_a_restore(own_server: ServerProcess, target: Path) -> None:
    token = register(own_server, "ben")
    await say(own_server, token, "the first")
    await run("backup", target, "--data", own_server.data)
    await attach(own_server, token)
    await run("backup", target, "--data", own_server.data)
    await say(own_server, token, "after the backup")
    said = await run("backup", "verify", target, "--data", own_server.data)
    assert said[0] == str(newest_in(target))
    assert {line[:6].strip() for line in said[1:]} <= {"ok", "-"}
    assert any("rooms without a gap" in line for line in said)
    with data_path() as data:
        (said_then,) = await run("restore", target, "--data", data)
        assert said_then.startswith(f"restored {newest_in(target)} into {data}: everything until 20")
        with running_server(data) as again:
            async with open_chat(again.url, token=token) as chat:
                history = await chat.history(LOBBY, limit=100)
                texts = [message.text for message in history.messages]
                assert "the first" in texts
                assert "after the backup" not in texts
                (file,) = next(message.files for message in reversed(history.messages) if message.files)
                assert await chat.download(file) == FILE
            assert await fetch(again.address, "SELECT count(*) FROM restores") == 1
        refused = await trio.to_thread.run_sync(command, "restore", target, "--data", data)
        assert (refused.returncode, "is not empty" in refused.stderr) == (1, True)


async def test_who_was_removed_after_the_backup_is_removed_from_a_restore(
    own_server: ServerProcess, target: Path
) -> None:
    register(own_server, "grace")
    await run("backup", target, "--data", own_server.data)
    assert await run("user", "erase", "grace", "--data", own_server.data)
    listed = own_server.data / NAME
    await trio.to_thread.run_sync(eventually, listed.exists, "the list is written")
    with data_path() as data:
        await run("restore", target, "--data", data.with_name("as-it-was"))
        await run("restore", target, "--data", data, "--removed-accounts", listed)
        assert "grace" not in str(await run("user", "list", "--data", data))
        assert "grace" in str(await run("user", "list", "--data", data.with_name("as-it-was")))


async def test_a_dump_is_proven_and_restored_into_an_empty_database(
    own_server: ServerProcess, target: Path, database: dict[str, object]
) -> None:
    await say(own_server, register(own_server, "cem"), "in the dump")
    url = f"postgresql://{database['user']}@/{database['database']}?host={database['host']}&port={database['port']}"
    config = Config(data=own_server.data)
    backup = (await back_up(config, own_server.address, target, exclude_search=True)).path
    assert failed(await proven(backup)) == []
    with data_path() as data:
        into = Config(data=data, database_url=url)
        await restore(into, backup, report=ignore)
        assert (data / "secret").read_text() == (own_server.data / "secret").read_text()
        count = "SELECT count(*) FROM messages"
        assert await fetch(database, count) == await fetch(own_server.address, count)
        assert await fetch(database, "SELECT count(*) FROM restores") == 1
    with data_path() as data:
        with pytest.raises(BackupFailed, match=r"the database is not empty, it has \d+ tables"):
            await restore(Config(data=data, database_url=url), backup, report=ignore)
        assert not data.exists()


def flip(path: Path) -> None:
    """Change one byte in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def largest(backup: Path) -> Path:
    """A file of the database's tables."""
    return max((backup / "database" / "base").rglob("*"), key=lambda path: path.stat().st_size)


@pytest.fixture
async def whole(own_server: ServerProcess, target: Path) -> Path:
    """A backup with a file."""
    await attach(own_server, register(own_server, f"dan{os.urandom(3).hex()}"))
    return (await back_up(Config(data=own_server.data), own_server.address, target)).path


async def test_each_damage_is_found(whole: Path) -> None:
    file = whole / "files" / DIGEST[:2] / DIGEST
    kept = file.read_bytes()
    for path in (largest(whole), whole / "secret", file):
        flip(path)
    wrong = failed(await proven(whole))
    assert [line.partition(": ")[2].partition(",")[0] for line in wrong[:2]] == [
        "2 have other checksums",
        "1 have other digests",
    ]
    flip(largest(whole))
    flip(whole / "secret")
    file.write_bytes(kept)
    file.unlink()
    (wrong_now,) = failed(await proven(whole))
    assert wrong_now == f"rows of files have their bytes: 1 lack them, the first is {DIGEST}"
    shutil.rmtree(whole / "database")
    assert "have other checksums, the first is " in failed(await proven(whole))[0]
    done = await trio.to_thread.run_sync(command, "backup", "verify", whole.parent / "lock")
    assert (done.returncode, "cannot read" in done.stderr) == (1, True)


@in_campaign
async def test_rows_that_are_missing_and_rooms_with_gaps_are_found(
    own_server: ServerProcess, database: dict[str, object], target: Path, tmp_path: Path
) -> None:
    url = f"postgresql://{database['user']}@/{database['database']}?host={database['host']}&port={database['port']}"
    async with open_postgres_storage(database, pool_size=1, query_timeout=10, commit_timeout=10):
        pass
    await execute(database, "UPDATE rooms SET last_seq = 1, last_pos = 2")
    config = Config(data=tmp_path / "data", database_url=url)
    backup = (await back_up(config, {"dsn": url}, target)).path
    manifest = (backup / "manifest.json").read_text()
    (backup / "manifest.json").write_text(manifest.replace('"newest_id": 0', '"newest_id": 9'))
    wrong = failed(await proven(backup))
    assert [line.partition(":")[0] for line in wrong] == [
        "the log ends at 0, and the backup began at 9",
        "rooms with gaps",
    ]


async def test_a_killed_restore_serves_nobody_and_is_begun_anew(whole: Path) -> None:
    with data_path() as data:
        for moment in ("copying files", "copying the files of the database"):
            with trio.CancelScope() as scope:
                await restore(
                    Config(data=data),
                    whole,
                    report=lambda what, moment=moment, scope=scope: (  # type: ignore[misc]
                        scope.cancel() if what == moment else None
                    ),
                )
            assert scope.cancelled_caught
            with pytest.raises(
                CannotStart, match=r"a restore into .* is incomplete: run `chat restore` again"
            ):
                async with open_data_directory(data):
                    pass
        await restore(Config(data=data), whole, report=ignore)
        assert "restoring" not in os.listdir(data)
        async with open_data_directory(data):
            pass


async def test_a_backup_of_a_newer_schema_is_refused(whole: Path) -> None:
    text = (whole / "manifest.json").read_text()
    (whole / "manifest.json").write_text(text.replace('"schema": ', '"schema": 9'))
    with data_path() as data:
        with pytest.raises(BackupFailed, match=r"the backup has schema 9\d+, newer than this release's \d+"):
            await restore(Config(data=data), whole, report=ignore)
        assert backups_in(whole.parent)


def test_a_restore_waits_until_processes_of_a_killed_one_write_no_more(tmp_path: Path) -> None:
    cluster = tmp_path / "postgres" / "cluster"
    cluster.mkdir(parents=True)
    (tmp_path / RESTORING).touch()
    writing, over = threading.Event(), threading.Event()

    def write() -> None:
        for number in count():
            with suppress(OSError):  # it is removed just now
                cluster.mkdir(parents=True, exist_ok=True)
                (cluster / f"{number % 1000}").touch()
            if number == 100:
                writing.set()
            if over.is_set():
                return

    writer = threading.Thread(target=write)
    writer.start()
    timer = threading.Timer(0.5, over.set)
    try:
        assert writing.wait(10)
        timer.start()
        while not over.is_set():
            _empty(tmp_path)
    finally:
        over.set()
        writer.join()
    _empty(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [RESTORING]
