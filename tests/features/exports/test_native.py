"""Exports over HTTP: who gets one, when the link ends, what a download can resume, and what is left on the disk."""

import json
from collections.abc import AsyncGenerator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

import pytest
import trio

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.entities import LOBBY_ID, Draft
from chat.domain.failures import StorageDown
from chat.features.exports.maker import Maker
from chat.features.exports.personal_data import PERSONAL_DATA
from chat.features.exports.requests import KEPT, PAUSE, REQUESTS
from chat.features.exports.use_cases import EXPORTS
from chat.storage.archives import Archives
from tests.protocols.native.site import PASSWORD, Answer, Site, open_site


class Here(NamedTuple):
    """A site that exports, and what makes its exports; the test says when it runs."""

    site: Site
    maker: Maker
    directory: Path

    async def ask(self, token: str, password: str = PASSWORD) -> Answer:
        return await self.site.call("POST", "/me/export", {"password": password}, token=token)

    async def made(self, token: str) -> str:
        """Export somebody's data, and return the path of a link to it."""
        assert (await self.ask(token)).status == 202
        await self.maker.make_all()
        return str((await self.site.call("POST", "/me/export/link", token=token))["path"])

    async def get(self, path: str, token: str = "", method: str = "GET", **headers: str) -> Any:
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return await self.site.app.test_client(use_cookies=False).open(path, method=method, headers=headers)

    def files(self) -> list[str]:
        return sorted(each.name for each in self.directory.iterdir()) if self.directory.exists() else []


@pytest.fixture
async def here(tmp_path: Path) -> AsyncGenerator[Here]:
    archives = Archives(tmp_path / "exports", None, 1_000_000)
    async with open_site(archives=archives) as site:
        ports = site.services.feature_ports
        maker = Maker(ports[REQUESTS], ports[PERSONAL_DATA], archives, ports[EXPORTS].asked)
        yield Here(site, maker, tmp_path / "exports")


async def test_a_person_asks_waits_and_downloads(here: Here) -> None:
    ada, token = await here.site.join("ada")
    await here.site.storage.messages.save([Draft(LOBBY_ID, ada.id, "ada", "hers", 1.0)])
    asked = await here.ask(token)
    assert (asked.status, asked["state"], asked["percent"]) == (202, "making", 0)
    assert (await here.ask(token)).body == asked.body  # the same one
    link = await here.site.call("POST", "/me/export/link", token=token)
    assert (link.refused, link["reason"]) == ((409, "conflict", None), "export_not_made")
    path = await here.made(token)
    state = await here.site.call("GET", "/me/export", token=token)
    assert (state["state"], state["percent"]) == ("made", 100)
    answer = await here.get(path)
    whole = await answer.get_data()
    assert (answer.status_code, len(whole)) == (200, state["size"])
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="export-1970-01-01.zip"')
    assert (answer.headers["Cache-Control"], answer.content_type) == ("no-store", "application/zip")
    with ZipFile(BytesIO(whole)) as archive:
        assert json.loads(archive.read("person.jsonl"))["name"] == "ada"
        assert archive.testzip() is None
    (only,) = here.files()
    assert (here.directory / only).stat().st_mode & 0o777 == 0o600
    assert here.directory.stat().st_mode & 0o777 == 0o700
    assert "hers" not in only


async def test_a_download_is_resumed_and_asked_for_by_its_head(here: Here) -> None:
    _, token = await here.site.join("ada")
    path = await here.made(token)
    whole = await (await here.get(path)).get_data()
    head = await here.get(path, method="HEAD")
    assert (head.status_code, int(head.headers["Content-Length"])) == (200, len(whole))
    for asked, got in (
        ("bytes=10-19", whole[10:20]),
        ("bytes=10-", whole[10:]),
        ("bytes=10-99999999", whole[10:]),
        ("bytes=-7", whole[-7:]),
    ):
        part = await here.get(path, Range=asked)
        assert (part.status_code, await part.get_data()) == (206, got)
        assert part.headers["Content-Range"].endswith(f"/{len(whole)}")
    same = await here.get(path, Range="bytes=10-19", **{"If-Range": head.headers["ETag"]})
    other = await here.get(path, Range="bytes=10-19", **{"If-Range": '"another"'})
    assert (same.status_code, other.status_code) == (206, 200)
    assert (await here.get(path, Range="bytes=99999999-")).status_code == 416


