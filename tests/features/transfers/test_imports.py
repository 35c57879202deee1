"""Imports over HTTP: a file in pieces, what the check found, and going on after each kind of break."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from chat.features.transfers import imports
from chat.features.transfers.found import Cause, Counts, Found
from chat.features.transfers.transfers import KEPT, TRANSFERS, Failure, Transfers
from chat.storage import disk_space
from chat.storage.archives import Archives
from tests.protocols.native.site import PASSWORD, V1, Answer, Site, open_site

EVER = 3600.0
FOUND = Found(source="slack T1", inside=Counts(people=2, messages=3), before=Counts(), lost={"polls": 1})
FILE = {"source": "slack", "name": "../export.zip", "size": 10, "password": PASSWORD}


class Here:
    """A site with a place for transfers, and an admin's token."""

    def __init__(self, site: Site, place: Path, token: str) -> None:
        self.site, self.place, self.token = site, place, token
        self.transfers: Transfers = site.services.feature_ports[TRANSFERS]

    async def call(self, method: str, path: str = "", body: Any = None) -> Answer:
        return await self.site.call(method, f"/admin/import{path}", body, token=self.token)

    async def put(self, at: int, piece: bytes) -> Any:
        """Send a piece, and return the status and the answer."""
        answer = await self.site.app.test_client(use_cookies=False).put(
            f"{V1}/admin/import/bytes?at={at}",
            data=piece,
            headers={"Authorization": f"Bearer {self.token}"},
        )
        return answer.status_code, await answer.get_json()


@pytest.fixture
async def here(tmp_path: Path) -> AsyncGenerator[Here]:
    async with open_site(archives=Archives(tmp_path / "exports", None, 0)) as site:
        _, token = await site.join("ada", admin=True)
        yield Here(site, tmp_path / "transfers", token)


async def test_a_file_comes_in_pieces_and_goes_on_after_a_lost_answer(here: Here) -> None:
    wrong = await here.call("POST", "", FILE | {"password": "not it at all"})
    assert wrong.refused == (403, "forbidden", "password")
    assert (await here.put(0, b"0123"))[0] == 404
    begun = await here.call("POST", "", FILE)
    assert (begun.status, begun["state"], begun["received"], begun["name"]) == (
        201,
        "uploading",
        0,
        "export.zip",
    )
    assert (await here.call("POST", "", FILE))["reason"] == "import_there"
    assert (await here.put(0, b"0123"))[1]["received"] == 4
    status, refused = await here.put(0, b"0123")  # its answer was lost
    assert (status, refused["reason"]) == (409, "upload_elsewhere")
    assert (await here.put(4, b"4567890"))[1]["reason"] == "upload_elsewhere"  # more than the file has
    assert (await here.call("GET"))["received"] == 4
    last = (await here.put(4, b"456789"))[1]
    assert (last["state"], last["received"]) == ("waiting", 10)
    (path,) = here.place.iterdir()
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"0123456789", 0o600)
    assert here.place.stat().st_mode & 0o777 == 0o700
    assert (await here.put(10, b""))[1]["reason"] == "upload_elsewhere"


async def test_an_admin_sees_what_would_come_and_starts_stops_and_goes_on(here: Here) -> None:
    await here.call("POST", "", FILE)
    assert (await here.call("POST", "/start"))["reason"] == "import_not_ready"
    assert (await here.call("POST", "/stop"))["reason"] == "import_not_running"
    await here.put(0, b"0123456789")
    claimed = await here.transfers.claim(1, EVER)
    assert claimed is not None
    await here.transfers.note(1, claimed.name, "reading", 1, 3)
    assert (await here.call("GET"))["state"] == "checking"
    await here.transfers.checked(1, claimed.name, FOUND)
    ready = await here.call("GET")
    assert (ready["state"], ready["found"]["inside"]) == ("ready", {"people": 2, "messages": 3})
    assert ready["found"]["lost"] == [{"what": "polls", "count": 1}]
    assert (await here.call("POST", "/start"))["state"] == "waiting"
    await here.transfers.claim(1, EVER)
    await here.transfers.note(1, claimed.name, "log", 1, 3)
    assert (await here.call("GET"))["state"] == "importing"
    stopped = await here.call("POST", "/stop")
    assert (stopped["state"], stopped["failure"]) == ("failed", "cancelled")
    assert (await here.call("POST", "/start")).status == 202
    await here.transfers.claim(1, EVER)
    cause = Cause("damaged", {"file": "export.zip"})
    await here.transfers.fail(1, claimed.name, Failure.BAD, "damaged", cause)
    failed = await here.call("GET")
    assert (failed["failure"], failed["problem"], failed["until"]) == (
        "bad",
        "damaged",
        round((1000 + KEPT) * 1000),
    )
    assert failed["cause"] == {"key": "damaged", "values": [{"name": "file", "value": "export.zip"}]}
    assert (await here.call("DELETE")).status == 204
    assert (await here.call("GET"))["reason"] == "no_import"


async def test_what_is_too_big_is_refused(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    await here.call("POST", "", FILE)
    monkeypatch.setattr(imports, "MOST_OF_A_PIECE", 3)
    status, refused = await here.put(0, b"0123")
    assert (status, refused["reason"]) == (413, "piece_too_big")
    monkeypatch.setattr(disk_space, "_SPARED", 1 << 60)
    assert (await here.put(0, b"012"))[1]["reason"] == "transfer_no_space"
    await here.call("DELETE")
    full = await here.call("POST", "", FILE)
    assert full.refused == (413, "too_big", None)
    assert (await here.call("GET")).status == 404


async def test_an_upload_that_nobody_goes_on_with_ends_after_a_day(here: Here) -> None:
    await here.call("POST", "", FILE)
    await here.put(0, b"0123")
    here.site.pass_time(KEPT - 1)
    assert await here.transfers.expire() != set()
    here.site.pass_time(2)
    assert await here.transfers.expire() == set()
