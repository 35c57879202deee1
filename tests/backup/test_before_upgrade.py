"""A server backs its own database up before it upgrades the tables of an older release."""

import json
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from chat.backup.manifest import read_manifest
from tests.support.campaign import in_campaign
from tests.support.command_line import run_chat
from tests.support.people import register
from tests.support.releases import Release, older_release, this_release
from tests.support.saved import fetch_sql
from tests.support.server import ServerProcess, data_path, running_server


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return older_release(tmp_path_factory.mktemp("older") / "release")


@pytest.fixture(scope="module")
def older_data(older: Release) -> Generator[Path]:
    """Data of the release before, in which Ada has registered."""
    with data_path() as path:
        with running_server(path, **older.environment) as server:
            register(server.url, "ada")
            assert server.stop() == 0
        yield path


@pytest.fixture
def data(older_data: Path) -> Generator[Path]:
    """A copy of those data."""
    with data_path() as path:
        subprocess.run(["cp", "-a", older_data, path], check=True, timeout=60)
        yield path


def backups(data: Path) -> list[Path]:
    return sorted(data.glob("before-upgrade/*/manifest.json"))


@in_campaign
@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_embedded_database_is_backed_up_once_before_its_tables_are_upgraded(
    data: Path, older: Release, workers: str
) -> None:
    for _ in range(2):
        with running_server(data, "--workers", workers) as server:
            assert fetch_sql(server.address, "SELECT name FROM users WHERE name = 'ada'")
            assert server.stop() == 0
    (backup,) = backups(data)
    assert read_manifest(backup.parent).schema == older.schema
    events = [json.loads(line)["event"] for line in server.log.read_text().splitlines()]
    first, last = "backing the database up before its tables are upgraded", "backed the database up"
    assert events.count(first) == events.count(last) == 1
    verified = run_chat(["backup", "verify", str(backup.parent)])
    assert verified.returncode == 0, verified.stderr


@in_campaign
def test_without_a_backup_the_server_does_not_start_and_says_how_to_go_on(data: Path) -> None:
    (data / "before-upgrade").write_text("in the way")
    with pytest.raises(RuntimeError, match=r"there is no backup of them.*--backup-before-upgrade never"):
        ServerProcess(data)
    with running_server(data, "--backup-before-upgrade", "never") as server:
        schema = fetch_sql(server.address, "SELECT max(version) FROM schema_migrations")[0][0]
        assert schema == this_release().schema
