"""Unreadable, missing and failing requests: each has the protocol's error, and nothing was changed."""

from typing import Any

import pytest

from chat.domain.failures import OutcomeUnknown, StorageDown
from tests.protocols.native.site import PASSWORD, V1, Site

BODIES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/setup", {"code": "x", "name": "eve", "password": PASSWORD, "device": ""}),
    (
        "POST",
        "/auth/register",
        {"name": "eve", "password": PASSWORD, "email": "e@example.com", "invite": "x", "device": ""},
    ),
    ("POST", "/auth/login", {"login": "ada", "password": PASSWORD, "device": ""}),
    ("POST", "/auth/refresh", {"refresh": "x"}),
    ("POST", "/auth/logout", {"refresh": "x"}),
    ("PATCH", "/me", {"name": "eve", "display": "eve", "email": "e@example.com", "share_reads": True}),
    ("POST", "/me/password", {"old": PASSWORD, "new": "another word"}),
    ("POST", "/me/sessions", {"name": "bot", "days": 1, "password": PASSWORD}),
    ("POST", "/rooms", {"name": "garden", "topic": "roses", "private": True}),
    ("PATCH", "/rooms/1/mine", {"notify": "all", "hidden": True}),
    ("PUT", "/rooms/1/members/1", {"role": "member"}),
    ("POST", "/rooms/1/messages", {"key": "k", "text": "hi"}),
    ("PATCH", "/rooms/1/messages/1", {"text": "hi"}),
    ("PUT", "/rooms/1/read", {"seq": 0, "back": True}),
]
"""Every body, with every field that it may have."""

LIMITS: dict[str, list[Any]] = {
    "code": ["x" * 33],
    "name": ["", "x" * 65],
    "display": ["", "x" * 65],
    "password": ["", "x" * 73],
    "old": ["", "x" * 73],
    "new": ["", "x" * 73],
    "email": ["x" * 255],
    "invite": ["x" * 65],
    "device": ["x" * 65],
    "login": ["x" * 255],
    "refresh": ["x" * 129],
    "share_reads": [],
    "days": [0, 3651, -1, 2**63],
    "key": ["", "x" * 65, "a b", "é"],
    "text": ["x" * 4001],
    "seq": [-1, 2**53, 2**63],
    "back": [],
    "topic": ["x" * 501],
    "private": [],
    "notify": ["", "some"],
    "hidden": [],
    "role": ["", "admin"],
}
"""What is beyond each field's limits."""


async def test_a_field_beyond_its_limit_is_named(site: Site) -> None:
    """The limits are those of the contract; what else a field may not be, test_bad_fields.py tries."""
    _, token = await site.join("ada")
    for method, path, body in BODIES:
        for field in body:
            for wrong in LIMITS[field]:
                answer = await site.call(method, path, body | {field: wrong}, token=token, valid=False)
                assert answer.refused == (400, "invalid", field), wrong
                schema = _schema(site, method, path)
                assert site.faults(body | {field: wrong}, schema), "the document says so too"


def _schema(site: Site, method: str, path: str) -> Any:
    operation = site.document["paths"][V1 + site.template(path)][method.lower()]
    return operation["requestBody"]["content"]["application/json"]["schema"]


@pytest.mark.parametrize(("method", "path", "body"), BODIES)
async def test_a_body_that_is_no_object_is_malformed(
    site: Site, method: str, path: str, body: dict[str, Any]
) -> None:
    await site.add("ada")
    token = (await site.log_in("ada"))["access"]
    for wrong in ([], "x", 3, [body]):
        answer = await site.call(method, path, wrong, token=token, valid=False)
        assert answer.refused == (400, "malformed", None)
    client = site.app.test_client(use_cookies=False)
    headers = {"Authorization": token, "Content-Type": "application/json"}
    for raw, status, code in (
        (b"{", 400, "malformed"),
        (b'"\xff"', 400, "malformed"),
        (b"[" * 60_000, 400, "malformed"),
        (b" " * 70_000, 413, "too_big"),
    ):
        response = await client.open(V1 + path, method=method, data=raw, headers=headers)
        got = await response.get_json()
        assert (response.status_code, got["code"]) == (status, code)
    typed = headers | {"Content-Type": "text/plain"}
    response = await client.open(V1 + path, method=method, data=b"{}", headers=typed)
    assert (response.status_code, (await response.get_json())["code"]) == (415, "malformed")


@pytest.mark.parametrize(("method", "path", "body"), BODIES)
async def test_a_missing_field_is_named(site: Site, method: str, path: str, body: dict[str, Any]) -> None:
    await site.add("ada")
    token = (await site.log_in("ada"))["access"]
    for field in _schema_of(site, method, path).get("required", ()):
        less = {key: value for key, value in body.items() if key != field}
        answer = await site.call(method, path, less, token=token, valid=False)
        assert answer.refused == (400, "invalid", field)


