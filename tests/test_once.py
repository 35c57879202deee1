"""The image for Basecamp's ONCE, as far as it can be tried without a container: its start, and its two hooks."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from chat.domain.mail_server import mail_server
from tests.support.campaign import in_campaign
from tests.support.databases import fetch
from tests.support.people import PASSWORD, eventually, post, register, request
from tests.support.processes import postgres_under, stopped
from tests.support.server import running_server

ROOT = Path(__file__).parents[1]
ONCE = ROOT / "deploy/once"
SECRET = "0123456789abcdef" * 8
"""As the SECRET_KEY_BASE that ONCE makes."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the image is Linux")


def environment(data: Path, **more: str) -> dict[str, str]:
    """That of the image, whose PATH begins with its venv."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "CHAT_DATA": str(data), **more}


def run(hook: str, data: Path, **more: str) -> int:
    """Run a hook and return its exit status."""
    done = subprocess.run([ONCE / "hooks" / hook], env=environment(data, **more), check=False, timeout=120)
    return done.returncode


def copy_volume(data: Path) -> Path:
    """Copy the data as ONCE does; return the copy."""
    restored = data.with_name("restored")
    subprocess.run(["cp", "-a", data, restored], check=True, timeout=60)
    return restored


def status(url: str) -> int | None:
    """The status of an answer; None: nobody answers."""
    try:
        return request("GET", url).status_code
    except httpx.TransportError:
        return None


@contextmanager
def started(data: Path, **more: str) -> Generator[str]:
    """Start the image's server; the URL may not answer yet."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {"CHAT_LISTEN": f"127.0.0.1:{port}", "CHAT_BCRYPT_COST": "4", **more}
    process = subprocess.Popen([ONCE / "start"], env=environment(data, **settings))
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(60)
        finally:
            process.kill()
            process.wait(30)


