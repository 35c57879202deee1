"""The image for Basecamp's ONCE, as far as it can be tried without a container: its start, and its two hooks."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import httpx
import pytest

from tests.support.people import eventually, post, register, request
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


def run(hook: str, data: Path) -> None:
    subprocess.run([ONCE / "hooks" / hook], env=environment(data), check=True, timeout=120)


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


def test_the_containers_own_networks_are_found() -> None:
    loader = SourceFileLoader("once_start", str(ONCE / "start"))
    spec = spec_from_loader("once_start", loader)
    assert spec is not None
    start = module_from_spec(spec)
    before = dict(os.environ)
    try:
        loader.exec_module(start)
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
    heading = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
    default = "eth0 00000000 010012AC 0003 0 0 0 00000000 0 0 0\n"
    own = "eth0 000012AC 00000000 0001 0 0 0 0000FFFF 0 0 0\n"
    assert start.own_networks(heading + default + own) == "172.18.0.0/16"
    assert start.own_networks(heading) == ""


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


def test_a_backup_beside_the_running_server_is_restored_whole(data: Path) -> None:
    restored = data.with_name("restored")
    with running_server(data, CHAT_SECRET=SECRET) as server:
        register(server.url, "ada")
        run("pre-backup", data)
        register(server.url, "ben")
        run("pre-backup", data)
        register(server.url, "cem")
    subprocess.run(["cp", "-a", data, restored], check=True, timeout=60)
    # What was copied while it changed may be torn.
    (restored / "postgres/cluster/global/pg_control").write_bytes(b"")
    run("post-restore", restored)
    assert not [*restored.glob("backup*"), *restored.glob("postgres/torn")]
    with started(restored, SECRET_KEY_BASE=SECRET) as url:
        eventually(lambda: status(f"{url}/up") == 200, "it serves")
        taken = [
            post(f"{url}/api/reg", {"username": name, "password": "world of tea"}).status_code
            for name in ("ada", "ben", "cem")
        ]
    assert taken == [409, 409, 201]


def test_a_backup_of_a_paused_container_needs_no_copy(data: Path) -> None:
    with running_server(data) as server:
        register(server.url, "ada")
    run("post-restore", data)
    with running_server(data) as server:
        assert (
            post(f"{server.url}/api/reg", {"username": "ada", "password": "world of tea"}).status_code == 409
        )
