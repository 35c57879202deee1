"""A server restored to a moment has exactly what was acknowledged before it; a gap in the WAL archive is named."""

import gzip
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
import trio

from chat.backup import moments
from chat.backup.failures import BackupFailed
from chat.backup.keeping import parse_keep
from chat.backup.manifest import MANIFEST
from chat.backup.moments import choose, parse_moment, spans_in
from chat.backup.restoring import restore
from chat.backup.target import backups_in
from chat.backup.wal_segments import segment_name
from chat.backup.wal_series import Origin, begin_series, remove_unneeded_wal, series_in
from chat.backup.wal_state import WalState, read_wal_state, wal_readings
from chat.client import open_chat
from chat.settings.config import Config
from tests.backup.conftest import FILE, LOBBY, attach, command, lines, register, say
from tests.support.campaign import in_campaign
from tests.support.databases import execute, fetch
from tests.support.documentation.commands import ROOT, shell_blocks
from tests.support.people import eventually
from tests.support.server import ServerProcess, data_path, running_server, used_data_path

PAGE = ROOT / "docs" / "operating.md"


def state_of(server: ServerProcess) -> WalState:
    state = read_wal_state(server.data)
    assert state is not None
    return state


def archived(server: ServerProcess, moment: float) -> None:
    """Wait until all that was acknowledged before `moment` is archived; fails a slow machine only after a minute."""
    eventually(lambda: (state_of(server).until or 0) > moment, "it is archived", patience=60)


class Told:
    """What was acknowledged, and moments between two messages: the messages before each."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.moments: list[tuple[float, int]] = []

    async def say(self, server: ServerProcess, token: str, number: int) -> None:
        for _ in range(number):
            text = f"m{len(self.texts)}"
            await say(server, token, text)
            self.texts.append(text)
            self.moments.append((time.time(), len(self.texts)))


class Archive:
    """An archive of a server that was killed, was started again, and lost its directory of backups for a while."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.told = Told()
        self.file_at = self.killed_at = self.away_at = 0.0
        self.token = ""


@pytest.fixture(scope="module")
def archive() -> Generator[Archive]:
    with TemporaryDirectory(prefix="chat-backups-") as directory, used_data_path() as data:
        made = Archive(Path(directory) / "target")
        trio.run(fill, made, data)
        yield made


async def fill(archive: Archive, data: Path) -> None:
    settings = {"CHAT_BACKUP": str(archive.target), "CHAT_BACKUP_WAL": "1"}
    told = archive.told
    with running_server(data, **settings) as server:
        archive.token = register(server, "ada")
        archived(server, 0)
        await say(server, archive.token, "before the backup")
        lines(command("backup", archive.target, "--data", data))
        eventually(lambda: not state_of(server).wants_base, "the backup is found", patience=60)
        await told.say(server, archive.token, 3)
        await attach(server, archive.token)
        archive.file_at = time.time()
        await told.say(server, archive.token, 1)
        server.kill()
    with running_server(data, **settings) as server:
        archive.killed_at = time.time()
        await told.say(server, archive.token, 2)
        archived(server, time.time())
        away = archive.target.with_name("away")
        archive.target.rename(away)
        archive.away_at = time.time()
        await told.say(server, archive.token, 2)
        eventually(lambda: state_of(server).problem is not None, "it is away", patience=60)
        away.rename(archive.target)
        archived(server, time.time())
        await told.say(server, archive.token, 1)
        assert server.stop() == 0


async def texts_after(archive: Archive, to: float | None, **settings: Path) -> tuple[list[str], bool]:
    """Restore, and return the texts that are there, and whether the bytes of the file are."""
    with data_path() as data:
        backup, replay = choose(archive.target, to)
        await restore(Config(data=data), backup, report=lambda _what: None, replay=replay)
        with running_server(data) as server:
            async with open_chat(server.url, token=archive.token) as chat:
                history = await chat.history(LOBBY, limit=100)
                texts = [message.text for message in history.messages]
                files = [file for message in history.messages for file in message.files]
                contents = [await chat.download(file) for file in files]
    assert "before the backup" in texts
    return [text for text in texts if text.startswith("m")], contents == [FILE]


