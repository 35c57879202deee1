"""Link previews over HTTP and on the socket: fetched from real servers, attached, removed, and what pages try."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import trio

from chat.domain.entities import Person, Room
from chat.domain.limits.budgets import Rates
from chat.features.previews import fetching
from chat.storage.file_store import DiskFileStore
from tests.outbound.test_client import Site as Web
from tests.outbound.test_client import ok
from tests.outbound.test_client import site as open_web
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import V1, Answer, Site, open_site

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (640).to_bytes(4, "big") + (480).to_bytes(4, "big") + b"\x08\2\0\0\0"
BOMB = PNG[:16] + (40_000).to_bytes(4, "big") * 2 + PNG[24:]
HTML = "Content-Type: text/html"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'


class Garden:
    """Ada's room, of which Ben is a member, beside a server with pages."""

    def __init__(
        self, site: Site, web: Web, room: int, ada: tuple[Person, str], ben: tuple[Person, str]
    ) -> None:
        self.site, self.web, self.room = site, web, room
        self.ada, self.adas = ada
        self.ben, self.bens = ben
        self.answers: dict[str, bytes] = {"/": ok(page(picture="/cat.png"), HTML), "/cat.png": ok(PNG)}
        web.answer = lambda head: self.answers.get(head.split(" ")[1], ok())

    @property
    def url(self) -> str:
        return f"{self.web.url}/"

    async def call(self, method: str, path: str, token: str = "", **fields: Any) -> Answer:
        return await self.site.call(
            method, f"/rooms/{self.room}{path}", fields or None, token=token or self.adas
        )

    async def fetch(self, url: str = "", token: str = "") -> Answer:
        return await self.call("POST", "/previews", token, url=url or self.url)

    async def say(self, text: str, token: str = "") -> int:
        return int(
            (await self.call("POST", "/messages", token, key=text.encode().hex()[:60], text=text))["seq"]
        )

    async def previews(self) -> list[Any]:
        """The previews, as Ben sees them."""
        return list((await self.call("GET", "/previews", self.bens)).body.get("previews", []))

    async def status_of(self, file: int, token: str) -> int:
        client = self.site.app.test_client(use_cookies=False)
        answer = await client.get(f"{V1}/files/{file}", headers={"Authorization": f"Bearer {token}"})
        return int(answer.status_code)


def page(title: str = "Cats", picture: str = "") -> bytes:
    return f'<title>{title}</title><meta property="og:image" content="{picture}">'.encode()


@pytest.fixture
async def garden(tmp_path: Path) -> AsyncGenerator[Garden]:
    store = DiskFileStore(tmp_path / "files")
    store.prepare("mark")
    async with open_site(file_store=store, file_bytes=2_000_000) as site, open_web() as web:
        await site.services.settings.change(None, {"outbound_hosts": ("127.0.0.1/32",)})
        ada, ben = await site.join("ada"), await site.join("ben")
        room = await site.storage.rooms.create("garden", ada[0].id, is_private=False)
        assert isinstance(room, Room)
        garden = Garden(site, web, room.id, ada, ben)
        assert (await garden.call("PUT", f"/members/{ben[0].id}", ben[1])).status == 200
        yield garden


async def test_a_fetched_preview_is_shown_to_all_once_it_is_attached(garden: Garden) -> None:
    ben = Replica(garden.site.world, garden.ben)
    await ben.connect()
    fetched = await garden.fetch()
    preview = fetched["preview"]
    assert (preview["url"], preview["host"], preview["title"]) == (garden.url, "127.0.0.1", "Cats")
    picture = preview["picture"]
    assert (picture["type"], picture["width"], picture["height"], picture["size"]) == (
        "image/png",
        640,
        480,
        len(PNG),
    )
    seq = await garden.say(f"look: {garden.url}")
    assert await garden.previews() == []
    assert await garden.status_of(picture["id"], garden.bens) == 404
    assert (await garden.call("PUT", f"/previews/{seq}", preview=fetched["token"])).status == 204
    assert await garden.previews() == [{"seq": seq, "preview": preview}]
    events = [each for each in await ben.receives() if each["type"] == "previewed"]
    assert [(each["seq"], each["by"], each["preview"]) for each in events] == [(seq, garden.ada.id, preview)]
    assert await garden.status_of(picture["id"], garden.bens) == 200
    assert (await ben.asks("previews", room=garden.room))["previews"] == await garden.previews()
    requested = [head.split("\r\n")[0] for head in garden.web.heads]
    assert requested == ["GET / HTTP/1.1", "GET /cat.png HTTP/1.1"]


