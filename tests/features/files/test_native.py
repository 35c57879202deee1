"""Files over HTTP and in messages: rights, names and types, and no leftovers of failures."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import trio
from msgspec import structs

from chat.domain.entities import File, Message, Pair, Peer, Person, SupportOf
from chat.domain.failures import StorageDown
from chat.domain.limits.budgets import Budgets
from chat.domain.refusals import Code, Refusal
from chat.engine.dialect import Dialect
from chat.engine.events import Said
from chat.protocols.native.wire.codec import NATIVE
from chat.protocols.registry import DIALECTS
from chat.storage.file_store import DiskFileStore
from tests.protocols.native.site import V1, Answer, Site, open_site

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (640).to_bytes(4, "big") + (480).to_bytes(4, "big") + b"\x08\2\0\0\0"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
async def site(tmp_path: Path) -> AsyncGenerator[Site]:
    store = DiskFileStore(tmp_path / "files")
    store.prepare("mark")
    async with open_site(file_store=store, file_bytes=100_000) as site:
        yield site


def on_disk(tmp_path: Path) -> list[bytes]:
    """What is in the directory but its mark."""
    return [
        each.read_bytes()
        for each in (tmp_path / "files").rglob("*")
        if each.is_file() and each.suffix == "" and each.name != "chat-files"
    ]


async def upload(
    site: Site, room: int, token: str, data: bytes, name: str = "rose.png", kind: str = "image/png"
) -> Answer:
    response = await site.app.test_client(use_cookies=False).post(
        f"{V1}/rooms/{room}/files?name={quote(name)}",
        data=data,
        headers={"Authorization": f"Bearer {token}", "Content-Type": kind},
    )
    template = site.document["paths"][f"{V1}/rooms/{{room}}/files"]["post"]["responses"]
    told = await response.get_json()
    described = template[str(response.status_code)]["content"]["application/json"]["schema"]
    assert site.faults(told, described) == []
    return Answer(response.status_code, told, response.headers)


async def download(site: Site, file_id: int, token: str, **headers: str) -> Any:
    return await site.app.test_client(use_cookies=False).get(
        f"{V1}/files/{file_id}", headers={"Authorization": f"Bearer {token}", **headers}
    )


async def make_room(site: Site, token: str, *, private: bool = False) -> int:
    return int((await site.call("POST", "/rooms", {"name": "garden", "private": private}, token=token))["id"])


async def test_an_image_is_uploaded_sent_and_downloaded(site: Site, tmp_path: Path) -> None:
    _, ada = await site.join("ada")
    _, ben = await site.join("ben")
    room = await make_room(site, ada)
    file = await upload(site, room, ada, PNG)
    told = {"id": 1, "name": "rose.png", "type": "image/png", "size": len(PNG), "width": 640, "height": 480}
    assert (file.status, file.body) == (201, told)
    body = {"key": "1", "text": "", "files": [file["id"]]}
    said = await site.call("POST", f"/rooms/{room}/messages", body, token=ada)
    assert (said.status, said["files"]) == (201, [told])
    assert (await download(site, 1, ben)).status_code == 404  # not yet in the room
    await site.call("PUT", f"/rooms/{room}/members/2", {}, token=ben)
    assert (await site.call("GET", f"/rooms/{room}", token=ben))["last"]["kind"] == "join"
    history = await site.call("GET", f"/rooms/{room}/messages", token=ben)
    assert history["messages"][0]["files"] == [told]
    got = await download(site, 1, ben)
    assert (got.status_code, await got.get_data()) == (200, PNG)
    assert got.content_type == "image/png"
    assert got.headers["Content-Disposition"].startswith('inline; filename="rose.png"')
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert "private" in got.headers["Cache-Control"]
    again = await download(site, 1, ben, **{"If-None-Match": got.headers["ETag"]})
    assert (again.status_code, await again.get_data()) == (304, b"")
    await site.call("DELETE", f"/rooms/{room}/members/2", token=ben)
    assert (await download(site, 1, ben)).status_code == 404
    assert on_disk(tmp_path) == [PNG]


async def test_files_stay_with_an_edited_message_and_go_with_a_deleted_one(site: Site) -> None:
    _, ada = await site.join("ada")
    room = await make_room(site, ada)
    file = await upload(site, room, ada, PNG)
    path = f"/rooms/{room}/messages"
    await site.call("POST", path, {"key": "1", "text": "look", "files": [file["id"]]}, token=ada)
    edited = await site.call("PATCH", f"{path}/1", {"text": ""}, token=ada)
    assert (edited.status, edited.body.get("text", ""), edited["files"]) == (200, "", [file.body])
    await site.call("POST", path, {"key": "2", "text": "no file"}, token=ada)
    assert (await site.call("PATCH", f"{path}/2", {"text": " "}, token=ada)).refused == (
        400,
        "invalid",
        "text",
    )
    deleted = await site.call("DELETE", f"{path}/1", token=ada)
    assert "files" not in deleted.body
    assert (await download(site, 1, ada)).status_code == 404


async def test_a_file_is_its_owners_until_sent_and_then_the_rooms(site: Site) -> None:
    _, ada = await site.join("ada")
    _, ben = await site.join("ben")
    room = await make_room(site, ada, private=True)
    assert (await upload(site, room, ben, PNG)).refused == (404, "not_found", None)
    file = await upload(site, room, ada, PNG)
    await site.call("PUT", f"/rooms/{room}/members/2", {}, token=ada)
    assert (await download(site, file["id"], ben)).status_code == 404
    assert (await download(site, file["id"], ada)).status_code == 200
    assert (await download(site, 2**40, ada)).status_code == 404
    stolen = {"key": "1", "files": [file["id"]]}
    refused = await site.call("POST", f"/rooms/{room}/messages", stolen, token=ben)
    assert refused.refused == (400, "invalid", "files")
    twice = {"key": "1", "files": [file["id"]] * 2}
    refused = await site.call("POST", f"/rooms/{room}/messages", twice, token=ada)
    assert refused.refused == (400, "invalid", "files")
    eleven = {"key": "1", "files": [*range(1, 12)]}
    refused = await site.call("POST", f"/rooms/{room}/messages", eleven, token=ada, valid=False)
    assert refused.refused == (400, "invalid", "files")
    nothing = await site.call("POST", f"/rooms/{room}/messages", {"key": "1"}, token=ada)
    assert nothing.refused == (400, "invalid", "text")


async def test_only_an_image_by_its_bytes_is_shown_in_a_page(site: Site) -> None:
    _, ada = await site.join("ada")
    room = await make_room(site, ada)
    given = [
        (SVG, "image/svg+xml", "image/svg+xml"),
        (b"<script>alert(1)</script>", "image/png", "application/octet-stream"),
        (b"<html>", "text/html; charset=utf-8", "text/html"),
        (b"%PDF", "x" * 300, "application/octet-stream"),
        (b"", "text/plain", "text/plain"),
    ]
    for data, declared, kind in given:
        file = await upload(site, room, ada, data, "a", declared)
        assert (file.status, file["type"], "width" in file.body) == (201, kind, False)
        got = await download(site, file["id"], ada)
        assert await got.get_data() == data
        assert got.content_type == "application/octet-stream"
        assert got.headers["Content-Disposition"].startswith("attachment; ")


async def test_a_download_has_its_name_for_old_and_new_clients(site: Site) -> None:
    _, ada = await site.join("ada")
    room = await make_room(site, ada)
    file = await upload(site, room, ada, b"x", "../ä%41;b.txt", "text/plain")
    got = await download(site, file["id"], ada)
    disposition = "attachment; filename=\"__41;b.txt\"; filename*=UTF-8''%C3%A4%2541%3Bb.txt"
    assert got.headers["Content-Disposition"] == disposition


async def test_a_too_large_file_is_refused_and_leaves_nothing(site: Site, tmp_path: Path) -> None:
    _, ada = await site.join("ada")
    room = await make_room(site, ada)
    assert (await upload(site, room, ada, b"x" * 100_001)).refused == (413, "too_big", None)
    assert (await upload(site, room, ada, b"x" * 100_000)).status == 201  # more than any other body may have

    async def pieces() -> AsyncGenerator[bytes]:
        for _ in range(3):
            yield b"y" * 50_000

    person = await site.services.accounts.authenticate(ada)
    assert isinstance(person, Person)
    async with aclosing(pieces()) as body:
        refused = await site.services.uploads.upload(person, room, "y", "", None, body)
    assert isinstance(refused, Refusal)
    assert refused.code is Code.TOO_BIG
    assert on_disk(tmp_path) == [b"x" * 100_000]


async def test_an_upload_that_ends_in_the_middle_leaves_nothing(site: Site, tmp_path: Path) -> None:
    _, ada = await site.join("ada")
    room = await make_room(site, ada)
    person = await site.services.accounts.authenticate(ada)
    begun = trio.Event()

    async def pieces() -> AsyncGenerator[bytes]:
        yield b"x" * 90_000
        begun.set()
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(site.services.uploads.upload, person, room, "x", "", None, pieces())
        await begun.wait()
        nursery.cancel_scope.cancel()
    assert on_disk(tmp_path) == []
    assert "keep_file" not in site.obstacles.calls


async def test_a_full_disk_or_a_silent_database_is_unavailable_and_nothing_is_left(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, ada = await site.join("ada")
    room = await make_room(site, ada)

    def is_full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("chat.storage.file_store._write", is_full)
        assert (await upload(site, room, ada, PNG)).refused == (503, "unavailable", None)
    assert on_disk(tmp_path) == []
    site.obstacles.fail("keep_file", StorageDown("it does not answer"))
    assert (await upload(site, room, ada, PNG)).refused == (503, "unavailable", None)
    (tmp_path / "files" / "incoming").rmdir()
    assert (await upload(site, room, ada, PNG)).refused == (503, "unavailable", None)


async def test_bytes_that_are_lost_are_not_found(site: Site, tmp_path: Path) -> None:
    _, ada = await site.join("ada")
    room = await make_room(site, ada)
    await upload(site, room, ada, PNG)
    for each in (tmp_path / "files").rglob("?" * 64):
        each.unlink()
    got = await download(site, 1, ada)
    assert (got.status_code, (await got.get_json())["error"]) == (
        404,
        "the server does not have that file's bytes",
    )


async def test_a_server_without_a_directory_refuses_files(tmp_path: Path) -> None:
    async with open_site() as site:
        _ada, token = await site.join("ada")
        room = await make_room(site, token)
        assert (await upload(site, room, token, PNG)).refused == (403, "forbidden", None)
        client = await site.world.connect(NATIVE)
        hello = await client.asks({"type": "hello", "id": 1, "token": token})
        assert hello["limits"].get("file_bytes", 0) == 0


async def test_ten_files_a_minute(tmp_path: Path) -> None:
    store = DiskFileStore(tmp_path / "files")
    store.prepare("mark")
    async with open_site(file_store=store, budgets=Budgets(uploads=1 / 6)) as site:
        _, ada = await site.join("ada")
        room = await make_room(site, ada)
        made = [(await upload(site, room, ada, PNG)).status for _ in range(11)]
        assert made == [201] * 10 + [429]


async def test_a_socket_sends_and_receives_files_once(site: Site) -> None:
    _, token = await site.join("ada")
    room = await make_room(site, token)
    client = await site.world.connect(NATIVE)
    hello = await client.asks({"type": "hello", "id": 1, "token": token})
    assert hello["limits"]["file_bytes"] == 100_000
    client.send({"type": "sync", "id": 2})
    await client.receives()
    file = await upload(site, room, token, PNG)
    client.send(send := {"type": "send", "id": 3, "room": room, "key": "1", "files": [file["id"]]})
    saved, told = await client.receives()
    assert (saved["type"], saved["seq"]) == ("send_ok", 1)
    assert told["files"] == [file.body]
    assert (await client.asks(send))["again"] is True
    used = await client.asks({"type": "send", "id": 5, "room": room, "key": "1", "text": "look"})
    assert (used["code"], used["seq"]) == ("conflict", 1)
    refused = await client.asks({**send, "key": "2"})
    assert (refused["code"], refused["field"]) == ("invalid", "files")


@pytest.mark.parametrize(
    "dialect", [each for each in DIALECTS if each is not NATIVE], ids=lambda each: each.name
)
def test_protocols_without_files_show_their_names(dialect: Dialect) -> None:
    files = File(1, "rose.png", "image/png", 3), File(2, "note.txt", "text/plain", 3)
    people = Pair(4, 5) if dialect.name == "direct" else SupportOf(Peer(4, "ada"))
    message = Message(1, 2, 3, 4, "ada", "look", 5.0, people=people, files=files)
    text = json.dumps("look\nrose.png (file)\nnote.txt (file)")
    assert text.encode() in dialect.encode(Said(message))
    bare = structs.replace(message, text="", files=files[:1])
    assert b'"rose.png (file)"' in dialect.encode(Said(bare))


async def test_files_of_a_room_are_listed_and_found_by_name(site: Site) -> None:
    _, ada = await site.join("ada")
    _, ben = await site.join("ben")
    room = await make_room(site, ada, private=True)
    for nth in range(3):
        file = await upload(site, room, ada, b"roses", f"beds {nth}.txt", "text/plain")
        body = {"key": f"{nth}", "text": "", "files": [file["id"]]}
        assert (await site.call("POST", f"/rooms/{room}/messages", body, token=ada)).status == 201
    first = await site.call("GET", f"/rooms/{room}/files?limit=2", token=ada)
    assert [each["files"][0]["name"] for each in first["messages"]] == ["beds 2.txt", "beds 1.txt"]
    rest = await site.call("GET", f"/rooms/{room}/files?limit=2&after={first['next']}", token=ada)
    assert [each["files"][0]["name"] for each in rest["messages"]] == ["beds 0.txt"]
    assert "next" not in rest.body
    assert (await site.call("GET", f"/rooms/{room}/files", token=ben)).refused == (404, "not_found", None)
    found = await site.call("GET", "/search?q=beds", token=ada)
    assert [hit["message"]["files"][0]["name"] for hit in found["hits"]] == [
        f"beds {n}.txt" for n in (2, 1, 0)
    ]
    assert (await site.call("GET", "/search?q=beds", token=ben))["hits"] == []