@in_campaign
@pytest.mark.parametrize("which", [1, 3, 6])
async def test_a_moment_has_what_was_acknowledged_before_it(archive: Archive, which: int) -> None:
    moment, number = archive.told.moments[which]
    texts, has_file = await texts_after(archive, moment)
    assert texts == archive.told.texts[:number]
    assert has_file == (moment > archive.file_at)


@in_campaign
async def test_the_latest_has_all_also_what_came_last_before_the_stop(archive: Archive) -> None:
    assert (await texts_after(archive, None))[0] == archive.told.texts


NOW = datetime(2026, 11, 25, 14, 10, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("14:05", NOW.replace(minute=5)),
        ("14:10:01", NOW.replace(day=24, second=1)),
        ("2026-11-25T13:05:00Z", NOW.replace(minute=5)),
        ("2026-11-24 23:00", NOW.replace(day=24, hour=23, minute=0)),
        ("2026-11-25T14:05:00.5+01:00", NOW.replace(minute=5, microsecond=500_000)),
    ],
)
def test_a_time_of_day_is_the_last_such_one_and_a_date_has_a_zone(text: str, meant: datetime) -> None:
    assert parse_moment(text, NOW) == meant.timestamp()


def test_what_is_no_moment_is_refused() -> None:
    assert parse_moment("latest", NOW) is None
    for wrong in ("25:00", "yesterday", "2026-11-25T14:11", ""):
        with pytest.raises(ValueError, match=r"in the future|expected a time as 14:05"):
            parse_moment(wrong, NOW)