def test_the_image_has_what_once_asks_for() -> None:
    stage = (ROOT / "Containerfile").read_text().split(" AS once\n")[1].split("\nFROM ")[0]
    assert re.search(r"^EXPOSE 80$", stage, re.MULTILINE)
    assert re.search(r"^VOLUME /storage$", stage, re.MULTILINE)
    assert "CHAT_DATA=/storage/" in stage
    for source, target in re.findall(r"^COPY (\S+) (\S+)$", stage, re.MULTILINE):
        assert (ROOT / source).exists()
        assert target in ("/hooks", "/usr/local/bin/start-under-once")
    assert 'ENTRYPOINT ["start-under-once"]' in stage
    for file in (ONCE / "start", ONCE / "hooks/pre-backup", ONCE / "hooks/post-restore"):
        assert os.access(file, os.X_OK)
        assert file.read_text().startswith("#!/usr/bin/env python3\n")


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program that starts the image's server, as a module."""
    for name in ("CHAT_DATA", "CHAT_LISTEN"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)  # the module sets them: they are removed after the test
    loader = SourceFileLoader("once_start", str(ONCE / "start"))
    spec = spec_from_loader("once_start", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_the_containers_own_networks_are_found(start: ModuleType) -> None:
    heading = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
    default = "eth0 00000000 010012AC 0003 0 0 0 00000000 0 0 0\n"
    own = "eth0 000012AC 00000000 0001 0 0 0 0000FFFF 0 0 0\n"
    assert start.own_networks(heading + default + own) == "172.18.0.0/16"
    assert start.own_networks(heading) == ""


MAIL = {
    "SMTP_ADDRESS": "mail.example",
    "SMTP_PORT": "587",
    "SMTP_USERNAME": "chat@mail.example",
    "SMTP_PASSWORD": "a/b:c@d",
    "MAILER_FROM_ADDRESS": "Chat <chat@mail.example>",
}
"""As ONCE passes them: all five, or none; those without a value are empty."""


@pytest.mark.parametrize(
    ("changed", "security", "port", "user"),
    [
        ({}, "starttls", 587, "chat@mail.example"),
        ({"SMTP_PORT": "465"}, "tls", 465, "chat@mail.example"),
        ({"SMTP_PORT": "", "SMTP_USERNAME": "", "SMTP_PASSWORD": ""}, "starttls", 587, None),
    ],
)
def test_the_mail_server_is_the_one_that_once_names(
    start: ModuleType, changed: dict[str, str], security: str, port: int, user: str | None
) -> None:
    settings = start.mail_settings(MAIL | changed)
    found = mail_server(settings["CHAT_MAIL_URL"], settings["CHAT_MAIL_FROM"])
    assert (found.host, found.port, found.security) == ("mail.example", port, security)
    assert (found.user, found.password) == (user, "a/b:c@d" if user else "")
    assert (found.sender_name, found.sender) == ("Chat", "chat@mail.example")


def test_without_a_sender_the_server_starts_without_mail(
    start: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start.mail_settings({}) == {}
    assert capsys.readouterr().err == ""
    assert start.mail_settings(MAIL | {"MAILER_FROM_ADDRESS": ""}) == {}
    assert "no mail is sent" in capsys.readouterr().err


@in_campaign
def test_an_update_is_up_beside_the_old_container_and_serves_after_its_end(data: Path) -> None:
    with running_server(data) as old:
        token = register(old.url, "ada")
        with started(data, SECRET_KEY_BASE="", NUM_CPUS="2") as url:
            eventually(lambda: status(f"{url}/up") == 200, "ONCE moves people to it")
            assert status(f"{url}/livez") == 503, "the old one has the data"
            assert status(f"{old.url}/up") == 200
            old.kill()
            eventually(lambda: status(f"{url}/livez") == 200, "it has the data")
            eventually(lambda: status(f"{url}/up") == 200, "and saves")
            answer = request("GET", f"{url}/api/v1/me", headers={"Authorization": f"Bearer {token}"})
            assert answer.json()["name"] == "ada", answer.text


def names_taken(url: str, *names: str) -> list[str]:
    """Those of these names that somebody has; the others are registered."""
    answers = {name: post(f"{url}/api/reg", {"username": name, "password": PASSWORD}) for name in names}
    assert {answer.status_code for answer in answers.values()} <= {201, 409}
    return [name for name, answer in answers.items() if answer.status_code == 409]


async def test_a_backup_beside_the_running_server_is_restored_whole(data: Path) -> None:
    with running_server(data, CHAT_SECRET=SECRET) as server:
        register(server.url, "ada")
        assert run("pre-backup", data) == 0
        register(server.url, "ben")
        begun = time.time()
        assert run("pre-backup", data) == 0
        ended = time.time()
        held = "SELECT bool_and(until > now() + interval '50 minutes') FROM removal_holds"
        assert await fetch(server.address, held), "no attached file is removed while ONCE copies"
        register(server.url, "cem")
    restored = copy_volume(data)
    # What was copied while it changed may be torn.
    (restored / "postgres/cluster/global/pg_control").write_bytes(b"")
    assert run("post-restore", restored) == 0
    assert not [*restored.glob("backup*"), *restored.glob("postgres/torn")]
    with running_server(restored, CHAT_SECRET=SECRET) as server:
        mark = await fetch(server.address, "SELECT extract(epoch FROM until) FROM restores")
        assert begun <= mark <= ended, "the restore mark has the time of the backup"
    with started(restored, SECRET_KEY_BASE=SECRET) as url:
        eventually(lambda: status(f"{url}/up") == 200, "it serves")
        assert names_taken(url, "ada", "ben", "cem") == ["ada", "ben"]


@in_campaign
def test_a_paused_container_is_restored_as_it_was_paused(data: Path) -> None:
    with running_server(data) as server:
        register(server.url, "ada")
        assert run("pre-backup", data) == 0
        register(server.url, "ben")
        assert run("pre-backup", data, PGOPTIONS="-c no_such_setting=1") != 0
        server_pid = server.process.pid
        with stopped([*postgres_under(server_pid), server_pid]):  # as docker pauses a container
            restored = copy_volume(data)
    assert run("post-restore", restored) == 0
    with running_server(restored) as server:
        assert names_taken(server.url, "ada", "ben", "cem") == ["ada", "ben"], "not the copy before"
