"""Calls of hooks over HTTP, and hooks over the native protocol."""

import json
from typing import Any

import pytest
import trio

from chat.domain.accounts.hooks import HOOKS, Hook, NewHook, digest_of
from chat.domain.entities import Person
from chat.domain.failures import StorageDown
from chat.domain.limits.budgets import Budgets
from chat.features.hooks import use_cases
from chat.features.hooks.changes import MOST_HOOKS
from chat.features.hooks.use_cases import LONGEST_BODY
from chat.web_api import plain
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Site, open_site


class Hooked:
    """A site with a room of Ada's that has a hook."""

    def __init__(self, site: Site, token: str, room: int, hook: Any) -> None:
        self.site, self.token, self.room = site, token, room
        self.hook, self.path = hook["hook"], hook["path"]

    async def post(
        self, body: object, path: str | None = None, *, address: str | None = None, **headers: str
    ) -> tuple[int, str]:
        response = await self.answer(body, path, address=address, **headers)
        return response.status_code, await response.get_data(as_text=True)

    async def answer(
        self, body: object, path: str | None = None, *, address: str | None = None, **headers: str
    ) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        client = self.site.app.test_client(use_cookies=False)
        base: Any = {} if address is None else {"scope_base": {"client": (address, 4000)}}
        return await client.post(
            path or self.path, data=data, headers={"Content-Type": "application/json"} | named, **base
        )

    async def texts(self) -> list[str]:
        page = await self.site.call("GET", f"/rooms/{self.room}/messages", token=self.token)
        return [each["text"] for each in page["messages"] if each.get("kind") != "join"]

    async def listed(self) -> Any:
        (hook,) = (await self.site.call("GET", f"/rooms/{self.room}/hooks", token=self.token))["hooks"]
        return hook


async def hooked(site: Site, **about: object) -> Hooked:
    _, token = await site.join("ada")
    room = (await site.call("POST", "/rooms", {"name": "alarms"}, token=token))["id"]
    made = await site.call("POST", f"/rooms/{room}/hooks", {"name": "Grafana", **about}, token=token)
    assert made.status == 201
    return Hooked(site, token, room, made)


async def test_a_tool_posts_in_the_room_of_its_hook(site: Site) -> None:
    at = await hooked(site)
    ada = await site.services.accounts.person(1)
    assert isinstance(ada, Person)
    page = Replica(site.world, ada)
    await page.connect()
    assert await at.post({"text": "*disk* is full", "username": "db-1"}) == (200, "ok")
    (event,) = [each for each in await page.receives() if each["type"] == "message"]
    assert (event["sender"]["name"], event["sender"]["id"]) == ("Grafana (hook)", at.hook["id"])
    assert event["text"] == "‹db-1› **disk** is full"
    # Another protocol, which has an author's id, and their name by it.
    client = site.app.test_client(use_cookies=False)
    older = await client.get(f"/messages/{at.room}", json={"LastID": 10}, headers={"Authorization": at.token})
    ((said,),) = [[each for each in await older.get_json() if each["UID"] == at.hook["id"]]]
    assert said["Text"] == "‹db-1› **disk** is full"
    profile = await client.get(f"/profile/{at.hook['id']}")
    assert "Grafana (hook)" in await profile.get_data(as_text=True)


async def test_a_hook_can_do_nothing_but_post(site: Site) -> None:
    at = await hooked(site)
    _, bens = await site.join("ben")
    for password in ("", "x" * 20):
        refused = await site.call(
            "POST", "/auth/login", {"login": "Grafana (hook)", "password": password or "x"}
        )
        assert refused.status in (400, 401)
    token = at.path.rpartition("/")[2]
    assert (await site.call("GET", "/me", token=token)).status == 401
    assert (await site.call("PUT", f"/direct/{at.hook['id']}", token=bens)).status == 404
    member = f"/rooms/{at.room}/members/{at.hook['id']}"
    assert (await site.call("PUT", member, {}, token=at.token)).status == 404
    people = await site.call("GET", "/people", token=bens)
    assert [each["name"] for each in people["people"]] == ["ada", "ben"]
    _, admins = await site.join("olga", admin=True)
    for roles in ({"admin": True}, {"operator": True}):
        answer = await site.call("PATCH", f"/admin/people/{at.hook['id']}", roles, token=admins)
        assert answer.status >= 400
    visitors = await site.call("GET", "/admin/visitors", token=admins)
    assert visitors["visitors"] == []


