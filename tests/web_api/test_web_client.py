"""How the web client's files are served: whole, compressed, for ever or afresh, and under a strict policy."""

import gzip
import re
from typing import Any

import pytest
import trio
from quart_trio import QuartTrio
from werkzeug.datastructures import Headers

from chat.domain.limits.budgets import Budgets
from chat.web_api.app import create_app
from chat.web_api.web_client import CLIENT_HEADERS, WebFile, create_web_client, web_files

FIRST_PAINT = 60_000
"""Bytes that a browser fetches before it shows anything, compressed, with headers."""


@pytest.fixture(scope="module")
def app() -> QuartTrio:
    return create_app([create_web_client(lambda: "chat")])


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/setup",
        "/reset",
        "/i/x-1",
        "/room/3/14",
        "/search?q=a",
        "/saved",
        "/reports",
        "/inbox",
        "/inbox/3",
        "/settings/keys",
        "/admin",
    ],
)
async def test_every_place_of_the_page_is_the_page(app: QuartTrio, path: str) -> None:
    response = await app.test_client().get(path)
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    assert response.headers["Cache-Control"] == "no-cache"
    assert "{{" not in await response.get_data(as_text=True)
    for name, value in CLIENT_HEADERS.items():
        assert response.headers[name] == value


async def test_a_rooms_path_is_the_page_for_clients_that_accept_html(app: QuartTrio) -> None:
    client = app.test_client()
    page = await client.get("/room/3", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.content_type) == (200, "text/html; charset=utf-8")
    assert "Accept" in page.headers["Vary"]
    assert (await client.get("/room/3", headers={"Accept": "application/json"})).status_code == 404
    assert (await client.get("/room/3")).status_code == 404


async def test_a_cached_file_is_answered_with_304(app: QuartTrio) -> None:
    client = app.test_client()
    for encoding in ("gzip", "identity"):
        first = await client.get("/", headers={"Accept-Encoding": encoding})
        same = {"Accept-Encoding": encoding, "If-None-Match": first.headers["ETag"]}
        second = await client.get("/", headers=same)
        assert (second.status_code, await second.get_data()) == (304, b"")
        assert second.headers["Content-Security-Policy"] == CLIENT_HEADERS["Content-Security-Policy"]
    assert (await client.get("/", headers={"If-None-Match": '"other"'})).status_code == 200


def test_a_file_that_changes_is_not_taken_for_the_one_before() -> None:
    tags = [WebFile(body, "text/plain").etag for body in (b"one", b"two", b"one")]
    assert tags[0] == tags[2] != tags[1]


async def test_files_are_kept_for_ever_and_compressed_once(app: QuartTrio) -> None:
    client = app.test_client()
    path = web_files().base + "app.js"
    plain = await client.get(path)
    zipped = await client.get(path, headers={"Accept-Encoding": "br, gzip"})
    assert plain.headers["Cache-Control"] == "max-age=31536000, immutable"
    assert plain.content_type == "text/javascript; charset=utf-8"
    assert plain.headers["X-Content-Type-Options"] == "nosniff"
    assert _size(zipped.headers) < 310
    assert (plain.headers.get("Content-Encoding"), zipped.headers["Content-Encoding"]) == (None, "gzip")
    assert gzip.decompress(await zipped.get_data()) == await plain.get_data()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "accepted", [None, "", "gzip", "GZIP;q=0.5", "gzip;q=0", "br, *", "*;q=0", "identity", "gzip;q=x", "\xff"]
)
async def test_a_file_is_the_same_from_its_route(app: QuartTrio, method: str, accepted: str | None) -> None:
    """How a path is written decides who answers: an absolute one is answered by Quart, any other before it."""
    headers = Headers() if accepted is None else Headers([("Accept-Encoding", accepted)])
    headers.add("If-None-Match", "*")
    for name, file in web_files().files.items():
        path = web_files().base + name
        answers = [await _answer(app, method, where, headers) for where in (path, f"http://testing{path}")]
        assert answers[0] == answers[1]
        body = answers[0][2]
        assert body in (file.body, file.zipped)


async def test_other_requests_for_a_file_go_to_its_route(app: QuartTrio) -> None:
    client, path = app.test_client(), web_files().base + "app.js"
    assert (await client.post(path)).status_code == 405
    assert (await client.options(path)).headers["Allow"] is not None
    assert (await client.get(path + "?again")).status_code == 200


