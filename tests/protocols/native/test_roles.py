"""Roles, bans and changes of rooms over HTTP, and how sockets of all protocols feel them."""

from typing import Any

from chat.domain.entities import LOBBY_ID
from chat.protocols.rooms.codec import ROOMS
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site

OK = 200
FORBIDDEN = (403, "forbidden", None)
NOT_FOUND = (404, "not_found", None)


class Garden:
    """A room and its people, by name; each with an id and a token."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.ids: dict[str, int] = {}
        self.tokens: dict[str, str] = {}
        self.room = 0

    async def call(self, who: str, method: str, path: str = "", body: Any = None, **about: Any) -> Answer:
        """Make a call about the room; names in the path become ids."""
        for name, id_ in self.ids.items():
            path = path.replace(f"/{name}", f"/{id_}")
        return await self.site.call(
            method, f"/rooms/{self.room}{path}", body, token=self.tokens[who], **about
        )

    async def put(self, who: str, whom: str, **body: Any) -> Any:
        return _outcome(await self.call(who, "PUT", f"/members/{whom}", body))

    async def patch(self, who: str, **body: Any) -> Any:
        return _outcome(await self.call(who, "PATCH", body=body))

    async def roles(self) -> dict[str, str]:
        answer = await self.call("ada", "GET", "/members")
        return {each["person"]["name"]: each.get("role", "member") for each in answer["members"]}

    async def replica(self, who: str) -> Replica:
        person = await self.site.storage.users.by_id(self.ids[who])
        assert person is not None
        replica = Replica(self.site.world, person)
        await replica.connect()
        return replica


def _outcome(answer: Answer) -> Any:
    return answer.status if answer.status < 400 else answer.refused


async def garden_of(site: Site, *, private: bool = False) -> Garden:
    """Ada owns it, mo moderates it, ben is in it, cem is not, and root is an admin who is in it."""
    garden = Garden(site)
    for name in ("ada", "mo", "ben", "cem", "root"):
        person, garden.tokens[name] = await site.join(name, admin=name == "root")
        garden.ids[name] = person.id
    made = await site.call(
        "POST", "/rooms", {"name": "garden", "private": private}, token=garden.tokens["ada"]
    )
    garden.room = made["id"]
    for name, role in (("mo", "moderator"), ("ben", "member"), ("root", "member")):
        assert await garden.put("ada", name, role=role) == OK
    return garden


async def test_role_changes_are_published_in_the_room(site: Site) -> None:
    garden = await garden_of(site)
    replicas = {name: await garden.replica(name) for name in ("ada", "ben")}
    for who, whom, role, expected in (
        ("ben", "mo", "banned", FORBIDDEN),
        ("ben", "ben", "owner", (403, "forbidden", "role")),
        ("ada", "ada", "moderator", (409, "conflict", None)),
        ("mo", "ben", "moderator", FORBIDDEN),
        ("cem", "cem", "owner", FORBIDDEN),
        ("ada", "ben", "owner", OK),
        ("ada", "ben", "owner", OK),
        ("ada", "ada", "member", OK),
        ("ada", "ben", "member", FORBIDDEN),
        ("ben", "nobody", "member", NOT_FOUND),
        ("ben", "cem", "moderator", OK),
    ):
        garden.ids["nobody"] = 99
        assert await garden.put(who, whom, role=role) == expected, (who, whom, role)
    roles = {"ada": "member", "mo": "moderator", "ben": "owner", "cem": "moderator", "root": "member"}
    assert await garden.roles() == roles
    assert await garden.put("mo", "ben") == OK, "who is in keeps the role"
    assert await garden.put("ben", "ben") == OK
    assert await garden.roles() == roles
    ada, ben, cem = (garden.ids[name] for name in ("ada", "ben", "cem"))
    for name, replica in replicas.items():
        got = [each for each in await replica.receives() if each["type"] in ("member", "message")]
        assert [(each.get("person"), each.get("role")) for each in got] == [
            (ben, "owner"),
            (ada, "member"),
            (None, None),
            (cem, "moderator"),
        ], name
        assert got[2]["kind"] == "join"
        assert replica.rooms[garden.room]["role"] == roles[name]
        assert replica.rooms[garden.room]["members"] == len(roles)
        replica.drop()
        del replica.rooms[garden.room]
        await replica.connect()
        assert replica.rooms[garden.room]["role"] == roles[name]
        assert replica.rooms[garden.room]["members"] == len(roles)


async def test_a_ban_applies_to_every_protocol_until_it_is_lifted(
    site: Site,
) -> None:
    garden = await garden_of(site)
    ben = await site.storage.users.by_id(garden.ids["ben"])
    assert ben is not None
    own, ada = await garden.replica("ben"), await garden.replica("ada")
    old = await site.world.connect(ROOMS, ben)
    old.send({"Type": "enter", "RoomID": garden.room})
    await old.receives()
    assert await garden.put("mo", "ben", role="banned") == OK
    out, gone = await own.receives()
    assert (out["type"], out["role"]) == ("member", "banned")
    assert gone == {"type": "gone", "room": garden.room, "reason": "removed"}
    (banned,) = await ada.receives()
    assert (banned["type"], banned["person"], banned["role"], banned["by"]) == (
        "member",
        ben.id,
        "banned",
        garden.ids["mo"],
    )
    assert ada.rooms[garden.room]["members"] == 3
    assert await old.asks({"Type": "message", "Text": "hi"}) == {"Type": "error", "Error": "not in room"}
    client = site.app.test_client(use_cookies=False)
    joined = await client.put(
        "/join", json={"RoomID": garden.room}, headers={"Authorization": garden.tokens["ben"]}
    )
    assert (joined.status_code, await joined.get_json()) == (403, {"error": "you are banned from this room"})
    assert await garden.put("ben", "ben") == FORBIDDEN
    assert await garden.put("mo", "ben") == FORBIDDEN
    assert await garden.put("mo", "cem", role="banned") == OK, "who was no member is kept out"
    assert await ada.receives() == []
    listed = await garden.call("mo", "GET", "/members?role=banned")
    assert [(each["person"]["name"], each["role"]) for each in listed["members"]] == [
        ("ben", "banned"),
        ("cem", "banned"),
    ]
    assert (await garden.call("root", "GET", "/members?role=banned&limit=1"))["next"] == ben.id
    garden.tokens["eve"] = (await site.join("eve"))[1]
    assert (await garden.call("eve", "PUT", f"/members/{site.storage.users.there()[-1].id}", {})).status == OK
    assert (await garden.call("eve", "GET", "/members?role=banned")).refused == FORBIDDEN
    assert (await garden.call("eve", "DELETE", "/members/ben")).refused == FORBIDDEN
    lobby = await site.call("GET", f"/rooms/{LOBBY_ID}/members?role=banned", token=garden.tokens["ada"])
    assert lobby.refused == NOT_FOUND
    assert (await garden.call("mo", "DELETE", "/members/cem")).status == 204
    assert (await garden.call("mo", "DELETE", "/members/cem")).refused == NOT_FOUND
    assert await garden.put("cem", "cem") == OK
    assert await garden.put("mo", "ben", role="member") == OK
    assert await garden.roles() == {
        "ada": "owner",
        "mo": "moderator",
        "ben": "member",
        "cem": "member",
        "root": "member",
        "eve": "member",
    }
    assert [each["type"] for each in await own.receives()] == ["room"]


async def test_a_changed_room_is_published_to_its_members(site: Site) -> None:
    garden = await garden_of(site)
    ben, missing = await garden.replica("ben"), await garden.replica("root")
    missing.drop()
    await site.call("POST", "/rooms", {"name": "cellar"}, token=garden.tokens["ada"])
    for who, about, expected in (
        ("ben", {"topic": "roses"}, FORBIDDEN),
        ("cem", {"topic": "roses"}, FORBIDDEN),
        ("mo", {"name": "orchard"}, FORBIDDEN),
        ("mo", {"topic": "roses", "archived": True}, FORBIDDEN),
        ("root", {"name": "orchard"}, FORBIDDEN),
        ("root", {"private": True}, FORBIDDEN),
        ("ada", {"name": "Cellar"}, (409, "taken", "name")),
        ("ada", {"name": "a  b", "topic": "x"}, (400, "invalid", "name")),
        ("ada", {"topic": "\0"}, (400, "invalid", "topic")),
        ("mo", {"topic": " roses "}, OK),
        ("root", {"topic": "tulips"}, OK),
        ("ada", {"topic": "tulips"}, OK),
        ("ada", {}, OK),
        ("ada", {"name": "Orchard", "private": True}, OK),
        ("root", {"topic": "nothing"}, FORBIDDEN),
        ("root", {"archived": True}, FORBIDDEN),
        ("ada", {"private": False}, OK),
        ("root", {"archived": True}, OK),
    ):
        assert await garden.patch(who, **about) == expected, (who, about)
    lobby = await site.call("PATCH", f"/rooms/{LOBBY_ID}", {"topic": "x"}, token=garden.tokens["root"])
    assert lobby.refused == NOT_FOUND
    got = [each for each in await ben.receives() if each["type"] == "changed"]
    assert [(each["name"], each.get("topic"), each.get("private", False)) for each in got] == [
        ("garden", "roses", False),
        ("garden", "tulips", False),
        ("Orchard", "tulips", True),
        ("Orchard", "tulips", False),
        ("Orchard", "tulips", False),
    ]
    now = {"name": "Orchard", "topic": "tulips", "private": False, "archived": True}
    seen = (await garden.call("ben", "GET")).body
    assert {**now, **seen} == {**seen, **now}
    await missing.connect()
    for replica in (ben, missing):
        assert {name: replica.rooms[garden.room][name] for name in now} == now
        assert replica.rooms[garden.room]["pos"] == seen["pos"]
    assert missing.resets == []
    client = site.app.test_client(use_cookies=False)
    known = await client.get(f"/room/{garden.room}", headers={"Authorization": garden.tokens["ben"]})
    assert (await known.get_json())["Name"] == "Orchard"


async def test_in_an_archived_room_nobody_writes_in_any_protocol(site: Site) -> None:
    garden = await garden_of(site)
    ben = await garden.replica("ben")
    person = await site.storage.users.by_id(garden.ids["ben"])
    old = await site.world.connect(ROOMS, person)
    old.send({"Type": "enter", "RoomID": garden.room})
    await old.receives()
    said = await ben.say(garden.room, "before")
    assert await garden.patch("ada", archived=True) == OK
    await ben.receives()
    await old.receives()
    refused = await ben.say(garden.room, "after")
    assert (refused["type"], refused["code"]) == ("error", "forbidden")
    assert (await ben.say(garden.room, "before"))["seq"] == said["seq"], "it was said before"
    assert await old.asks({"Type": "message", "Text": "hi"}) == {
        "Type": "error",
        "Error": "the room is archived",
    }
    path = f"/messages/{said['seq']}"
    for method, rest, body in (
        ("POST", "/messages", {"key": "k", "text": "hi"}),
        ("PATCH", path, {"text": "hi"}),
        ("PUT", f"{path}/reactions/%F0%9F%91%8D", None),
    ):
        assert (await garden.call("ben", method, rest, body)).refused == FORBIDDEN, method
    assert await garden.put("cem", "cem") == FORBIDDEN
    history = await garden.call("ben", "GET", "/messages")
    assert history["messages"][-1]["text"] == "before"
    assert (await garden.call("mo", "DELETE", path)).status == OK
    assert (await garden.call("ben", "DELETE", "/members/ben")).status == 204
    assert await garden.patch("ada", archived=False) == OK
    assert await garden.put("cem", "cem") == OK


async def test_a_message_saved_before_a_removal_is_answered_to_its_resend(
    site: Site,
) -> None:
    garden = await garden_of(site, private=True)
    ben = await garden.replica("ben")
    message = {"key": "k", "text": "before", "reply": 1}
    first = await ben.asks("send", room=garden.room, **message)
    said = await garden.call("ben", "POST", "/messages", {"key": "l", "text": "over HTTP"})
    ben.drop()  # the answers are lost
    assert (await garden.call("mo", "DELETE", f"/messages/{said['seq']}")).status == OK
    other = {"key": "k", "text": "another text"}
    new = {"key": "new", "text": "after"}
    for change in ({"archived": True}, None):
        if change is None:
            assert (await garden.call("mo", "DELETE", "/members/ben")).status == 204
        else:
            assert await garden.patch("ada", **change) == OK
        refused = FORBIDDEN if change else NOT_FOUND
        await ben.connect(sync=False)
        again = await ben.asks("send", room=garden.room, **message)
        assert again == first | {"id": again["id"], "again": True}
        for body, code in ((other, "conflict"), (new, refused[1])):
            answer = await ben.asks("send", room=garden.room, **body)
            assert (answer["type"], answer["code"]) == ("error", code)
            answer = await garden.call("ben", "POST", "/messages", body)
            assert answer.refused == ((409, "conflict", None) if code == "conflict" else refused)
        ben.drop()
        answer = await garden.call("ben", "POST", "/messages", message)
        assert (answer.status, answer["seq"], answer["pos"], answer["text"], answer["reply"]) == (
            OK,
            first["seq"],
            first["pos"],
            "before",
            1,
        )
        answer = await garden.call("ben", "POST", "/messages", {"key": "l", "text": "over HTTP"})
        assert (answer.status, answer["seq"]) == (OK, said["seq"])
        assert ("deleted" in answer.body) == (change is not None), "what became of it is told to those inside"
    cem = await garden.replica("cem")
    refused_ = await cem.asks("send", room=garden.room, **message)
    assert refused_["code"] == "not_found", "keys are each person's own"
    assert len(site.world.said(garden.room)) == 5  # those who joined, and two


async def test_a_new_room_is_sent_to_its_makers_sockets_at_once(site: Site) -> None:
    garden = await garden_of(site)
    own, other = await garden.replica("cem"), await garden.replica("ben")
    made = await site.call("POST", "/rooms", {"name": "cellar"}, token=garden.tokens["cem"])
    client = site.app.test_client(use_cookies=False)
    headers = {"Authorization": garden.tokens["cem"]}
    older = await client.post("/create-room", json={"Name": "attic"}, headers=headers)
    assert [each["id"] for each in await own.receives()] == [made["id"], (await older.get_json())["RoomID"]]
    assert await other.receives() == []
    await own.say(made["id"], "hello")
    assert (own.rooms[made["id"]]["pos"], own.texts(made["id"])) == (1, ["hello"])
