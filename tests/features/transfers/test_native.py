"""Exports of the server over HTTP: who may, what proves it, how far it is, and the download."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from chat.features.transfers.runner import Runner
from chat.features.transfers.transfers import KEPT, TRANSFERS, Transfers
from chat.features.transfers.use_cases import TRANSFER_SERVICE
from chat.storage.archives import Archives
from tests.protocols.native.site import PASSWORD, Answer, Site, open_site

EVER = 3600.0


class Here:
    """A site with a place for transfers, and an admin's token."""

    def __init__(self, site: Site, archives: Archives, token: str) -> None:
        self.site, self.archives, self.token = site, archives, token
        ports = site.services.feature_ports
        self.transfers: Transfers = ports[TRANSFERS]
        self.runner = Runner(self.transfers, archives, ports[TRANSFER_SERVICE].asked)

    async def call(self, method: str, path: str = "", body: Any = None) -> Answer:
        return await self.site.call(method, f"/admin/archive{path}", body, token=self.token)

    async def make(self, content: bytes) -> None:
        """Make the export that waits, as its process does."""
        claimed = await self.transfers.claim(1, EVER)
        assert claimed is not None
        self.archives.transfers.mkdir(exist_ok=True)
        (self.archives.transfers / f"{claimed.name}.zip").write_bytes(content)
        assert await self.transfers.finish_export(1, claimed.name, len(content))

    def files(self) -> list[str]:
        return sorted(each.name for each in self.archives.transfers.iterdir())


@pytest.fixture
async def here(tmp_path: Path) -> AsyncGenerator[Here]:
    archives = Archives(tmp_path / "exports", None, 0)
    async with open_site(archives=archives) as site:
        _, token = await site.join("ada", admin=True)
        yield Here(site, archives, token)


async def test_an_admin_exports_and_downloads(here: Here) -> None:
    missing = await here.call("POST", "", {})
    assert missing.refused == (400, "invalid", "password")
    wrong = await here.call("POST", "", {"password": "not it at all"})
    assert (wrong.refused, wrong["reason"]) == ((403, "forbidden", "password"), "wrong_password")
    nowhere = await here.call("POST", "", {"password": PASSWORD, "room": 99})
    assert nowhere.status == 404
    nobody = await here.call("POST", "", {"password": PASSWORD, "person": 99})
    assert (nobody.status, nobody["reason"]) == (404, "no_person")
    both = await here.call("POST", "", {"password": PASSWORD, "person": 1, "room": 1})
    assert (both.refused, both["reason"]) == ((400, "invalid", "person"), "room_or_person")
    assert (await here.call("GET")).status == 404
    asked = await here.call("POST", "", {"password": PASSWORD})
    assert (asked.status, asked["state"]) == (202, "waiting")
    twice = await here.call("POST", "", {"password": PASSWORD})
    assert (twice.refused, twice["reason"]) == ((409, "conflict", None), "transfer_under_way")
    claimed = await here.transfers.claim(1, EVER)
    assert claimed is not None
    await here.transfers.note(1, claimed.name, "log", 3, 9)
    state = await here.call("GET")
    assert [state[each] for each in ("state", "stage", "done", "whole")] == ["making", "log", 3, 9]
    early = await here.call("POST", "/link")
    assert early["reason"] == "export_not_made"
    await here.make(b"PK whole")
    made = await here.call("GET")
    assert (made["state"], made["size"], made["until"]) == ("made", 8, round((1000.0 + KEPT) * 1000))
    path = (await here.call("POST", "/link"))["path"]
    client = here.site.app.test_client(use_cookies=False)
    answer = await client.get(path, headers={"Range": "bytes=3-"})
    assert (answer.status_code, await answer.get_data()) == (206, b"whole")
    assert 'filename="archive-1970-01-01.zip"' in answer.headers["Content-Disposition"]
    wrong_link = await client.get(f"{path[:-2]}xx")
    assert wrong_link.status_code == 404


async def test_an_export_of_a_person_is_called_so(here: Here) -> None:
    ada = (await here.site.call("GET", "/me", token=here.token))["id"]
    asked = await here.call("POST", "", {"password": PASSWORD, "person": ada})
    assert (asked.status, asked["person"]) == (202, ada)
    await here.make(b"PK whole")
    link = (await here.call("POST", "/link"))["path"]
    answer = await here.site.app.test_client(use_cookies=False).get(link)
    assert f'filename="archive-person-{ada}-1970-01-01.zip"' in answer.headers["Content-Disposition"]


async def test_an_export_goes_with_its_file_when_it_is_removed_or_a_day_old(here: Here) -> None:
    for is_old in (False, True):
        assert (await here.call("POST", "", {"password": PASSWORD, "room": 1, "files": False})).status == 202
        await here.make(b"PK whole")
        link = (await here.call("POST", "/link"))["path"]
        (here.archives.transfers / "dead.archive").mkdir()
        assert await here.runner.clean_up()
        assert len(here.files()) == 1
        if is_old:
            here.site.pass_time(KEPT + 1)
            here.token = (await here.site.log_in("ada"))["access"]
        else:
            assert (await here.call("DELETE")).status == 204
        assert (await here.call("GET")).status == 404
        assert (await here.call("POST", "/link")).status == 404
        assert (await here.site.app.test_client().get(link)).status_code == 404
        await here.runner.clean_up()
        assert here.files() == []
    assert (await here.call("DELETE")).status == 404


async def test_nobody_else_may(here: Here) -> None:
    _, ben = await here.site.join("ben")
    made = {"name": "robot", "password": PASSWORD, "days": 1}
    program = (await here.site.call("POST", "/me/sessions", made, token=here.token))["token"]
    for token in (ben, program):
        refused = await here.site.call("POST", "/admin/archive", {"password": PASSWORD}, token=token)
        assert refused.status == 403
    async with open_site() as site:
        _, token = await site.join("ada", admin=True)
        refused = await site.call("GET", "/admin/archive", token=token)
        assert refused["reason"] == "no_place_for_transfers"
