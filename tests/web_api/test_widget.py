"""The files of the support widget: a script for any site, and a page that only allowed sites may show."""

import re

import pytest
from quart_trio import QuartTrio

from chat.web_api.app import create_app
from chat.web_api.web_client import CLIENT_HEADERS, web_files
from chat.web_api.widget import create_widget

MOST = 4096
"""Bytes of the script that another site's page loads."""

FRAME = "frame-ancestors "


async def policy_of(app: QuartTrio) -> str:
    response = await app.test_client().get("/widget")
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    return response.headers["Content-Security-Policy"]


async def test_the_sites_that_may_show_the_page_are_those_of_now() -> None:
    origins: list[str] = []
    app = create_app([create_widget(lambda: tuple(origins))])
    strict = CLIENT_HEADERS["Content-Security-Policy"]
    assert await policy_of(app) == strict
    origins += ["https://shop.example", "http://[::1]:80"]
    allowed = "https://shop.example http://[::1]:80"
    assert await policy_of(app) == strict.replace(FRAME + "'none'", FRAME + allowed)
    origins[:] = "*"
    assert await policy_of(app) == strict.replace(FRAME + "'none'", FRAME + "*")


async def test_the_script_is_small_and_for_any_site() -> None:
    response = await create_app([create_widget(tuple)]).test_client().get("/widget.js")
    body = await response.get_data()
    assert len(body) <= MOST
    assert response.content_type == "text/javascript; charset=utf-8"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["Cache-Control"] == "public, max-age=600"


async def test_the_page_loads_files_that_are_there() -> None:
    app = create_app([create_widget(tuple, is_encrypted=True)])
    response = await app.test_client().get("/widget")
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
    loaded = re.findall(r'(?:href|src)="([^"]+)"', await response.get_data(as_text=True))
    web = web_files()
    assert web.base + "widget/panel.js" in loaded
    assert {each.removeprefix(web.base) for each in loaded} <= web.files.keys()


@pytest.mark.parametrize("path", ["/widget/", "/widget.html", "/widget/x"])
async def test_nothing_else_is_there(path: str) -> None:
    response = await create_app([create_widget(tuple)]).test_client().get(path)
    assert response.status_code == 404