async def test_a_link_in_any_script_is_asked_for_percent_encoded(garden: Garden) -> None:
    path, encoded = "/кот?имя=том&x=%20", "/%D0%BA%D0%BE%D1%82?%D0%B8%D0%BC%D1%8F=%D1%82%D0%BE%D0%BC&x=%20"
    garden.answers[encoded] = ok(page(picture="/my cat.png"), HTML)
    garden.answers["/my%20cat.png"] = ok(PNG)
    fetched = await garden.fetch(f"{garden.web.url}{path}#here")
    assert (fetched.status, fetched["preview"]["url"]) == (200, f"{garden.web.url}{path}#here")
    assert fetched["preview"]["picture"]["width"] == 640
    assert garden.web.heads[0].startswith(f"GET {encoded} HTTP/1.1")


async def test_author_and_moderators_remove_it_with_its_picture(garden: Garden) -> None:
    seqs: list[int] = []
    for token in (garden.bens, garden.bens):
        fetched = await garden.fetch(token=token)
        seqs.append(await garden.say(f"{len(seqs)} {garden.url}", token))
        assert (
            await garden.call("PUT", f"/previews/{seqs[-1]}", token, preview=fetched["token"])
        ).status == 204
    _, stranger = await garden.site.join("cem")
    assert (await garden.call("DELETE", f"/previews/{seqs[0]}", stranger)).status == 403
    pictures = [each["preview"]["picture"]["id"] for each in await garden.previews()]
    for seq, token in zip(seqs, (garden.bens, garden.adas), strict=True):
        assert (await garden.call("DELETE", f"/previews/{seq}", token)).status == 204
    assert await garden.previews() == []
    for picture in pictures:
        assert await garden.status_of(picture, garden.adas) == 404


async def test_a_token_is_good_for_its_person_in_its_room_alone(garden: Garden) -> None:
    token = (await garden.fetch())["token"]
    bens, adas = await garden.say(garden.url, garden.bens), await garden.say(garden.url)
    other = await garden.site.storage.rooms.create("other", garden.ada.id, is_private=False)
    assert isinstance(other, Room)
    changed = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    for by, seq, sent in (
        (garden.bens, bens, token),
        (garden.adas, adas, changed),
        (garden.adas, adas, "AAAA"),
    ):
        refused = await garden.call("PUT", f"/previews/{seq}", by, preview=sent)
        assert (refused.status, refused["reason"], refused["field"]) == (400, "bad_preview", "preview")
    refused = await garden.call("PUT", f"/previews/{bens}", preview=token)
    assert (refused.status, refused["reason"]) == (403, "not_your_message")
    plain = await garden.say("no link")
    refused = await garden.call("PUT", f"/previews/{plain}", preview=token)
    assert (refused.status, refused["reason"]) == (400, "preview_without_link")
    assert (await garden.call("PUT", f"/previews/{adas}", preview=token)).status == 204


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (ok(page(), "Content-Type: text/plain"), "no_preview"),
        (ok(PNG, "Content-Type: image/png"), "no_preview"),
        (ok(b"<p>no title", HTML), "no_preview"),
        (
            b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 16\r\n\r\n<title>T</title>",
            "no_preview",
        ),
        (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: file:///etc/passwd\r\n\r\n", "no_preview"),
        (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://127.0.0.2/\r\n\r\n", "no_preview"),
        (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /\r\n\r\n", "no_preview"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/html\r\n\r\n\x1f\x8b",
            "no_preview",
        ),
        (b"nonsense\r\n\r\n", "no_preview"),
    ],
)
async def test_what_is_no_page_has_no_preview(garden: Garden, answer: bytes, reason: str) -> None:
    garden.answers["/"] = answer
    refused = await garden.fetch()
    assert (refused.status, refused["reason"]) == (404, reason)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://[::ffff:10.0.0.1]/",
        "http://127.0.0.2/",
        "https://ada:pw@example.org/",
    ],
)
async def test_private_addresses_and_passwords_are_refused_as_what_is_not_there(
    garden: Garden, url: str
) -> None:
    refused = await garden.fetch(url)
    assert (refused.status, refused["reason"]) == (404, "no_preview")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "javascript:alert(1)", "ftp://example.org/", "https://a b/", "x"]
)
async def test_only_web_addresses_are_asked_for(garden: Garden, url: str) -> None:
    answer = await garden.site.call(
        "POST", f"/rooms/{garden.room}/previews", {"url": url}, token=garden.adas, valid=False
    )
    assert (answer.status, answer["field"]) == (400, "url")


