"""Bots as accounts: what each scope permits over HTTP, who may do what with one, and when it is off."""

from typing import Any

import pytest

from chat.domain.accounts.program_names import BOT_MARK
from tests.protocols.native.site import PASSWORD, Answer, Site


class Garden:
    """A site with Ada, who leads a private room that Ben is in, and a bot of hers."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.ada = self.ben = self.olga = 0
        self.tokens: dict[str, str] = {}
        self.room = self.bot = 0

    async def call(self, who: str, method: str, path: str, body: Any = None) -> Answer:
        return await self.site.call(method, path, body, token=self.tokens[who])

    async def say(self, who: str, text: str = "hello", room: int | None = None) -> Answer:
        path = f"/rooms/{room or self.room}/messages"
        return await self.call(who, "POST", path, {"key": f"{who}-{text.replace(' ', '-')}", "text": text})

    async def scoped(self, *scopes: str) -> None:
        changed = await self.call("ada", "PATCH", f"/bots/{self.bot}", {"scopes": list(scopes)})
        assert changed.status == 200, changed.body

    async def seen_by(self, who: str) -> Any:
        (bot,) = (await self.call(who, "GET", "/bots"))["bots"]
        return bot


ALL = ("read", "speak", "react")


async def garden(site: Site, *scopes: str) -> Garden:
    at = Garden(site)
    for who in ("ada", "ben", "olga"):
        person, at.tokens[who] = await site.join(who, admin=who == "olga")
        setattr(at, who, person.id)
    made = await at.call("ada", "POST", "/rooms", {"name": "garden", "private": True})
    at.room = made["id"]
    await at.call("ada", "PUT", f"/rooms/{at.room}/members/{at.ben}")
    at.bot = (await at.call("ada", "POST", "/bots", {"name": "Dice", "scopes": list(scopes or ALL)}))["id"]
    body = {"name": "the program", "password": PASSWORD, "days": 30}
    at.tokens["bot"] = (await at.call("ada", "POST", f"/bots/{at.bot}/tokens", body))["token"]
    added = await at.call("ada", "PUT", f"/bots/{at.bot}/rooms/{at.room}")
    assert added.status == 204, added.body
    return at


async def test_a_bot_reads_speaks_and_reacts_in_its_rooms(site: Site) -> None:
    at = await garden(site)
    me = await at.call("bot", "GET", "/me")
    assert (me["id"], me["name"], me.body.get("roles", [])) == (at.bot, f"Dice{BOT_MARK}", [])
    said = await at.say("ada", "who is there")
    read = await at.call("bot", "GET", f"/rooms/{at.room}/messages")
    assert read["messages"][-1]["text"] == "who is there"
    answer = await at.say("bot", "I am")
    assert answer["sender"] == {"id": at.bot, "name": f"Dice{BOT_MARK}"}
    path = f"/rooms/{at.room}/messages/{said['seq']}/reactions/👍"
    assert (await at.call("bot", "PUT", path)).status < 300
    edited = f"/rooms/{at.room}/messages/{answer['seq']}"
    assert (await at.call("bot", "PATCH", edited, {"text": "I was"})).status == 200
    assert (await at.call("bot", "DELETE", edited)).status < 300
    rooms = (await at.call("bot", "GET", "/rooms"))["rooms"]
    assert [each["id"] for each in rooms] == [at.room]
    found = await at.call("bot", "GET", "/search?q=there")
    assert [each["message"]["text"] for each in found["hits"]] == ["who is there"]
    people = await at.call("bot", "GET", f"/rooms/{at.room}/members")
    assert {each["person"]["name"] for each in people["members"]} == {"ada", "ben", f"Dice{BOT_MARK}"}


@pytest.mark.parametrize("scope", ALL)
async def test_one_scope_permits_what_it_says_and_nothing_else(site: Site, scope: str) -> None:
    at = await garden(site, scope)
    said = await at.say("ada")
    of_message = f"/rooms/{at.room}/messages/{said['seq']}"
    asked = {
        "read": await at.call("bot", "GET", f"/rooms/{at.room}/messages"),
        "speak": await at.say("bot"),
        "react": await at.call("bot", "PUT", f"{of_message}/reactions/👍"),
    }
    assert {each for each, answer in asked.items() if answer.status < 300} == {scope}
    reasons = {answer["reason"] for answer in asked.values() if answer.status >= 300}
    assert reasons == {"no_scope"}
    assert (await at.call("bot", "GET", "/me")).status == 200


async def test_the_lobby_and_other_rooms_are_closed_to_a_bot(site: Site) -> None:
    at = await garden(site)
    public = (await at.call("ada", "POST", "/rooms", {"name": "public"}))["id"]
    for room, code in ((1, "not_found"), (public, "forbidden")):
        assert (await at.call("bot", "GET", f"/rooms/{room}/messages")).body["code"] == code
        assert (await at.say("bot", room=room)).body["code"] == code
    assert (await at.call("bot", "PUT", f"/rooms/{public}/members/{at.bot}"))["reason"] == "not_for_bots"
    added = await at.call("ada", "PUT", f"/bots/{at.bot}/rooms/1")
    assert added.refused == (404, "not_found", None)


OF_PEOPLE: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/people", None),
    ("PATCH", "/me", {"display": "Root"}),
    ("POST", "/rooms", {"name": "own"}),
    ("PUT", "/support", None),
    ("POST", "/invites", {}),
    ("GET", "/admin/people", None),
    ("GET", "/bots", None),
    ("POST", "/bots", {"name": "Child", "scopes": ["read"]}),
    ("POST", "/me/sessions", {"name": "more"}),
    ("POST", "/me/password", {"old": PASSWORD, "new": "another secret"}),
    ("GET", "/me/blocks", None),
)


async def test_a_bot_may_nothing_that_takes_an_account_of_a_person(site: Site) -> None:
    at = await garden(site)
    for method, path, body in OF_PEOPLE:
        refused = await at.call("bot", method, path, body)
        assert (refused.status, refused["reason"]) == (403, "not_for_bots"), path


async def test_older_protocols_and_pages_of_visitors_refuse_a_bot(site: Site) -> None:
    at = await garden(site)
    client = at.site.app.test_client(use_cookies=False)
    for path in ("/profile", "/rooms", f"/messages/{at.room}"):
        answer = await client.get(path, headers={"Authorization": at.tokens["bot"]})
        assert answer.status_code in (401, 403), path
    again = await at.site.call("POST", "/auth/login", {"login": f"Dice{BOT_MARK}", "password": PASSWORD})
    assert again.status == 401


async def test_what_a_bot_may_is_narrowed_at_once(site: Site) -> None:
    at = await garden(site)
    assert (await at.say("bot", "before")).status == 201
    await at.scoped("react")
    assert (await at.say("bot", "after"))["reason"] == "no_scope"
    assert (await at.call("bot", "GET", f"/rooms/{at.room}/messages"))["reason"] == "no_scope"
    await at.scoped("speak")
    assert (await at.say("bot", "again")).status == 201


async def test_a_bot_is_in_no_room_without_its_owner(site: Site) -> None:
    at = await garden(site)
    await at.call("ada", "PUT", f"/rooms/{at.room}/members/{at.ben}", {"role": "owner"})
    await at.call("ben", "PUT", f"/rooms/{at.room}/members/{at.ada}", {"role": "member"})
    assert (await at.say("bot", "still here")).status == 201
    assert (await at.call("ada", "DELETE", f"/rooms/{at.room}/members/{at.ada}")).status == 204
    assert (await at.say("bot", "gone")).refused == (404, "not_found", None)
    members = await at.call("ben", "GET", f"/rooms/{at.room}/members")
    assert [each["person"]["name"] for each in members["members"]] == ["ben"]
    assert (await at.call("ada", "PUT", f"/bots/{at.bot}/rooms/{at.room}")).status == 404


async def test_who_may_add_people_adds_their_bot_and_moderators_remove_it(site: Site) -> None:
    at = await garden(site)
    again = await at.call("ada", "PUT", f"/bots/{at.bot}/rooms/{at.room}")
    assert (again.status, again["reason"]) == (409, "already_member")
    assert (await at.call("ben", "PUT", f"/bots/{at.bot}/rooms/{at.room}"))["reason"] == "no_bot"
    own = (await at.call("ben", "POST", "/bots", {"name": "Ben's", "scopes": ["read"]})).refused
    assert own == (422, "invalid", "name") or own == (400, "invalid", "name")
    own_bot = (await at.call("ben", "POST", "/bots", {"name": "Bens", "scopes": ["read"]}))["id"]
    refused = await at.call("ben", "PUT", f"/bots/{own_bot}/rooms/{at.room}")
    assert (refused.status, refused["reason"]) == (403, "not_moderator")
    await at.call("ada", "PUT", f"/rooms/{at.room}/members/{at.ben}", {"role": "moderator"})
    assert (await at.call("ben", "DELETE", f"/rooms/{at.room}/members/{at.bot}")).status == 204
    assert (await at.say("bot")).refused == (404, "not_found", None)
    for role in ("member", "moderator"):  # a bot is added by its owner alone, and has no role
        put = await at.call("ada", "PUT", f"/rooms/{at.room}/members/{at.bot}", {"role": role})
        assert put["reason"] == "no_person"
    assert (await at.call("ada", "DELETE", f"/bots/{at.bot}/rooms/{at.room}"))["reason"] == "no_room"
    await at.call("ada", "PUT", f"/bots/{at.bot}/rooms/{at.room}")
    assert (await at.call("ada", "DELETE", f"/bots/{at.bot}/rooms/{at.room}")).status == 204
    assert "rooms" not in await at.seen_by("ada")


async def test_a_bot_that_is_off_does_nothing_and_keeps_its_tokens_and_rooms(site: Site) -> None:
    at = await garden(site)
    which = f"/bots/{at.bot}"
    assert (await at.say("bot")).status == 201
    used = (await at.seen_by("ada"))["used"]
    assert used == (await at.call("olga", "GET", "/admin/bots"))["bots"][0]["used"]
    off = await at.call("ada", "PATCH", which, {"off": True})
    assert (off["off"], [each["name"] for each in off["tokens"]]) == (True, ["the program"])
    assert (await at.call("bot", "GET", "/me")).status == 401
    assert "off" not in (await at.call("ada", "PATCH", which, {"off": False, "name": "Cubes"})).body
    assert (await at.say("bot", "again"))["sender"]["name"] == f"Cubes{BOT_MARK}"
    assert (await at.call("ben", "PATCH", which, {"off": True}))["reason"] == "no_bot"
    assert (await at.call("olga", "PATCH", which, {"off": True, "name": "Mine"}))["reason"] == "no_bot"
    assert (await at.call("olga", "PATCH", which, {"off": True}))["off_by_admin"] is True
    held = await at.call("ada", "PATCH", which, {"off": False})
    assert (held.status, held["reason"]) == (403, "bot_off_by_admin")
    assert (await at.call("olga", "PATCH", which, {"off": False})).status == 200
    assert (await at.say("bot", "once more")).status == 201
    await at.call("ada", "PATCH", which, {"off": True})
    assert (await at.call("olga", "PATCH", f"/admin/people/{at.bot}", {"disabled": True})).status == 200
    assert (await at.call("ada", "PATCH", which, {"off": False})).status == 403


async def test_who_is_in_a_room_sees_its_bots_and_whose_they_are(site: Site) -> None:
    at = await garden(site)
    path = f"/rooms/{at.room}/bots"
    for who in ("ada", "ben", "bot"):
        (bot,) = (await at.call(who, "GET", path))["bots"]
        assert bot == {"id": at.bot, "name": "Dice", "owner": {"id": at.ada, "name": "ada"}}
    assert (await at.call("olga", "GET", path)).refused == (404, "not_found", None)
    await at.scoped("speak")
    assert (await at.call("bot", "GET", path))["reason"] == "no_scope"


async def test_a_bot_is_off_with_its_owner(site: Site) -> None:
    at = await garden(site)
    path = f"/admin/people/{at.ada}"
    assert (await at.call("olga", "PATCH", path, {"disabled": True})).status == 200
    assert (await at.call("bot", "GET", "/me")).status == 401
    (listed,) = (await at.call("olga", "GET", "/admin/bots"))["bots"]
    assert (listed["off"], listed["owner"]["name"]) == (True, "ada")
    await at.call("olga", "PATCH", path, {"disabled": False})
    assert (await at.call("bot", "GET", "/me")).status == 401, "its tokens ended with those of its owner"
    at.tokens["ada"] = (await at.site.log_in("ada"))["access"]
    bot = await at.seen_by("ada")
    assert not {"off", "tokens"} & {*bot}
    assert [each["id"] for each in bot["rooms"]] == [at.room]
    new = await at.call("ada", "POST", f"/bots/{at.bot}/tokens", {"name": "new", "password": PASSWORD})
    at.tokens["bot"] = new["token"]
    assert (await at.say("bot")).status == 201
    await at.call("olga", "DELETE", path)
    assert (await at.call("bot", "GET", "/me")).status == 401
    assert (await at.call("olga", "GET", "/admin/bots"))["bots"] == []


async def test_tokens_of_a_bot_are_made_with_the_password_and_ended(site: Site) -> None:
    at = await garden(site)
    path = f"/bots/{at.bot}/tokens"
    wrong = await at.call("ada", "POST", path, {"name": "x", "password": "not the password"})
    assert wrong.status == 403
    assert (await at.call("ben", "POST", path, {"name": "x", "password": PASSWORD}))["reason"] == "no_bot"
    (token,) = (await at.seen_by("ada"))["tokens"]
    assert token["name"] == "the program"
    assert (await at.call("ben", "DELETE", f"{path}/{token['id']}"))["reason"] == "no_bot"
    assert (await at.call("ada", "DELETE", f"{path}/{token['id']}")).status == 204
    assert (await at.call("bot", "GET", "/me")).status == 401
    assert (await at.call("ada", "DELETE", f"{path}/{token['id']}"))["reason"] == "no_session"


async def test_names_are_unique_among_bots_and_free_after_a_removal(site: Site) -> None:
    at = await garden(site)
    for name in ("Dice", "dICE"):
        taken = await at.call("ben", "POST", "/bots", {"name": name, "scopes": ["read"]})
        assert (taken.status, taken["reason"]) == (409, "bot_name_taken")
    assert (await at.call("ben", "DELETE", f"/bots/{at.bot}"))["reason"] == "no_bot"
    renamed = await at.call("ada", "PATCH", f"/bots/{at.bot}", {"name": "Cards"})
    assert (renamed["name"], renamed["scopes"]) == ("Cards", list(ALL))
    assert (await at.call("ben", "POST", "/bots", {"name": "Dice", "scopes": ["read"]})).status == 201
    assert (await at.call("olga", "DELETE", f"/bots/{at.bot}")).status == 204
    assert (await at.call("bot", "GET", "/me")).status == 401
    assert (await at.call("ada", "GET", "/bots"))["bots"] == []
    assert (await at.call("ada", "POST", "/bots", {"name": "Cards", "scopes": ["read"]})).status == 201
    acts = [each["what"] for each in (await at.call("olga", "GET", "/admin/audit"))["entries"]]
    assert acts[:4] == ["bot_made", "bot_removed", "bot_made", "bot_changed"]


async def test_a_bot_that_is_removed_leaves_its_rooms(site: Site) -> None:
    at = await garden(site)
    other = (await at.call("ada", "POST", "/rooms", {"name": "shed"}))["id"]
    await at.call("ada", "PUT", f"/bots/{at.bot}/rooms/{other}")
    assert (await at.say("bot", "six")).status == 201
    assert (await at.call("ben", "DELETE", f"/bots/{at.bot}"))["reason"] == "no_bot"
    assert (await at.call("bot", "GET", "/me")).status == 200
    assert (await at.call("olga", "DELETE", f"/bots/{at.bot}")).status == 204
    for room, count in ((at.room, 2), (other, 1)):
        found = await at.call("ada", "GET", f"/rooms/{room}")
        assert found["members"] == count
        listed = await at.call("ada", "GET", f"/rooms/{room}/members")
        assert at.bot not in [each["person"]["id"] for each in listed["members"]]
    said = (await at.call("ben", "GET", f"/rooms/{at.room}/messages"))["messages"][-1]
    assert (said["text"], said["sender"]["name"]) == ("six", f"Dice{BOT_MARK}")


async def test_a_person_has_only_so_many_bots(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.features.bots.model.MOST_BOTS", 1)
    at = await garden(site)
    refused = await at.call("ada", "POST", "/bots", {"name": "Two", "scopes": ["read"]})
    assert (refused.status, refused["reason"]) == (429, "too_many_bots")
