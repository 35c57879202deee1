"""`chat export` and `chat import`, as an operator runs them."""

import re
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner, Result

from chat.archive.directory import HEAD
from chat.cli import main
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress
from tests.archive.conftest import opened
from tests.archive.worlds import Builder, tree
from tests.support.databases import empty, fetch, url_of

ACTS = """
SELECT array_agg(CASE WHEN what LIKE 'archive%' THEN 'all: ' ELSE '' END || detail ORDER BY id) FROM audit
WHERE what IN ('archive_begun', 'archive_made', 'import_begun', 'imported') AND by_id IS NULL"""


def run(database: DatabaseAddress, files: Path, *arguments: str) -> Result:
    """Run `chat` on a database."""
    place = ["--database", url_of(database), "--files", str(files)]
    return CliRunner().invoke(main, [*arguments, *place])


@pytest.fixture
def one(databases: list[DatabaseAddress], tmp_path: Path) -> DatabaseAddress:
    """A database with a world; the other one is empty."""

    async def build() -> None:
        async with open_asyncio(), opened(databases[0], tmp_path / "files") as site:
            await Builder(site.storage, site.store, 3).build(40)

    for address in databases:
        empty(address)
    trio.run(build)
    return databases[0]


def test_a_server_moves_by_an_archive(
    one: DatabaseAddress, databases: list[DatabaseAddress], tmp_path: Path
) -> None:
    a, b, other = tmp_path / "a", tmp_path / "b", databases[1]
    exported = run(one, tmp_path / "files", "export", str(a))
    assert exported.exit_code == 0, exported.output
    assert "9 people, 5 rooms" in exported.output
    dry = run(other, tmp_path / "files 2", "import", "--dry-run", str(a))
    assert "WOULD BE IMPORTED" in dry.output
    assert trio.run(fetch, other, "SELECT count(*) FROM users") == 0
    imported = run(other, tmp_path / "files 2", "import", str(a))
    assert imported.exit_code == 0, imported.output
    assert imported.output.splitlines()[1].split() == ["people", "9"]
    assert run(other, tmp_path / "files 2", "export", str(b)).exit_code == 0
    assert tree(a) == tree(b)
    again = run(other, tmp_path / "files 2", "import", str(a))
    assert (again.exit_code, "in this server already" in again.output) == (1, True)
    acts = [trio.run(fetch, each, ACTS) for each in (one, other)]
    made = re.fullmatch(r"all: (9 people, 5 rooms, \d+ messages, \d+ files)", acts[0][1])
    assert acts[0][0] == "all: "
    assert made
    source = acts[1][0]
    assert source.startswith("chat ")
    assert acts[1][1].split(", ")[:2] == [f"{source}: 9 people", "5 rooms"]


def test_a_room_and_a_person_have_archives(
    one: DatabaseAddress, databases: list[DatabaseAddress], tmp_path: Path
) -> None:
    room, person, other = tmp_path / "room", tmp_path / "person", databases[1]
    assert run(one, tmp_path / "files", "export", "--room", "2", str(room)).exit_code == 0
    assert run(one, tmp_path / "files", "export", "--person", "ada", str(person)).exit_code == 0
    of_room, of_person = tree(room), tree(person)
    assert of_room["rooms.jsonl"].count(b"\n") == 1
    assert of_room["people.jsonl"].count(b"\n") > 1
    assert of_person["people.jsonl"].count(b"\n") == 1
    assert b'"by":2' not in of_person["log-000001.jsonl"]
    assert run(other, tmp_path / "files 2", "import", str(room)).exit_code == 0
    assert run(other, tmp_path / "files 2", "import", str(person)).exit_code == 0
    names = trio.run(fetch, other, "SELECT array_agg(name ORDER BY id) FROM rooms WHERE kind = 'room'")
    assert names[:1] == ["garden"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["export", "--person", "nobody"], "nobody is called 'nobody'"),
        (["export", "--room", "99"], "no room has the id 99"),
        (["import"], f"has no {HEAD}"),
    ],
)
def test_what_is_not_there_is_said(
    one: DatabaseAddress, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "place").mkdir()
    failed = run(one, tmp_path / "files", *arguments, str(tmp_path / "place"))
    assert failed.exit_code == 1
    assert message in failed.output