async def test_of_an_endless_page_the_beginning_is_read(garden: Garden) -> None:
    garden.answers["/"] = (
        f"HTTP/1.1 200 OK\r\n{HTML}\r\n\r\n".encode() + page() + b"x" * (2 * fetching.PAGE_BYTES)
    )
    fetched = await garden.fetch()
    assert (fetched.status, fetched["preview"]["title"]) == (200, "Cats")


@pytest.mark.parametrize(
    ("picture", "answer"),
    [
        ("/cat.svg", ok(SVG, "Content-Type: image/png")),
        ("/cat.html", ok(page(), "Content-Type: image/png")),
        ("/bomb.png", ok(BOMB)),
        ("/big.png", ok(PNG + b"x" * fetching.PICTURE_BYTES)),
        ("/none.png", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        ("http://169.254.169.254/secret.png", b""),
        ("http://127.0.0.2/secret.png", b""),
        ("file:///etc/passwd", b""),
    ],
)
async def test_a_picture_that_is_none_or_elsewhere_is_left_out(
    garden: Garden, picture: str, answer: bytes
) -> None:
    garden.answers |= {"/": ok(page(picture=picture), HTML), picture: answer}
    fetched = await garden.fetch()
    assert (fetched.status, fetched["preview"]["title"]) == (200, "Cats")
    assert "picture" not in fetched["preview"]


async def test_off_is_off(garden: Garden) -> None:
    token = (await garden.fetch())["token"]
    seq = await garden.say(garden.url)
    garden.web.heads.clear()
    await garden.site.services.settings.change(None, {"link_previews": "off"})
    refused = await garden.fetch()
    assert (refused.status, refused["reason"]) == (403, "previews_off")
    assert (await garden.call("PUT", f"/previews/{seq}", preview=token))["reason"] == "previews_off"
    assert garden.web.heads == []


async def test_links_to_the_server_itself_are_not_fetched(tmp_path: Path) -> None:
    async with open_web() as web, open_site(public_url=web.url) as site:
        await site.services.settings.change(None, {"outbound_hosts": ("127.0.0.1/32",)})
        _, token = await site.join("ada")
        refused = await site.call("POST", "/rooms/1/previews", {"url": f"{web.url}/room/1/2"}, token=token)
        assert (refused.status, refused["reason"], web.heads) == (404, "no_preview", [])


async def test_who_may_not_write_there_fetches_nothing(garden: Garden) -> None:
    _, stranger = await garden.site.join("cem")
    assert (await garden.fetch(token=stranger)).status == 403
    await garden.call("PATCH", "", archived=True)
    assert (await garden.fetch())["reason"] == "room_archived"
    assert garden.web.heads == []


async def test_somebody_who_asks_for_many_waits_and_others_do_not(garden: Garden) -> None:
    garden.answers["/"] = ok(page(), HTML)
    garden.site.services.budgets.rates = Rates(messages=100.0, text=0.0, pages=0.0, calls=0.0)
    statuses = [(await garden.fetch()).status for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    refused = await garden.fetch()
    assert (refused["reason"], refused["retry_ms"] > 0) == ("rate_limited", True)
    assert (await garden.fetch(token=garden.bens)).status == 200


async def test_a_silent_page_is_given_up(garden: Garden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_SECONDS", 0.05)
    garden.web.silent = True
    with trio.fail_after(10):
        assert (await garden.fetch())["reason"] == "no_preview"