async def test_the_password_is_asked_for_and_programs_may_not(here: Here) -> None:
    ada, token = await here.site.join("ada")
    wrong = await here.ask(token, "not it at all")
    assert (wrong.refused, wrong["reason"]) == ((403, "forbidden", "password"), "wrong_password")
    made = {"name": "robot", "password": PASSWORD, "days": 1}
    program = (await here.site.call("POST", "/me/sessions", made, token=token))["token"]
    for method, path in (("POST", "/me/export"), ("GET", "/me/export"), ("POST", "/me/export/link")):
        body = {"password": PASSWORD} if path == "/me/export" and method == "POST" else None
        refused = await here.site.call(method, path, body, token=program)
        assert (refused.status, refused["reason"]) == (403, "not_for_tokens")
    assert await here.site.services.feature_ports[REQUESTS].of_person(ada.id) is None


async def test_the_next_export_is_an_hour_later(here: Here) -> None:
    _, token = await here.site.join("ada")
    await here.made(token)
    soon = await here.ask(token)
    assert (soon.refused, soon["reason"], soon["retry_ms"]) == (
        (429, "too_many", None),
        "export_too_soon",
        3_600_000,
    )
    here.site.pass_time(PAUSE + 1)
    token = (await here.site.log_in("ada"))["access"]
    before = here.files()
    path = await here.made(token)
    await here.maker.clean_up()
    assert len(here.files()) == 1
    assert here.files() != before
    assert (await here.get(path)).status_code == 200


async def test_an_export_is_removed_after_a_day(here: Here) -> None:
    _, token = await here.site.join("ada")
    path = await here.made(token)
    here.site.pass_time(KEPT - 1)
    await here.maker.clean_up()
    assert (await here.get(path)).status_code == 200
    here.site.pass_time(2)
    assert (await here.get(path)).status_code == 404
    await here.maker.clean_up()
    assert here.files() == []
    assert (await here.site.call("GET", "/me/export", token=token)).status == 404


@pytest.mark.parametrize(
    "end", ["another person", "log-out", "disabled", "removed", "a wrong code", "a newer link"]
)
async def test_a_link_is_refused(here: Here, end: str) -> None:
    ada, token = await here.site.join("ada")
    _, other = await here.site.join("ben")
    path = await here.made(token)
    assert (await here.get(path, token)).status_code == 200
    users = here.site.services.administration
    match end:
        case "another person":
            assert (await here.get(path, other)).status_code == 404
            return
        case "log-out":
            await here.site.call("DELETE", "/me/sessions/1", token=token)
        case "disabled":
            await here.site.storage.users.administer(ada.id, AccountChange(is_disabled=True), None)
        case "removed":
            await users.delete(ada.id)
        case "a wrong code":
            path = path[:-1] + ("A" if path[-1] != "A" else "B")
        case "a newer link":
            await here.site.call("POST", "/me/export/link", token=token)
    answer = await here.get(path)
    assert (answer.status_code, (await answer.get_json())["reason"]) == (404, "no_export")
    await here.maker.clean_up()
    assert (here.files() == []) == (end in ("disabled", "removed"))


async def test_one_too_big_is_given_up_and_leaves_nothing(here: Here, tmp_path: Path) -> None:
    _, token = await here.site.join("ada")
    ports = here.site.services.feature_ports
    small = Archives(tmp_path / "exports", None, 10)
    await here.ask(token)
    await Maker(ports[REQUESTS], ports[PERSONAL_DATA], small, ports[EXPORTS].asked).make_all()
    state = await here.site.call("GET", "/me/export", token=token)
    assert (state["state"], state["failure"]) == ("failed", "too_big")
    assert here.files() == []
    assert (await here.ask(token)).status == 202  # at once again


async def test_the_maker_outlasts_an_outage_and_removes_what_others_left(here: Here) -> None:
    _, token = await here.site.join("ada")
    (here.directory).mkdir()
    (here.directory / ".cafe.zip.0123").write_bytes(b"half")
    (here.directory / "cafe.zip").write_bytes(b"of nobody")
    here.site.obstacles.fail("claim", StorageDown("an outage"))
    here.site.obstacles.fail("expire", StorageDown("an outage"))
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(here.maker.serve)
            await here.ask(token)
            while (await here.site.call("GET", "/me/export", token=token))["state"] != "made":  # noqa: ASYNC110
                await trio.sleep(0.01)
            nursery.cancel_scope.cancel()
    assert len(here.files()) == 1
    assert "cafe" not in here.files()[0]


async def test_a_server_without_exports_says_so(here: Here) -> None:
    async with open_site() as site:
        _, token = await site.join("ada")
        refused = await site.call("POST", "/me/export", {"password": PASSWORD}, token=token)
        assert (refused.status, refused["reason"]) == (403, "exports_disabled")
