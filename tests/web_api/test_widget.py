"""The files of the support widget: a script for any site, and a page that only allowed sites may show."""

import re

import pytest
import trio
from quart_trio import QuartTrio

from chat.domain.administration.live_settings import LiveSettings
from chat.domain.failures import StorageDown
from chat.domain.limits.budgets import Budgets
from chat.web_api.app import create_app
from chat.web_api.web_client import CLIENT_HEADERS, web_files
from chat.web_api.widget import create_widget
from tests.domain.house import House

MOST = 4096
"""Bytes of the script that another site's page loads."""

FRAME = "frame-ancestors "


async def nobody() -> bool:
    """Nobody is online."""
    await trio.lowlevel.checkpoint()
    return False


def settings() -> LiveSettings:
    house = House()
    return LiveSettings(house.storage.settings, house.accounts, Budgets())


async def policy_of(app: QuartTrio) -> str:
    response = await app.test_client().get("/widget")
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    return response.headers["Content-Security-Policy"]


async def test_the_sites_that_may_show_the_page_are_those_of_now() -> None:
    kept = settings()
    app = create_app([create_widget(kept, nobody)])
    strict = CLIENT_HEADERS["Content-Security-Policy"]
    assert await policy_of(app) == strict
    await kept.change(None, {"widget_origins": ("https://shop.example", "http://[::1]:80")})
    allowed = "https://shop.example http://[::1]:80"
    assert await policy_of(app) == strict.replace(FRAME + "'none'", FRAME + allowed)
    await kept.change(None, {"widget_origins": ("*",)})
    assert await policy_of(app) == strict.replace(FRAME + "'none'", FRAME + "*")


async def test_the_script_is_small_and_for_any_site() -> None:
    response = await create_app([create_widget(settings(), nobody)]).test_client().get("/widget.js")
    body = await response.get_data()
    assert len(body) <= MOST
    assert response.content_type == "text/javascript; charset=utf-8"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["Cache-Control"] == "public, max-age=600"


async def test_a_hidden_widget_is_shown_only_where_it_was_opened_before() -> None:
    kept, is_down = settings(), False

    async def is_staffed() -> bool:
        if is_down:
            raise StorageDown("an outage")
        return await nobody()

    client = create_app([create_widget(kept, is_staffed)]).test_client()

    async def script() -> tuple[str, str]:
        response = await client.get("/widget.js")
        return await response.get_data(as_text=True), response.headers["Cache-Control"]

    await kept.change(None, {"when_away": "hide"})
    shown, lasts = await script()
    await kept.change(None, {"away_without_operators": "on"})
    hidden = await script()
    assert (lasts, hidden[1]) == ("public, max-age=600", "public, max-age=60")
    assert hidden[0].startswith("(() => {\n  try {\n    if (!sessionStorage.getItem")
    assert shown in hidden[0]
    is_down = True
    assert await script() == (shown, lasts)


async def test_the_page_loads_files_that_are_there() -> None:
    app = create_app([create_widget(settings(), nobody, is_encrypted=True)])
    response = await app.test_client().get("/widget")
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
    loaded = re.findall(r'(?:href|src)="([^"]+)"', await response.get_data(as_text=True))
    web = web_files()
    assert web.base + "panel/widget/panel.js" in loaded
    assert {each.removeprefix(web.base) for each in loaded} <= web.files.keys()


@pytest.mark.parametrize("path", ["/widget/", "/widget.html", "/widget/x"])
async def test_nothing_else_is_there(path: str) -> None:
    response = await create_app([create_widget(settings(), nobody)]).test_client().get(path)
    assert response.status_code == 404
