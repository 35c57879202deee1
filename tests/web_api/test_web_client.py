"""How the web client's files are served: whole, compressed, for ever or afresh, and under a strict policy."""

import gzip
import re

import pytest
import trio
from quart_trio import QuartTrio
from werkzeug.datastructures import Headers

from chat.domain.budgets import Budgets
from chat.web_api.app import create_app
from chat.web_api.web_client import CLIENT_HEADERS, create_web_client, web_files

FIRST_PAINT = 98_000
"""Bytes that a browser fetches before it shows anything, compressed, with headers; 2,000 are left for its calls."""


@pytest.fixture(scope="module")
def app() -> QuartTrio:
    return create_app([create_web_client()])


@pytest.mark.parametrize(
    "path",
    ["/", "/setup", "/i/x-1", "/room/3/14", "/search?q=a", "/inbox", "/inbox/3", "/settings/keys", "/admin"],
)
async def test_every_place_of_the_page_is_the_page(app: QuartTrio, path: str) -> None:
    response = await app.test_client().get(path)
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    assert response.headers["Cache-Control"] == "no-cache"
    assert "{{" not in await response.get_data(as_text=True)
    for name, value in CLIENT_HEADERS.items():
        assert response.headers[name] == value


async def test_a_room_is_the_page_for_whoever_takes_html(app: QuartTrio) -> None:
    client = app.test_client()
    page = await client.get("/room/3", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.content_type) == (200, "text/html; charset=utf-8")
    assert "Accept" in page.headers["Vary"]
    assert (await client.get("/room/3", headers={"Accept": "application/json"})).status_code == 404
    assert (await client.get("/room/3")).status_code == 404


async def test_whoever_has_it_is_told_so(app: QuartTrio) -> None:
    client = app.test_client()
    for encoding in ("gzip", "identity"):
        first = await client.get("/", headers={"Accept-Encoding": encoding})
        same = {"Accept-Encoding": encoding, "If-None-Match": first.headers["ETag"]}
        second = await client.get("/", headers=same)
        assert (second.status_code, await second.get_data()) == (304, b"")
        assert second.headers["Content-Security-Policy"] == CLIENT_HEADERS["Content-Security-Policy"]
    assert (await client.get("/", headers={"If-None-Match": '"other"'})).status_code == 200


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
    for name in (*web.first, *web.later, "head.js", "view/inbox.js", "i18n/ru/all.js"):
        assert f'"{web.base}{name}"' in worker
    assert "widget/" not in worker


async def test_the_first_paint_is_small(app: QuartTrio) -> None:
    web = web_files()
    sent = 0
    for path in ("/", *(web.base + name for name in (*web.first, "head.js"))):
        response = await app.test_client().get(path, headers={"Accept-Encoding": "gzip"})
        sent += len(await response.get_data()) + _size(response.headers)
    assert sent <= FIRST_PAINT


async def test_browsers_come_back_over_tls_where_it_is_the_servers() -> None:
    for is_encrypted in (True, False):
        app = create_app([create_web_client(is_encrypted=is_encrypted)])
        response = await app.test_client().get("/")
        assert ("Strict-Transport-Security" in response.headers) == is_encrypted


async def test_a_page_with_all_its_files_uses_up_no_calls(autojump_clock: object) -> None:
    web = web_files()
    client = create_app([create_web_client()], Budgets(calls=1)).test_client()
    begun = trio.current_time()
    for name in (*web.first, *web.later):
        assert (await client.get(web.base + name)).status_code == 200
    assert (await client.get("/")).status_code == 200
    assert trio.current_time() == begun


def _size(headers: Headers) -> int:
    """How many bytes they have on the line."""
    return sum(len(f"{name}: {value}\r\n") for name, value in headers)