def test_the_command_of_the_page_restores_a_moment(archive: Archive) -> None:
    moment, _ = archive.told.moments[1]
    written_lines = [line for block in shell_blocks(PAGE) for line in block.splitlines()]
    (line,) = [line for line in written_lines if line.startswith("chat restore ") and "--to " in line]
    with data_path() as data:
        places = {"/mnt/backup": archive.target, "/srv/restored": data}
        places |= {'"14:05"': datetime.fromtimestamp(moment, UTC).isoformat()}
        for written, ours in places.items():
            assert written in line
            line = line.replace(written, shlex.quote(str(ours)))
        done = subprocess.run(
            ["bash", "-c", f"{shlex.quote(sys.executable)} -m {line}"],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        (said,) = lines(done)
        assert re.search(
            rf"and the WAL after it into .*: everything until {datetime.fromtimestamp(moment, UTC):%F %T} UTC",
            said,
        )


def test_commands_say_what_can_be_restored(archive: Archive) -> None:
    (span,) = spans_in(archive.target)
    assert span.begin < archive.told.moments[0][0] < archive.told.moments[-1][0] < span.end
    said = lines(command("backup", "verify", archive.target))
    assert any("any moment from 20" in line and line.startswith("ok") for line in said), said
    with data_path() as data:
        for moment in (
            "2020-01-01",
            f"{datetime.fromtimestamp(span.end, UTC) + timedelta(seconds=70):%FT%TZ}",
        ):
            done = command("restore", archive.target, "--to", moment, "--data", data)
            assert done.returncode != 0
            assert ("any moment from 20" in done.stderr) or ("is in the future" in done.stderr), done.stderr
        assert not data.exists()


@pytest.fixture
def copy(archive: Archive, tmp_path: Path) -> Path:
    """A copy of the archive, to damage."""
    shutil.copytree(archive.target, tmp_path / "copy")
    return tmp_path / "copy"


def later_segments(target: Path) -> None:
    """Let the series end some segments later, as it does after a day."""
    (series,) = series_in(target)
    last = series.segments[-1]
    for number in range(last.number, last.number + 4):
        content = b"\0" * series.origin.segment_bytes
        name = segment_name(series.origin.timeline, number, series.origin.segment_bytes)
        (series.path / f"{name}.gz").write_bytes(gzip.compress(content, 1))


def test_missing_and_damaged_segments_are_named(copy: Path) -> None:
    later_segments(copy)
    (series,) = series_in(copy)
    lost, damaged = series.segments[-2].path, series.segments[-4].path
    choose(copy, None)
    lost.unlink()
    begin = spans_in(copy)[0].begin
    os.utime(series.segments[-3].path, (begin + 1, begin + 1))
    with pytest.raises(BackupFailed, match=rf"after 20.* WAL is missing, {lost.stem}: any moment from"):
        choose(copy, None)
    damaged.write_bytes(damaged.read_bytes()[:-9])
    said = command("backup", "verify", copy).stdout
    assert f"then WAL is missing: {lost.stem}" in said
    assert f"1 are damaged, the first is {damaged}" in said


def test_wal_and_files_go_with_the_backups_of_the_days_that_are_kept(copy: Path) -> None:
    (series,) = series_in(copy)
    (before,) = spans_in(copy)
    old = copy / "wal" / "files" / "ab" / ("ab" * 32)
    old.parent.mkdir(exist_ok=True)
    old.touch()
    os.utime(old, (1e9, 1e9))
    assert remove_unneeded_wal(copy, ()) == 0
    begin_series(copy, Origin(system=1, timeline=1, segment_bytes=1 << 24))
    removed = remove_unneeded_wal(copy, parse_keep("1d"))
    (kept, _new) = series_in(copy)
    assert removed == len(series.segments) - len(kept.segments) > 0
    assert spans_in(copy) == [before]
    assert [path.name for path in (copy / "wal" / "files").glob("*/*")] == [hashlib.sha256(FILE).hexdigest()]
    manifest = copy / backups_in(copy)[0] / MANIFEST
    manifest.write_text(manifest.read_text().replace(f'"system": {series.origin.system}', '"system": 2'))
    remove_unneeded_wal(copy, parse_keep("1d"))
    assert [each.origin.system for each in series_in(copy)] == [1], "a series without a backup is of no use"


def switch(server: ServerProcess) -> None:
    """Fill a segment of WAL."""
    trio.run(execute, server.address, "SELECT pg_logical_emit_message(false, '', repeat('x', 100))")
    trio.run(execute, server.address, "SELECT pg_switch_wal()")


@in_campaign
def test_a_directory_that_is_away_for_too_long_leaves_a_gap_that_is_told(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"CHAT_BACKUP": str(target), "CHAT_BACKUP_WAL": "1"}
    settings |= {"CHAT_POSTGRES_SETTINGS": "max_slot_wal_keep_size=12MB,max_wal_size=8MB,min_wal_size=8MB"}
    with used_data_path() as data:
        with running_server(data, **settings) as server:
            archived(server, 0)
            lines(command("backup", target, "--data", data))
            archived(server, time.time())
            away = target.with_name("away")
            target.rename(away)
            eventually(lambda: "mount it" in str(state_of(server).problem), "it is away", patience=60)
            before = time.time()
            for _ in range(8):
                switch(server)
            trio.run(execute, server.address, "CHECKPOINT")
            away.rename(target)
            eventually(lambda: state_of(server).gap_at is not None, "the gap is found", patience=60)
            archived(server, time.time())
            assert "PostgreSQL keeps no WAL for the archive" in server.log.read_text()
            assert state_of(server).wants_base
            lines(command("backup", target, "--data", data))
            eventually(lambda: not state_of(server).wants_base, "the backup is found", patience=60)
            assert [name for name, _, _ in wal_readings(data)][-1] == "chat_backup_wal_gap_timestamp_seconds"
        (one, other) = spans_in(target)
        assert one.end < before < other.begin
        monkeypatch.setattr(moments, "_UNNOTED", 0.0)
        with pytest.raises(BackupFailed, match=r"ends too early: any moment from .*; any moment from "):
            choose(target, before)
        slots = "SELECT count(*) FROM pg_replication_slots"
        with running_server(data) as server:
            assert trio.run(fetch, server.address, slots) == 0, "nothing keeps WAL for an archive that is off"
        assert read_wal_state(data) is None