@pytest.mark.parametrize(
    "name", ["nothing.js", "README.md", "index.html", "../app.js", "model/types.d.ts", "view"]
)
async def test_nothing_else_is_served(app: QuartTrio, name: str) -> None:
    response = await app.test_client().get(web_files().base + name)
    assert response.status_code == 404
    other = await app.test_client().get("/web/0123456789abcdef/app.js")
    assert other.status_code == 404


async def test_all_that_a_file_needs_is_there(app: QuartTrio) -> None:
    web = web_files()
    page = web.pages["index.html"].body.decode()
    for path in re.findall(r'(?:href|src)="(/[^"]+)"', page):
        if path != "/api/v1/docs":
            assert (await app.test_client().get(path)).status_code == 200, path
    worker = web.pages["sw.js"].body.decode()
    assert f'const BASE = "{web.base}";' in worker
    for name in (*web.first, *web.later, "head.js", "page/view/inbox/inbox.js", "i18n/ru/rest.js"):
        assert f'"{web.base}{name}"' in worker
    assert "widget/" not in worker


async def test_the_first_paint_is_small(app: QuartTrio) -> None:
    web = web_files()
    sent = 0
    for path in ("/", *(web.base + name for name in (*web.first, "head.js"))):
        response = await app.test_client().get(path, headers={"Accept-Encoding": "gzip"})
        sent += len(await response.get_data()) + _size(response.headers)
    assert sent <= FIRST_PAINT


async def test_the_application_is_called_as_the_server_is_now() -> None:
    name = "Bücher & Co."
    client = create_app([create_web_client(lambda: name)]).test_client()
    first = await client.get("/manifest.webmanifest")
    about = await first.get_json(force=True)
    assert (about["name"], about["short_name"]) == (name, name)
    assert first.content_type == "application/manifest+json"
    name = "Chess club"
    known = {"If-None-Match": first.headers["ETag"]}
    second = await client.get("/manifest.webmanifest", headers=known)
    assert (await second.get_json(force=True))["name"] == name


async def test_the_shortcuts_of_the_application_are_places_of_the_page() -> None:
    client = create_app([create_web_client(lambda: "chat")]).test_client()
    about = await (await client.get("/manifest.webmanifest")).get_json(force=True)
    assert [each["url"] for each in about["shortcuts"]] == ["/saved", "/search"]
    for each in about["shortcuts"]:
        assert (await client.get(each["url"])).content_type == "text/html; charset=utf-8"


async def test_browsers_come_back_over_tls_where_it_is_the_servers() -> None:
    for is_encrypted in (True, False):
        app = create_app([create_web_client(lambda: "chat", is_encrypted=is_encrypted)])
        response = await app.test_client().get("/")
        assert ("Strict-Transport-Security" in response.headers) == is_encrypted


async def test_a_page_with_all_its_files_uses_up_no_calls(autojump_clock: object) -> None:
    web = web_files()
    client = create_app([create_web_client(lambda: "chat")], Budgets(calls=1)).test_client()
    begun = trio.current_time()
    for name in (*web.first, *web.later):
        assert (await client.get(web.base + name)).status_code == 200
    assert (await client.get("/")).status_code == 200
    assert trio.current_time() == begun


async def _answer(app: QuartTrio, method: str, path: str, headers: Headers) -> tuple[int, list[Any], bytes]:
    """What an ASGI server sends: the status, the headers in order, the body."""
    events: list[Any] = []

    async def receive() -> dict[str, object]:
        await trio.sleep_forever()
        raise AssertionError

    async def send(event: object) -> None:
        await trio.lowlevel.checkpoint()
        events.append(event)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(key.lower().encode("latin-1"), value.encode("latin-1")) for key, value in headers],
        "client": ("192.0.2.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
        "extensions": {},
    }
    with trio.fail_after(30):
        await app(scope, receive, send)  # type: ignore[arg-type]
    start, *bodies = events
    assert [event["more_body"] for event in bodies][-1:] == [False]
    return start["status"], start["headers"], b"".join(event["body"] for event in bodies)


def _size(headers: Headers) -> int:
    """How many bytes they have on the line."""
    return sum(len(f"{name}: {value}\r\n") for name, value in headers)