async def test_the_token_is_shown_once_and_a_new_one_voids_it(site: Site) -> None:
    at = await hooked(site)
    token = at.path.rpartition("/")[2]
    _, admins = await site.join("olga", admin=True)
    for path in (f"/rooms/{at.room}/hooks", "/admin/hooks"):
        got = await site.call("GET", path, token=admins)
        assert token not in json.dumps(got.body)
        assert got["hooks"][0]["name"] == "Grafana"
    which = f"/rooms/{at.room}/hooks/{at.hook['id']}"
    renewed = await site.call("POST", f"{which}/token", token=at.token)
    assert await at.post({"text": "old"}) == (404, "no_service")
    assert await at.post({"text": "new"}, renewed["path"]) == (200, "ok")
    assert (await site.call("DELETE", which, token=at.token)).status == 204
    assert await at.post({"text": "removed"}, renewed["path"]) == (404, "no_service")
    assert (await site.call("DELETE", which, token=at.token)).status == 404
    assert await at.texts() == ["new"]


async def test_calls_at_once_of_a_removed_hook_find_nothing(site: Site) -> None:
    at = await hooked(site)
    assert await at.post({"text": "before"}) == (200, "ok")
    await site.call("DELETE", f"/rooms/{at.room}/hooks/{at.hook['id']}", token=at.token)
    answers: list[tuple[int, str]] = []

    async def post(nth: int) -> None:
        answers.append(await at.post({"text": f"after {nth}"}))

    async with trio.open_nursery() as nursery:
        for nth in range(3):
            nursery.start_soon(post, nth)
    assert answers == [(404, "no_service")] * 3