def _schema_of(site: Site, method: str, path: str) -> Any:
    name = _schema(site, method, path)["$ref"].rpartition("/")[2]
    return site.document["components"]["schemas"][name]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "server"),
        ("name", "a  b"),
        ("name", "\u0000"),
        ("name", "\u0430da"),
        ("password", "abcd"),
        ("password", "\u0000\u0000\u0000\u0000\u0000"),
        ("password", "é" * 40),
        ("email", "nobody"),
        ("device", "\u0007"),
    ],
)
async def test_an_invalid_field_is_named_and_adds_nobody(site: Site, field: str, value: str) -> None:
    new = {"name": "eve", "password": PASSWORD} | {field: value}
    answer = await site.call("POST", "/auth/register", new)
    assert answer.refused == (400, "invalid", field)
    assert await site.storage.users.everyone() == []


async def test_a_missing_room_and_a_missing_path_have_different_codes(site: Site) -> None:
    _, token = await site.join("ada")
    missing = await site.call("GET", "/rooms/999", token=token)
    assert missing.refused == (404, "not_found", None)
    assert missing["error"] == "there is no such room"


async def test_a_missing_path_has_a_code_only_below_the_native_api(site: Site) -> None:
    client = site.app.test_client(use_cookies=False)
    for method, path, status, got in (
        ("GET", "/api/v1/nothing", 404, {"error", "text", "code"}),
        ("GET", "/api/v1/me/sessions/x", 404, {"error", "text", "code"}),
        ("PUT", "/api/v1/me", 405, {"error", "text", "code"}),
        ("GET", "/nothing", 404, {"error"}),
        ("PUT", "/profile", 405, {"error"}),
        ("GET", "/profile", 401, {"error"}),
        ("GET", "/api/v1", 404, {"error", "text", "code"}),
        ("GET", "/api/v1/", 404, {"error", "text", "code"}),
        ("GET", "/api/v1//rooms", 404, {"error", "text", "code"}),
        ("GET", "/api//reg", 404, {"error"}),
        ("GET", "/api/v1beta", 404, {"error"}),
    ):
        response = await client.open(path, method=method)
        body = await response.get_json()
        assert (response.status_code, body.keys()) == (status, got)
    assert body is not None
    for path in ("/api/v1", "/api/v1//rooms", "/api/v1/nothing", "/api/v1/rooms/x"):
        unknown = await (await client.get(path)).get_json()
        assert (unknown["code"], unknown["error"]) == ("unknown_type", "there is no such path here")
    refused = await client.open("/api/v1/me", method="PUT")
    assert {"GET", "PATCH"} <= set(refused.headers["Allow"].split(", "))
    assert (await refused.get_json())["code"] == "unknown_type"


async def test_a_database_outage_is_answered_as_retryable(site: Site) -> None:
    await site.add("ada")
    session = await site.log_in("ada")
    token = session["access"]
    for call, method, path, body in (
        ("is_needed", "GET", "/setup", None),
        ("by_name", "POST", "/auth/login", {"login": "ada", "password": PASSWORD}),
        ("begin", "POST", "/auth/login", {"login": "ada", "password": PASSWORD}),
        ("add", "POST", "/auth/register", {"name": "eve", "password": PASSWORD}),
        ("refresh", "POST", "/auth/refresh", {"refresh": session["refresh"]}),
        ("living", "POST", "/auth/logout", None),
        ("by_id", "GET", "/me", None),
        ("living", "GET", "/me", None),
        ("change_profile", "PATCH", "/me", {"name": "eve"}),
        ("set_password", "POST", "/me/password", {"old": PASSWORD, "new": "another word"}),
        ("of_person", "GET", "/me/sessions", None),
        ("begin", "POST", "/me/sessions", {"name": "bot", "password": PASSWORD}),
        ("end_others", "DELETE", "/me/sessions", None),
        ("end", "DELETE", "/me/sessions/1", None),
    ):
        site.obstacles.fail(call, StorageDown("away"))
        answer = await site.call(method, path, body, token=token)
        assert answer.refused == (503, "unavailable", None), call
    assert await site.is_good(token)
    assert [person.name for person in await site.storage.users.everyone()] == ["ada"]


async def test_an_unknown_outcome_is_not_answered_as_a_failure(site: Site) -> None:
    await site.add("ada")
    token = (await site.log_in("ada"))["access"]
    site.obstacles.fail("change_profile", OutcomeUnknown("silent"), after=True)
    answer = await site.call("PATCH", "/me", {"display": "Ada"}, token=token)
    assert answer.refused == (503, "outcome_unknown", None)
    for call, path, body in (
        ("begin", "/auth/register", {"name": "eve", "password": PASSWORD}),
        ("begin", "/me/password", {"old": PASSWORD, "new": "another word"}),
    ):
        site.obstacles.fail(call, StorageDown("away"))
        answer = await site.call("POST", path, body, token=token)
        assert answer.refused == (503, "outcome_unknown", None), "the account was made or changed before"


async def test_a_bug_is_answered_and_logged(site: Site) -> None:
    await site.add("ada")
    token = (await site.log_in("ada"))["access"]
    site.obstacles.fail("of_person", ZeroDivisionError())
    answer = await site.call("GET", "/me/sessions", token=token)
    assert (answer.refused, answer["error"]) == ((500, "internal", None), "internal error")
