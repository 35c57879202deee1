"""The server's own timer: when it is due, what it makes, and that a stop leaves nothing."""

import os
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyrage
import pytest
import trio
from trio.testing import MockClock

from chat.backup import nightly
from chat.backup.nightly import backup_facts, open_nightly_backups, seconds_until_due
from chat.backup.state import BackupState, note_made, note_problem, read_backup_state
from chat.backup.target import backups_in
from chat.backup.wal_state import WalState, read_wal_state, write_wal_state
from chat.domain.administration.backups import BackupFacts
from chat.settings.config import Config
from tests.support.campaign import in_campaign
from tests.support.databases import execute
from tests.support.people import eventually
from tests.support.server import ServerProcess, running_server, used_data_path

HOUR = 3600.0


def test_it_is_due_at_night_and_soon_if_the_last_is_old() -> None:
    evening = datetime(2026, 11, 25, 21, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    now = evening.timestamp()
    assert seconds_until_due(evening, now - 18 * HOUR) == 5.5 * HOUR
    assert seconds_until_due(evening.replace(hour=2), now) == 0.5 * HOUR
    assert seconds_until_due(evening.replace(hour=3, minute=0), now) == 24 * HOUR, "it was just made"
    assert seconds_until_due(evening, None) == seconds_until_due(evening, now - 27 * HOUR) == nightly.SOON


def test_admins_learn_when_the_next_one_is_due(tmp_path: Path) -> None:
    assert backup_facts(Config(data=tmp_path), tmp_path) == BackupFacts()
    config, now = Config(data=tmp_path, backup=tmp_path), time.time()
    note_made(tmp_path, tmp_path / "one", now - HOUR, 2.0, 7)
    facts = backup_facts(config, tmp_path)
    assert facts.next_at is not None
    assert now < facts.next_at <= now + 25 * HOUR
    assert (facts.made_at, facts.copied_bytes, facts.proven_at) == (now - HOUR, 7, None)
    note_problem(tmp_path, "the disk is full")
    failed = backup_facts(config, tmp_path)
    assert failed.problem == "the disk is full"
    assert failed.next_at is not None
    assert failed.next_at == pytest.approx(now + HOUR, abs=60)


async def reached(data: Path, done: str) -> BackupState:
    """Wait until something is known of the backups."""
    with trio.fail_after(120):
        while getattr(read_backup_state(data), done) is None:  # noqa: ASYNC110 - another process writes it
            await trio.sleep(0.05)
    return read_backup_state(data)


@pytest.mark.parametrize("is_encrypted", [pytest.param(False, marks=in_campaign), True])
async def test_it_makes_and_proves_a_backup(
    own_server: ServerProcess,
    target: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_encrypted: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipients").write_text(f"{pyrage.x25519.Identity.generate().to_public()}\n")
    monkeypatch.setattr(nightly, "SOON", 0.0)
    data = own_server.data
    (data / "backups.json").unlink(missing_ok=True)
    note_problem(data, "of yesterday")
    recipient = "recipients" if is_encrypted else None
    config = Config(data=data, backup=target, backup_keep="1d", backup_recipient=recipient)
    await execute(own_server.address, "CHECKPOINT")  # or the spread one takes a while
    async with open_nightly_backups(config, data):
        state = await reached(data, "proven")
    (name,) = backups_in(target)
    assert state.backup == state.proven == str(target / name)
    assert state.problem is None
    assert state.proven_made_at == state.made_at
    assert (target / name / "database.tar.age").exists() == is_encrypted


async def test_what_fails_is_noted(
    own_server: ServerProcess, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "SOON", 0.0)
    (own_server.data / "backups.json").unlink(missing_ok=True)
    os.mkdir(target)
    (target / "holiday.jpg").touch()
    async with open_nightly_backups(Config(data=own_server.data, backup=target), own_server.data):
        state = await reached(own_server.data, "problem")
    assert "is not empty, and has no backups of a chat server" in str(state.problem)
    (own_server.data / "backups.json").unlink()


def wal_until(data: Path) -> float | None:
    state = read_wal_state(data)
    return state and state.until


async def test_a_wal_archive_without_a_backup_has_one_made_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: MockClock
) -> None:
    monkeypatch.setattr(nightly, "_LOOK_EVERY", 1.0)
    for state in (
        WalState(target="", since=0.0),
        WalState(target="", since=0.0, until=1.0, wants_base=False),
        WalState(target="", since=0.0, until=1.0),
    ):
        write_wal_state(tmp_path, state)
        began = trio.current_time()
        await nightly._sleep_or_wanted(tmp_path, HOUR, may_be_wanted=True)
        assert trio.current_time() - began == (1.0 if state.until and state.wants_base else HOUR)
    began = trio.current_time()
    await nightly._sleep_or_wanted(tmp_path, HOUR, may_be_wanted=False)
    assert trio.current_time() - began == HOUR, "the last one has just failed"


@in_campaign
def test_two_workers_with_the_setting_start_and_stop(target: Path) -> None:
    with (
        used_data_path() as data,
        running_server(
            data,
            CHAT_BACKUP=str(target),
            CHAT_BACKUP_KEEP="7d 4w",
            CHAT_BACKUP_WAL="1",
            CHAT_WORKERS="2",
        ) as own,
    ):
        began = time.time()
        eventually(lambda: (wal_until(data) or 0) > began, "WAL is archived", patience=60)
        assert own.stop() == 0
