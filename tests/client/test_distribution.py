"""The distribution `trio-chat-client`: in an empty environment a program needs nothing else to talk with a server."""

import os
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
import trio
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from chat.client import open_chat
from tests.client.people import texts
from tests.client.test_real_server import BOT, LOBBY, register
from tests.support.people import eventually
from tests.support.processes import child
from tests.support.server import ServerProcess

ROOT = Path(__file__).parents[2]
MOST = 5_000_000
"""Bytes of all that is installed; trio-chat without extras has 13 million, a server 110."""
SERVERS = ("asyncpg", "quart", "hypercorn", "click", "wcwidth", "cryptography")


def needs(project: Path) -> list[str]:
    found: list[str] = tomllib.loads(project.read_text())["project"]["dependencies"]
    return found


def copy(installed: Distribution, into: Path) -> None:
    """Copy what a distribution has installed, as pip would install it."""
    for file in installed.files or ():
        if ".." not in file.parts and file.suffix != ".pyc":
            new = into / file
            new.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(file.locate().read_bytes())  # type: ignore[attr-defined] # a Path


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has the wheel, what its metadata require, and what that requires."""
    place = tmp_path_factory.mktemp("client")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(place)]
    subprocess.run(build, check=True, capture_output=True, timeout=120, cwd=ROOT / "client")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place / "env"], check=True, timeout=60)
    (packages,) = (place / "env/lib").glob("python*/site-packages")
    (wheel,) = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    (metadata,) = packages.glob("*.dist-info")
    wanted, copied = [*(Distribution.at(metadata).requires or ())], set[str]()
    while wanted:
        needed = Requirement(wanted.pop())
        if canonicalize_name(needed.name) not in copied and (
            needed.marker is None or needed.marker.evaluate({"extra": ""})
        ):
            copied.add(canonicalize_name(needed.name))
            copy(found := distribution(needed.name), packages)
            wanted += found.requires or ()
    return place / "env/bin/python"


def test_it_needs_the_same_releases_as_the_server() -> None:
    assert set(needs(ROOT / "client/pyproject.toml")) < set(needs(ROOT / "pyproject.toml"))
    assert (ROOT / "client/LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_it_has_the_client_and_nothing_of_the_server(python: Path) -> None:
    (packages,) = (python.parents[1] / "lib").glob("python*/site-packages")
    own = {path.relative_to(packages / "chat").parts[0] for path in (packages / "chat").rglob("*.py")}
    assert own == {"__init__.py", "signals.py", "client"}
    assert (packages / "chat/py.typed").exists()
    assert [name for name in SERVERS if (packages / name).exists()] == []
    assert sum(path.stat().st_size for path in packages.rglob("*") if path.is_file()) < MOST


async def test_the_example_bot_answers_with_nothing_else_installed(
    python: Path, server: ServerProcess, tmp_path: Path
) -> None:
    ada, bot = register(server, "ada of the bot"), register(server, "bot of the wheel")
    environment, kept = {**os.environ, "CHAT_TOKEN": bot}, tmp_path / "positions.json"
    with trio.fail_after(60), child(python, "-I", BOT, server.url, kept, env=environment):
        await trio.to_thread.run_sync(eventually, kept.exists, "the bot is connected")
        async with open_chat(server.url, token=ada) as chat:
            await chat.send(LOBBY, "!echo small")
            assert await texts(chat, 2) == ["!echo small", "small"]
