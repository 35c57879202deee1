"""Verified visitors over HTTP."""

import time
from collections.abc import AsyncGenerator
from typing import Any

import jwt
import pytest

from tests.protocols.native.site import Answer, Site, open_site

PATH = "/auth/visitor"
SECRET = "/admin/visitor-secret"


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    async with open_site(widget_origins=("https://shop.example",)) as site:
        yield site


async def secret_of(site: Site, token: str, **fields: Any) -> str:
    made = await site.call("POST", SECRET, fields, token=token)
    assert made.status == 201
    return str(made["secret"])


def token_of(secret: str, **claims: Any) -> str:
    return jwt.encode({"id": "42", "name": "Ada", "exp": time.time() + 200, **claims}, secret, "HS256")


async def identify(site: Site, signed: str, token: str = "") -> Answer:
    return await site.call(
        "POST", PATH, {"token": signed, "page": "https://shop.example/cart?x=1"}, token=token
    )


async def test_a_visitor_has_one_conversation_on_all_devices(site: Site) -> None:
    _, admins = await site.join("eve", admin=True)
    _, olgas = await site.join("olga", operator=True)
    secret = await secret_of(site, admins)
    phone = await identify(site, token_of(secret, email="ada@example.com"))
    assert phone.status == 201
    assert (phone["me"]["display"], phone["me"]["roles"]) == ("Ada", ["guest"])
    room = (await site.call("PUT", "/support", token=phone["access"]))["id"]
    said = {"key": "k", "text": "is it blue?"}
    assert (await site.call("POST", f"/rooms/{room}/messages", said, token=phone["access"])).status == 201
    laptop = await identify(site, token_of(secret, name="Ada L.", email="ada@example.com"))
    assert laptop["me"]["id"] == phone["me"]["id"]
    assert (await site.call("PUT", "/support", token=laptop["access"]))["id"] == room
    (seen,) = (await site.call("GET", "/support", token=olgas))["rooms"]
    support = seen["support"]
    assert (support["person"]["display"], support["email"], support["page"], support["verified"]) == (
        "Ada L.",
        "ada@example.com",
        "https://shop.example/cart",
        True,
    )
    # A block follows the person, too.
    blocked = await site.call("PATCH", f"/support/{room}", {"blocked": True}, token=olgas)
    assert blocked.status == 200
    refused = await identify(site, token_of(secret))
    assert (refused.status, refused["reason"]) == (401, "account_disabled")


async def test_a_visitor_who_has_begun_goes_on_as_themselves(site: Site) -> None:
    _, admins = await site.join("eve", admin=True)
    _, olgas = await site.join("olga", operator=True)
    secret = await secret_of(site, admins)
    anonymous = await site.call("POST", "/support/visitors", {"name": "Boss", "email": "x@example.com"})
    room = (await site.call("PUT", "/support", token=anonymous["access"]))["id"]
    said = {"key": "k", "text": "help"}
    await site.call("POST", f"/rooms/{room}/messages", said, token=anonymous["access"])
    (seen,) = (await site.call("GET", "/support", token=olgas))["rooms"]
    assert "verified" not in seen["support"]
    known = await identify(site, token_of(secret), anonymous["access"])
    assert (known["me"]["id"], known["me"]["display"]) == (anonymous["me"]["id"], "Ada")
    (seen,) = (await site.call("GET", "/support", token=olgas))["rooms"]
    assert (seen["support"]["verified"], "email" in seen["support"]) == (True, False)
    # An account that looks at the site stays another person.
    other = await identify(site, token_of(secret, id="43"), olgas)
    assert other["me"]["roles"] == ["guest"]


async def test_the_secret_is_shown_once_and_replaced_with_an_overlap(site: Site) -> None:
    _, admins = await site.join("eve", admin=True)
    _, adas = await site.join("ada")
    assert (await site.call("GET", SECRET, token=admins)).body == {}
    assert (await identify(site, token_of("x" * 43)))["reason"] == "bad_visitor_token"
    first = await secret_of(site, admins)
    state = await site.call("GET", SECRET, token=admins)
    assert list(state.body) == ["made"]
    second = await secret_of(site, admins, overlap_hours=1)
    assert second != first
    for secret in (first, second):
        assert (await identify(site, token_of(secret))).status == 201
    assert (await site.call("GET", SECRET, token=admins))["previous_until"] > time.time() * 1000
    third = await secret_of(site, admins, overlap_hours=0)
    for secret, status in ((first, 400), (second, 400), (third, 201)):
        assert (await identify(site, token_of(secret))).status == status
    assert (await site.call("DELETE", SECRET, token=admins)).status == 204
    assert (await identify(site, token_of(third))).refused == (400, "invalid", "token")
    assert (await site.call("GET", SECRET, token=adas)).status == 403
    long = {"token": "x" * 8192}
    assert (await site.call("POST", PATH, long, valid=False)).refused == (400, "invalid", "token")
    assert (await site.call("POST", PATH, {"token": "x", "page": "no page"}))["reason"] == "bad_page"


async def test_without_a_widget_nobody_is_identified() -> None:
    async with open_site() as site:
        assert (await identify(site, "x"))["reason"] == "no_widget"
