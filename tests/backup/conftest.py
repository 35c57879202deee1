"""A server with people, messages and a file, and what makes a backup of it."""

import shutil
import subprocess
from collections.abc import Generator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from chat.client import open_chat
from tests.support.command_line import run_chat
from tests.support.people import PASSWORD, post
from tests.support.server import ServerProcess, running_server, used_data_path

FILE = b"bytes of a file " * 4096
LOBBY = 1


def command(*arguments: str | Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run `chat` with these arguments to its end."""
    return run_chat([str(each) for each in arguments], **settings)


def lines(done: "subprocess.CompletedProcess[str]") -> Sequence[str]:
    """Return what a command printed that went well."""
    assert done.returncode == 0, (done.stdout, done.stderr)
    return done.stdout.splitlines()


def register(server: ServerProcess, name: str) -> str:
    """Register somebody; return an access token."""
    answer = post(f"{server.url}/api/v1/auth/register", {"name": name, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["access"]
    return token


async def say(server: ServerProcess, token: str, *texts: str) -> None:
    """Send messages to the lobby; return when all are acknowledged."""
    async with open_chat(server.url, token=token) as chat:
        for text in texts:
            await chat.send(LOBBY, text)


async def attach(server: ServerProcess, token: str, content: bytes = FILE) -> None:
    """Send a message with a file to the lobby."""
    async with open_chat(server.url, token=token) as chat:
        file = await chat.upload(LOBBY, content, "notes.txt")
        await chat.send(LOBBY, "with a file", files=[file])


@pytest.fixture(scope="package")
def own_server() -> Generator[ServerProcess]:
    """A server whose data only these tests back up."""
    with used_data_path() as data, running_server(data) as server:
        yield server


@pytest.fixture
def target() -> Generator[Path]:
    """A directory for backups."""
    with TemporaryDirectory(prefix="chat-backups-") as directory:
        yield Path(directory) / "target"
        shutil.rmtree(Path(directory) / "target", ignore_errors=True)