async def test_a_hook_that_may_mention_now_does_so_after_a_while(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await hooked(site)
    assert await at.post({"text": "<!here> one"}) == (200, "ok")
    await site.call("PATCH", f"/rooms/{at.room}/hooks/{at.hook['id']}", {"mentions": True}, token=at.token)
    monkeypatch.setattr(use_cases, "_KNOWN_FOR", 0.0)
    assert await at.post({"text": "<!here> two"}) == (200, "ok")
    assert await at.texts() == ["@here one", "@all two"]
    page = await site.call("GET", f"/rooms/{at.room}/messages", token=at.token)
    assert page["messages"][-1]["all"] is True


async def test_a_hook_gets_another_name(site: Site) -> None:
    at = await hooked(site)
    which = f"/rooms/{at.room}/hooks/{at.hook['id']}"
    for wrong in ("", " ", "a(b)", "Ada\u202e", "x" * 58, "\x00"):
        refused = await site.call("PATCH", which, {"name": wrong}, token=at.token, valid=False)
        assert refused.status == 400
    changed = await site.call("PATCH", which, {"name": "Alarms 2", "mentions": True}, token=at.token)
    assert (changed["name"], changed["mentions"]) == ("Alarms 2", True)
    assert (await site.call("PATCH", which, {}, token=at.token))["name"] == "Alarms 2"


@pytest.mark.parametrize("rest", ["", "x", "/", "half", "..", "%00", "é", "x" * 3000])
async def test_a_token_that_is_none_finds_nothing(site: Site, rest: str) -> None:
    at = await hooked(site)
    wrong = at.path[:-5] if rest == "half" else f"/hooks/{rest}"
    assert await at.post({"text": "x"}, wrong) == (404, "no_service")
    assert await at.texts() == []


async def test_rooms_that_are_gone_or_archived_take_nothing(site: Site) -> None:
    at = await hooked(site)
    await site.call("PATCH", f"/rooms/{at.room}", {"archived": True}, token=at.token)
    assert await at.post({"text": "x"}) == (410, "channel_is_archived")
    assert (await at.listed())["error"] == "channel_is_archived: the room is archived"
    await site.call("PATCH", f"/rooms/{at.room}", {"archived": False}, token=at.token)
    assert await at.post({"text": "x"}) == (200, "ok")
    await site.call("DELETE", f"/rooms/{at.room}", token=at.token)
    assert await at.post({"text": "y"}) == (404, "channel_not_found")


async def test_repeats_are_sent_once(site: Site) -> None:
    at = await hooked(site)
    for _ in range(2):
        assert await at.post({"text": "same"}) == (200, "ok")
    assert await at.post({"text": "same", "n": 1}) == (200, "ok")
    for _ in range(2):
        assert await at.post({"text": "keyed"}, Idempotency_Key="k 1") == (200, "ok")
    assert await at.post({"text": "other"}, Idempotency_Key="k 1") == (409, "key_used")
    assert await at.texts() == ["same", "same", "keyed"]


async def test_a_client_of_discords_webhooks_that_waits_gets_the_message(site: Site) -> None:
    at = await hooked(site)
    for _ in range(2):  # the second is a repeat
        got = await at.answer({"content": "done"}, f"{at.path}?wait=True")
        assert (got.status_code, got.content_type) == (200, "application/json")
        message = await got.get_json()
        assert (message["content"], message["webhook_id"]) == ("done", str(at.hook["id"]))
        assert message["id"].isdecimal()
    assert await at.texts() == ["done"]
    assert (await at.listed())["used"] is not None


async def test_what_is_wrong_has_a_word_and_those_who_look_after_it_read_why(site: Site) -> None:
    at = await hooked(site)
    assert (await at.listed())["error"] is None
    assert await at.post(b"{") == (400, "invalid_payload")
    assert (await at.listed())["error"].startswith("invalid_payload: the body is no JSON")
    assert await at.post(b"[" * 100_000) == (400, "invalid_payload")
    assert await at.post({}) == (400, "no_text")
    assert await at.post(b"x" * (LONGEST_BODY + 1)) == (413, "payload_too_large")
    assert await at.post(b"x" * LONGEST_BODY, Content_Type="text/plain") == (200, "ok")
    listed = await at.listed()
    assert listed["error"].startswith("no_text: ")
    assert listed["used"] is not None
    for method in ("get", "put", "delete", "head", "patch"):
        answer = await getattr(site.app.test_client(use_cookies=False), method)(at.path)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


async def test_a_hook_has_a_budget_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "HOLD_BACK", 0.0)
    async with open_site(budgets=Budgets(messages=1, clock=lambda: 1000.0)) as site:
        at = await hooked(site)
        for nth in range(100):
            assert await at.post({"text": f"{nth}"}, address="192.0.2.7") == (200, "ok")
        response = await at.answer({"text": "one more"}, address="192.0.2.7")
        assert (response.status_code, await response.get_data()) == (429, b"rate_limited")
        assert 1 <= int(response.headers["Retry-After"]) <= 4
        other = await site.call("POST", f"/rooms/{at.room}/hooks", {"name": "Other"}, token=at.token)
        assert await at.post({"text": "other"}, other["path"], address="192.0.2.7") == (200, "ok")


async def test_a_database_that_is_down_is_a_failure_to_repeat(site: Site) -> None:
    at = await hooked(site)
    assert await at.post({"text": "before"}) == (200, "ok")
    with site.obstacles.failing("save", StorageDown("gone")):
        assert await at.post({"text": "x"}) == (503, "service_unavailable")
    assert await at.post({"text": "x"}) == (200, "ok")


async def test_a_room_has_a_bounded_number_of_hooks(site: Site) -> None:
    at = await hooked(site)
    for nth in range(MOST_HOOKS - 1):
        new = NewHook(room_id=at.room, name="x (hook)", token=digest_of(f"{nth}"), may_mention=False)
        assert isinstance(await site.storage.feature_ports[HOOKS].add(new, None), Hook)
    refused = await site.call("POST", f"/rooms/{at.room}/hooks", {"name": "x"}, token=at.token)
    assert (refused.status, refused["reason"]) == (429, "too_many_hooks")
    _, admins = await site.join("olga", admin=True)
    first = await site.call("GET", "/admin/hooks?limit=30", token=admins)
    rest = await site.call("GET", f"/admin/hooks?limit=30&after={first['next']}", token=admins)
    assert (len(first["hooks"]), len(rest["hooks"]), "next" in rest.body) == (30, 20, False)
