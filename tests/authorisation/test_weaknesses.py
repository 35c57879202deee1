"""Weaknesses that other chat servers had, tried here; docs/vulnerabilities.md says which test tries which."""

import base64
import json
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from chat.protocols.native.operations import OPERATIONS
from tests.authorisation.clients import V1
from tests.authorisation.site import Site
from tests.support.people import PASSWORD, eventually

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "vulnerabilities.md"


def halves(token: str) -> list[str]:
    """What is left of a token, and what some libraries take for one."""
    head, payload, signature = token.split(".")
    unsigned = (
        base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode().rstrip("=")
    )
    parts = ["", "null", "undefined", "0", ".", "..", f"{head}..", f"{head}.{payload}", f"{head}.{payload}."]
    return [*parts, f".{payload}.{signature}", f"{head}..{signature}", f"{unsigned}.{payload}.", token[:-3]]


def test_an_empty_or_truncated_token_is_invalid(site: Site) -> None:
    for token in halves(site.house.people["admin"].token):
        for path in (f"{V1}/me", "/profile", "/rooms"):
            assert site.api.raw(token, "GET", path)[0] == 401, (path, token)
        for value in (f"Bearer  {token}", token, "Bearer", "Bearer null null"):
            assert site.api.raw(None, "GET", f"{V1}/me", Authorization=value)[0] == 401, value
    for kept in ("", "no", "0" * 64):
        body = json.dumps({"refresh": kept}).encode()
        assert site.api.raw(None, "POST", f"{V1}/auth/refresh", body)[0] == 401, kept


def test_repeated_and_nested_names_in_a_query_are_no_way_in(site: Site) -> None:
    token = site.house.people["admin"].token
    for query in (
        f"access_token={token}",
        f"token={token}",
        "access_token[$ne]=null",
        "token[]=",
        "token[%24gt]=",
    ):
        assert site.api.raw(None, "GET", f"{V1}/me?{query}")[0] == 401, query
    private = site.house.places["private open", ""].room
    outsider = site.house.people["outsider"].token
    for query in (
        f"room=1&room={private}",
        f"room={private}&room=1",
        f"room[]={private}",
        f"room[$gt]={private}",
    ):
        status, answer = site.api.raw(outsider, "GET", f"{V1}/search?q=words&{query}")
        rooms = {each["message"]["room"] for each in json.loads(answer).get("hits", ())}
        assert status < 500, query
        assert private not in rooms, query


def test_a_limit_is_kept_at_over_and_far_over_it(site: Site) -> None:
    token = site.house.people["admin"].token
    for operation in OPERATIONS:
        if operation.request is None or operation.method != "GET":
            continue
        if "limit" not in {each.name for each in msgspec.structs.fields(operation.request)}:
            continue
        path = V1 + operation.path.replace("{room}", "1").replace("{seq}", "1")
        rest = "&q=words" if operation.name == "search" else ""
        for limit in ("0", "101", "-1", str(2**31), str(2**63), str(-(2**63)), "1e3", "NaN", ""):
            assert site.api.raw(token, "GET", f"{path}?limit={limit}{rest}")[0] == 400, (path, limit)
        if operation.name != "search":  # which are few a second
            assert site.api.raw(token, "GET", f"{path}?limit=100{rest}")[0] < 500, path


def test_lists_in_pages_of_any_size_are_the_whole_list(site: Site) -> None:
    write_and_delete(site)
    asked = 0
    for operation in OPERATIONS:
        fields = (
            {each.name for each in msgspec.structs.fields(operation.request)} if operation.request else set()
        )
        if operation.method != "GET" or "around" in fields or not {"after", "limit"} <= fields:
            continue
        path = V1 + operation.path.replace("{room}", "1")
        for who in ("admin", "operator", "owner", "banned"):
            whole = pages(site, who, path, 100)
            assert pages(site, who, path, 3) == whole, (path, who)
            asked += len(whole) > 3
    assert asked > 10, "there is something to find in most lists"


WRITERS = ("host", "member", "moderator", "owner", "maker", "outsider", "operator", "server-moderator")


def write_and_delete(site: Site) -> None:
    """In the lobby, of messages with a file that mention people, delete so many that pages of three have none."""
    words = " ".join(f"@{who}" for who in ("admin", "operator", "owner", "banned"))
    said = []
    for who in WRITERS:  # an upload each: more of one person are refused
        token = site.house.token(who)
        status, file = site.api.raw(token, "POST", f"{V1}/rooms/1/files?name=a.txt", b"words")
        assert status == 201, file
        message = {"key": "paged", "text": f"truffle {words}", "files": [json.loads(file)["id"]]}
        said.append((token, site.api.call(token, "POST", "/rooms/1/messages", message)["seq"]))
    for token, seq in said[1:-1]:
        site.api.call(token, "DELETE", f"/rooms/1/messages/{seq}")
    eventually(lambda: len(pages(site, "host", f"{V1}/search", 100)) == 2, "those that are left are found")


def pages(site: Site, who: str, path: str, size: int) -> list[Any]:
    """What is on all pages of a list; those that one may not see have none."""
    found, after = list[Any](), ""
    while True:
        query = "&q=truffle&order=new" if path.endswith("/search") else ""
        status, answer = site.api.raw(site.house.token(who), "GET", f"{path}?limit={size}{query}{after}")
        if status in (403, 404):
            return found
        page = json.loads(answer)
        if status == 429:  # it says when the next search may come
            time.sleep(page["retry_ms"] / 1000)
            continue
        assert status == 200, answer
        (items,) = (each for each in page.values() if isinstance(each, list))
        found += items
        if page.get("next") is None:
            return found
        after = f"&after={quote(str(page['next']))}"


def test_no_secret_is_in_a_log_a_metric_an_audit_or_an_answer_about_people(site: Site) -> None:
    admin = site.house.people["admin"]
    site.api.call(None, "POST", "/auth/login", {"login": "admin", "password": PASSWORD})
    site.api.raw(None, "POST", f"{V1}/auth/login", b'{"login": "admin", "password": "canary words"}')
    site.api.raw("canary-token", "GET", f"{V1}/me?token=canary-token")
    got = [site.server.log.read_bytes(), site.api.raw(admin.token, "GET", "/metrics")[1]]
    paths = (
        "/admin/audit?limit=100",
        "/admin/people?limit=100",
        "/admin/settings",
        "/me/sessions",
        "/people",
    )
    got += [site.api.raw(admin.token, "GET", V1 + path)[1] for path in paths]
    signatures = [each.token.split(".")[2].encode() for each in site.house.people.values()]
    for secret in (PASSWORD.encode(), b"canary", b"$2b$", *signatures):
        assert not any(secret in each for each in got), secret


def test_a_reply_quotes_only_messages_of_its_own_room(site: Site) -> None:
    token, room = site.house.people["outsider"].token, 1
    path = f"{V1}/rooms/{room}/messages"
    forged = {"key": "forged", "text": "a", "reply": {"seq": 1, "text": "words never said"}}
    assert site.api.raw(token, "POST", path, json.dumps(forged).encode())[0] == 400
    beyond = {"key": "beyond", "text": "a", "reply": 10**6}
    assert site.api.raw(token, "POST", path, json.dumps(beyond).encode())[0] == 400


def test_every_test_that_the_page_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.(?:py|mjs))(?:::(\w+))?`", PAGE.read_text())
    assert len(named) > 40
    for path, name in named:
        source = (ROOT / path).read_text()
        assert not name or f"def {name}(" in source, (path, name)
