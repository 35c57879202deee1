"""Files through the real server: large, slow and interrupted ones, and what is on the disk."""

import hashlib
import json
import os
import re
import socket
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.support.people import eventually, post, register, request
from tests.support.raw_client import RawClient
from tests.support.server import ServerProcess, data_path, running_server, used_data_path

V1 = "/api/v1"


@pytest.fixture
def own() -> Generator[ServerProcess]:
    with used_data_path() as data, running_server(data) as server:
        yield server


def bytes_of(server: ServerProcess) -> list[Path]:
    """The files on its disk, finished or not."""
    return [
        each for each in (server.data / "files").rglob("*") if each.is_file() and each.name != "chat-files"
    ]


def join(server: ServerProcess, name: str) -> dict[str, str]:
    register(server.url, name)
    session = post(f"{server.url}{V1}/auth/login", {"login": name, "password": "world of tea"}).json()
    return {"Authorization": f"Bearer {session['access']}"}


def make_room(server: ServerProcess, bearer: dict[str, str]) -> int:
    answer = request("POST", f"{server.url}{V1}/rooms", body={"name": "garden"}, headers=bearer)
    return int(answer.json()["id"])


def head(room: int, size: int, bearer: dict[str, str]) -> bytes:
    return (
        f"POST {V1}/rooms/{room}/files?name=x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size}\r\n"
        f"Authorization: {bearer['Authorization']}\r\n\r\n"
    ).encode()


def resident(server: ServerProcess) -> int:
    """KiB of memory that the process has had at most."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])


def test_the_largest_file_goes_up_and_down_without_being_in_memory(own: ServerProcess) -> None:
    bearer = join(own, "ada")
    room, data = make_room(own, bearer), os.urandom(26_214_400)
    before = resident(own)
    up = request("POST", f"{own.url}{V1}/rooms/{room}/files?name=big.bin", body=data, headers=bearer)
    assert (up.status_code, up.json()["size"]) == (201, len(data))
    answer = request("GET", f"{own.url}{V1}/files/{up.json()['id']}", headers=bearer)
    assert hashlib.sha256(answer.content).digest() == hashlib.sha256(data).digest()
    assert resident(own) - before < 12_000
    (kept,) = bytes_of(own)
    assert kept.name == hashlib.sha256(data).hexdigest()
    over = request("POST", f"{own.url}{V1}/rooms/{room}/files", body=data + b"x", headers=bearer)
    assert (over.status_code, over.json()["code"]) == (413, "too_big")


def test_an_upload_that_is_cut_off_or_killed_leaves_nothing(own: ServerProcess) -> None:
    bearer = join(own, "ada")
    room = make_room(own, bearer)
    with RawClient(own.url) as client:
        client.send(head(room, 10_000_000, bearer) + b"x" * 5_000_000)
        eventually(
            lambda: sum(each.stat().st_size for each in bytes_of(own)) > 1_000_000,
            "a part of it is on the disk",
        )
    eventually(lambda: bytes_of(own) == [], "it is removed")
    said = {"key": "1", "text": "", "files": [1]}
    refused = request("POST", f"{own.url}{V1}/rooms/{room}/messages", body=said, headers=bearer)
    assert (refused.status_code, refused.json()["field"]) == (400, "files")


def test_slow_clients_of_files_hold_nobody_up(own: ServerProcess) -> None:
    ada, ben = join(own, "ada"), join(own, "ben")
    room, data = make_room(own, ada), os.urandom(20_000_000)
    up = request("POST", f"{own.url}{V1}/rooms/{room}/files", body=data, headers=ada)
    with RawClient(own.url) as uploader, RawClient(own.url, receive_buffer=4096) as downloader:
        uploader.send(head(room, 10_000_000, ada) + b"x" * 70_000)
        path = f"{V1}/files/{up.json()['id']}"
        downloader.send(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {ada['Authorization']}\r\n\r\n".encode()
        )
        for _ in range(20):  # each in the client's own time limit, and before the slow ones go on
            assert request("GET", f"{own.url}{V1}/me", headers=ben).status_code == 200
        uploader.send(b"x" * (10_000_000 - 70_000))
        uploader.socket.shutdown(socket.SHUT_WR)
        assert b" 201 " in uploader.socket.recv(4096)


def test_a_restarted_server_has_its_files_and_another_database_none_of_them() -> None:
    with used_data_path() as data:
        with running_server(data) as server:
            bearer = join(server, "ada")
            room = make_room(server, bearer)
            up: dict[str, Any] = request(
                "POST", f"{server.url}{V1}/rooms/{room}/files?name=a.txt", body=b"hello", headers=bearer
            ).json()
            said = {"key": "1", "text": "", "files": [up["id"]]}
            request("POST", f"{server.url}{V1}/rooms/{room}/messages", body=said, headers=bearer)
            server.kill()
        with running_server(data) as server:
            got = request("GET", f"{server.url}{V1}/files/{up['id']}", headers=bearer)
            assert (got.status_code, got.content) == (200, b"hello")
        with data_path() as other, pytest.raises(RuntimeError, match="another database"):
            ServerProcess(other, "--files", str(data / "files"))
        with running_server(data, "--file-bytes", "0") as server:
            off = request("POST", f"{server.url}{V1}/rooms/{room}/files", body=b"x", headers=bearer)
            assert (off.status_code, json.loads(off.text)["code"]) == (403, "forbidden")


def test_workers_share_the_files_of_their_parent(data: Path) -> None:
    with running_server(data, "--workers", "2") as server:
        bearer = join(server, "ada")
        room = make_room(server, bearer)
        path = f"{server.url}{V1}/rooms/{room}/files"
        made = [request("POST", path, body=b"%d" % nth, headers=bearer).json()["id"] for nth in range(4)]
        for nth, file_id in enumerate(made):
            got = request("GET", f"{server.url}{V1}/files/{file_id}", headers=bearer)
            assert got.content == b"%d" % nth
        assert len(bytes_of(server)) == 4
