"""The data directory: its owner, its lock, and the secret in it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from chat.domain.startup import CannotStart
from chat.embedded_postgres.data_directory import AlreadyRunning, open_data_directory
from tests.support.processes import child


async def test_a_missing_directory_is_made_private_and_marked(tmp_path: Path) -> None:
    path = tmp_path / "not" / "there"
    async with open_data_directory(path) as data:
        assert data.path == path
        assert path.stat().st_mode & 0o777 == 0o700
        assert (path / "chat-data").read_text() == "1\n"


async def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_data_directory(Path("data")) as data:
        assert data.path == tmp_path / "data"


async def test_a_second_holder_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    async with open_data_directory(tmp_path):
        with pytest.raises(AlreadyRunning, match=rf"process {os.getpid()}\).*{tmp_path}"):
            async with open_data_directory(tmp_path):
                pass
    async with open_data_directory(tmp_path):
        pass


async def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    program = f"""
import trio
from pathlib import Path
from chat.embedded_postgres.data_directory import open_data_directory

async def hold():
    async with open_data_directory(Path({str(tmp_path)!r})):
        print("held", flush=True)
        await trio.sleep_forever()

trio.run(hold)
"""
    with (
        trio.fail_after(10),
        child(sys.executable, "-c", program, stdout=subprocess.PIPE) as holder,
    ):
        assert holder.stdout is not None
        assert await trio.to_thread.run_sync(holder.stdout.readline) == b"held\n"
        with pytest.raises(AlreadyRunning, match=f"process {holder.pid}"):
            async with open_data_directory(tmp_path):
                pass
        holder.send_signal(signal.SIGKILL)
        await trio.to_thread.run_sync(holder.wait)
        async with open_data_directory(tmp_path):
            pass


async def test_a_directory_with_other_peoples_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(CannotStart, match="not a data directory of this server"):
        async with open_data_directory(tmp_path):
            pass
    assert os.listdir(tmp_path) == ["thesis.txt"]


async def test_the_root_of_a_volume_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()
    async with open_data_directory(tmp_path):
        pass


async def test_a_mark_that_a_power_cut_left_unfinished_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "chat-data.new").touch()
    async with open_data_directory(tmp_path):
        assert (tmp_path / "chat-data").read_text() == "1\n"


async def test_the_directory_of_a_newer_server_is_refused(tmp_path: Path) -> None:
    (tmp_path / "chat-data").write_text("2\n")
    with pytest.raises(CannotStart, match="has format '2'"):
        async with open_data_directory(tmp_path):
            pass


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 300, "a\0b"])
async def test_an_unusable_data_path_is_reported_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match="cannot use the data directory") as refused:
        async with open_data_directory(tmp_path / name):
            pass
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["file", "file/below"])
async def test_a_file_where_a_directory_is_needed_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match=f": {tmp_path / 'file'} is a file$"):
        async with open_data_directory(tmp_path / name):
            pass


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
async def test_a_directory_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o500)
    with pytest.raises(CannotStart, match="Permission denied"):
        async with open_data_directory(tmp_path):
            pass


async def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    async with open_data_directory(tmp_path) as data:
        secret = data.secret()
        assert data.secret() == secret
    async with open_data_directory(tmp_path) as data:
        assert data.secret() == secret
    assert len(secret) == 64
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(tmp_path)) == ["chat-data", "lock", "secret"]


async def test_the_secret_is_closed_to_others_again(tmp_path: Path) -> None:
    async with open_data_directory(tmp_path) as data:
        (tmp_path / "secret").write_text("k" * 32 + "\n")
        (tmp_path / "secret").chmod(0o644)
        assert data.secret() == "k" * 32
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 64])
async def test_a_damaged_secret_is_refused_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    async with open_data_directory(tmp_path) as data:
        (tmp_path / "secret").write_bytes(content)
        with pytest.raises(CannotStart, match="secret"):
            data.secret()
    assert (tmp_path / "secret").read_bytes() == content
