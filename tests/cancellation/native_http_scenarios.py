"""Rooms, messages and support conversations of the native protocol over HTTP, cut off wherever a call can wait."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from trio_cancel_sweep import Run

from chat.domain.accounts.invites import invite_digest
from chat.domain.entities import Draft, Peer, Person, SupportOf, Visit
from chat.domain.ports import NewPerson
from chat.domain.rooms.membership import RoomRole
from chat.storage.file_store import open_file_store
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.swept_world import fill, texts_saved
from tests.support.chat_world import World

_THUMB = "%F0%9F%91%8D"


async def ends(wire: Wire, path: str, token: str, method: str = "DELETE") -> None:
    """Make a call whose answer has no body."""
    head = f"{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\n\r\n"
    await wire.send(head.encode())
    await wire.until(b"HTTP/1.1 ")


async def http_native_messages(run: Run) -> None:
    """Say something twice, read it, change it, react to it and delete it: what was answered is saved, once."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        garden, token = (await world.make_room(ada)).id, world.token(ada)
        room = f"/api/v1/rooms/{garden}"
        said = f"{room}/messages"
        answered = [
            await wire.asks("POST", said, {"key": "k", "text": "hello"}, token),
            await wire.asks("POST", said, {"key": "k", "text": "hello"}, token),
        ]
        await wire.asks("POST", said, {"key": "k-2", "text": "again"}, token)
        await wire.asks("GET", f"{said}?around=2", None, token)  # one message is as much as a page has
        await wire.asks("PUT", f"{room}/read", {"seq": 1}, token)
        await wire.asks("PATCH", f"{said}/1", {"text": "hello!"}, token)
        for method in ("PUT", "DELETE"):
            await wire.asks(method, f"{said}/1/reactions/{_THUMB}", None, token)
        saved = texts_saved(world, garden)
        assert saved in ([], ["hello"], *([text, "again"] for text in ("hello", "hello!")))
        assert saved or not any(isinstance(got, dict) and "seq" in got for got in answered)
        await wire.asks("GET", f"{said}/1/edits", None, token)
        await wire.asks("GET", "/api/v1/mentions", None, token)
        await wire.asks("GET", f"/api/v1/search?q=hello&room={garden}", None, token)
        await wire.asks("DELETE", f"{said}/1", None, token)
        await wire.asks("GET", f"{said}/1/edits", None, token)  # looks whether there is such a message
        await wire.asks("PATCH", room, {"archived": True}, token)
        got = await wire.asks("POST", said, {"key": "k-2", "text": "again"}, token)
        await wire.asks("POST", "/api/v1/rooms/99/messages", {"key": "k-2", "text": "again"}, token)
        await wire.stream.aclose()
        assert run.fired or (texts_saved(world, garden), got["seq"]) == (["", "again"], 2)

    with pytest.MonkeyPatch.context() as shorter:
        shorter.setattr("chat.domain.rooms.room_history.ANSWER_BYTES", 1)
        await one_connection(run, speak, config())


async def http_native_rooms(run: Run) -> None:
    """Make a room, let somebody join, list all there is to list, remove them and delete the room."""

    async def speak(wire: Wire, world: World) -> None:
        ada, cem = await world.add("ada"), await world.add("cem")
        token, cems = world.token(ada), world.token(cem)
        made: Any = await wire.asks("POST", "/api/v1/rooms", {"name": "garden"}, token)
        if not isinstance(made, dict) or "id" not in made:
            return  # cancelled, or refused by what stands in the way
        room = f"/rooms/{made['id']}"
        for method, path, body, caller in (
            ("GET", "/rooms/public?q=gard", None, cems),
            ("PUT", f"{room}/members/{cem.id}", {}, cems),
            ("PUT", f"{room}/members/{cem.id}", {}, token),
            ("GET", f"{room}/members", None, cems),
            ("GET", "/rooms", None, cems),
            ("GET", room, None, cems),
            ("PATCH", f"{room}/mine", {"hidden": True}, cems),
            ("PUT", f"/direct/{cem.id}", None, token),
        ):
            got = await wire.asks(method, f"/api/v1{path}", body, caller)
            assert run.fired or (isinstance(got, dict) and "error" not in got), msgspec.json.encode(got)
        await ends(wire, f"{room}/members/{cem.id}", token)
        assert run.fired or cem.id not in await world.members(made["id"])
        await ends(wire, room, token)
        await wire.stream.aclose()
        assert run.fired or await world.storage.rooms.by_id(made["id"]) is None

    await one_connection(run, speak, config())


async def http_native_listed_rooms(run: Run) -> None:
    """List all rooms as an admin, and rename, archive and delete one: it is whole, and what was done is recorded."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        olga = await world.storage.users.add(NewPerson(name="olga", password_hash=b"x", is_admin=True))
        assert isinstance(olga, Person)
        garden, token = (await world.make_room(ada, is_private=True)).id, world.token(olga)
        path = f"/admin/rooms/{garden}"
        await wire.asks("GET", "/api/v1/admin/rooms?q=gard", None, token)
        got = await wire.asks("PATCH", f"/api/v1{path}", {"name": "yard", "archived": True}, token)
        kept = world.storage.rooms.look_up(garden)
        assert kept is not None
        assert (kept.name == "yard") == kept.is_archived
        assert kept.is_archived or not (isinstance(got, dict) and "id" in got)
        await ends(wire, path, token)
        await wire.stream.aclose()
        gone = world.storage.rooms.look_up(garden) is None
        assert gone or run.fired
        acts = [each.what for each in await world.storage.audit.acts(None, 9) if each.room_id == garden]
        assert acts[::-1] == [
            *["room_renamed", "room_archived"][: 2 * kept.is_archived],
            *["room_deleted"][:gone],
        ]

    await one_connection(run, speak, config())


async def http_native_people_of_admins(run: Run) -> None:
    """Add somebody, who sets another password by a link, and block a visitor: what was answered holds."""

    async def speak(wire: Wire, world: World) -> None:
        users = world.storage.users
        admin = NewPerson(name="olga", password_hash=b"x", is_admin=True, is_operator=True)
        olga = await users.add(admin)
        mona = await users.add(NewPerson(name="visitor-1", password_hash=b"", visit=Visit()))
        assert isinstance(olga, Person)
        assert isinstance(mona, Person)
        token = world.token(olga)
        walter = {"name": "walter", "password": "secret word"}
        added: Any = await wire.asks("POST", "/api/v1/admin/people", walter, token)
        known = await users.by_name("walter")
        assert known is not None or not (isinstance(added, dict) and "id" in added)
        if known is not None:
            made: Any = await wire.asks("POST", f"/api/v1/admin/people/{known.person.id}/reset", None, token)
            if isinstance(made, dict) and "code" in made:
                reset = {"code": made["code"], "password": "another word"}
                await wire.asks("POST", "/api/v1/auth/reset", reset)
            await wire.asks("POST", "/api/v1/auth/login", {**walter, "login": "walter"})
        room = await world.storage.rooms.support_room(mona.id)
        assert room is not None
        asked = {"key": "k-1", "text": "help"}
        await wire.asks("POST", f"/api/v1/rooms/{room.id}/messages", asked, world.token(mona))
        path = f"/api/v1/support/{room.id}"
        got: Any = await wire.asks("PATCH", path, {"blocked": True}, token)
        now = users.look_up(mona.id)
        assert now is not None
        assert now.is_disabled or not (isinstance(got, dict) and "support" in got)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def http_native_roles(run: Run) -> None:
    """Change a room, give roles, ban and list who is banned: what was answered holds, and there is an owner."""

    async def speak(wire: Wire, world: World) -> None:
        ada, dan, cem = await world.add_all("ada", "dan", "cem")
        garden, token = (await world.make_room(ada)).id, world.token(ada)
        room = f"/rooms/{garden}"
        changed: list[bool] = []
        for method, path, body, caller in (
            ("PATCH", room, {"topic": "roses"}, token),
            ("PUT", f"{room}/members/{dan.id}", {"role": "moderator"}, token),
            ("PUT", f"{room}/members/{ada.id}", {"role": "owner"}, token),
            ("PUT", f"{room}/members/{cem.id}", {"role": "banned"}, token),
            ("GET", f"{room}/members?role=banned", None, token),
            ("PUT", f"{room}/members/{cem.id}", {"role": "member"}, token),
            ("PUT", f"{room}/members/{cem.id}", {"role": "banned"}, token),
            ("PUT", f"{room}/members/{dan.id}", {"role": "member"}, world.token(dan)),
        ):
            got = await wire.asks(method, f"/api/v1{path}", body, caller)
            changed.append(isinstance(got, dict) and "error" not in got)
            assert run.fired or changed[-1], msgspec.json.encode(got)
        await ends(wire, f"{room}/members/{cem.id}", token)
        await wire.stream.aclose()
        kept = world.storage.rooms
        known = kept.look_up(garden)
        assert known is not None
        assert known.topic == "roses" or not changed[0]
        assert kept.owners(garden) == 1
        assert run.fired or kept.role_of(garden, cem.id) is None

    await one_connection(run, speak, config())


async def http_native_invites(run: Run) -> None:
    """Make invites, look at one, accept it, register with another and withdraw them: no use is lost or used twice."""

    async def speak(wire: Wire, world: World) -> None:
        ada, dan = await world.add_all("ada", "dan")
        olga = await world.storage.users.add(NewPerson(name="olga", password_hash=b"x", is_admin=True))
        assert isinstance(olga, Person)
        garden, token = (await world.make_room(ada, is_private=True)).id, world.token(ada)
        wanted = {"room": garden, "uses": 2}
        made: Any = [await wire.asks("POST", "/api/v1/invites", wanted, token) for _ in range(2)]
        if not all(isinstance(each, dict) and "code" in each for each in made):
            return  # cancelled, or refused by what stands in the way
        path = f"/api/v1/invites/{made[0]['code']}"
        await wire.asks("GET", path)
        await wire.asks("POST", path, None, world.token(dan))
        nora = {"name": "nora", "password": "secret word", "invite": made[0]["code"]}
        await wire.asks("POST", "/api/v1/auth/register", nora)
        world.storage.rooms.set_role(garden, dan.id, RoomRole.MODERATOR)
        await ends(wire, f"/invites/{made[1]['code']}", world.token(dan))
        for issued, caller in (
            ("/me/invites", token),
            (f"/rooms/{garden}/invites", token),
            ("/admin/invites", world.token(olga)),
        ):
            another: Any = await wire.asks("POST", "/api/v1/invites", {"room": garden}, token)
            listed: Any = await wire.asks("GET", f"/api/v1{issued}", None, caller)
            if isinstance(another, dict) and "code" in another:
                digest = invite_digest(another["code"])
                got = isinstance(listed, dict) and "invites" in listed
                assert not got or digest.hex() in [each["id"] for each in listed["invites"]]
                await ends(wire, f"{issued}/{digest.hex()}", caller)
                withdrawn = await world.storage.users.find_invite(digest)
                assert withdrawn is not None
                assert run.fired or withdrawn.is_over
        await wire.stream.aclose()
        inside = await world.members(garden)
        left = [await world.storage.users.find_invite(invite_digest(each["code"])) for each in made]
        assert left[0] is not None
        assert left[1] is not None
        assert left[0].uses_left == 3 - len(inside)
        assert left[1].uses_left in (0, 2)
        assert run.fired or (len(inside), left[1].uses_left) == (3, 0)

    await one_connection(run, speak, config())


async def http_native_visitors(run: Run) -> None:
    """Become a visitor of the support desk: an answered request has an account and a session."""

    async def speak(wire: Wire, world: World) -> None:
        settings = {
            "widget_origins": ("https://shop.example",),
            "when_away": "hide",
            "away_without_operators": "on",
        }
        await world.services.settings.change(None, settings)
        await wire.send(b"GET /widget.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await wire.until(b"})();\n})();\n", b"HTTP/1.1 5")
        wanted = {"name": "Anna", "email": "anna@example.com", "page": "https://shop.example/"}
        await wire.asks("GET", "/api/v1/support/desk")
        await wire.asks("POST", "/api/v1/support/visitors", {"page": "no page"})
        got: Any = await wire.asks("POST", "/api/v1/support/visitors", wanted)
        added = [each for each in world.storage.users.there() if each.is_visitor]
        assert len(added) <= 1
        if not isinstance(got, dict) or "access" not in got:
            return  # cancelled, or refused by what stands in the way
        assert (got["me"]["id"], "refresh" in got) == (added[0].id, True)
        await wire.asks("PUT", "/api/v1/support", None, got["access"])
        await wire.stream.aclose()
        assert run.fired or (await world.storage.timelines.rooms_of([added[0].id]))[added[0].id]

    await one_connection(run, speak, config())


async def http_native_support(run: Run) -> None:
    """Ask for help, be found in the queue, be claimed and closed: what was answered is so, whole."""

    async def speak(wire: Wire, world: World) -> None:
        ada, olga = await world.add("ada"), await world.add("olga", operator=True)
        token, olgas = world.token(ada), world.token(olga)
        own: Any = await wire.asks("PUT", "/api/v1/support", None, token)
        if not isinstance(own, dict) or "id" not in own:
            return  # cancelled, or refused by what stands in the way
        room, people = own["id"], SupportOf(Peer(ada.id, "ada"))
        await fill(world, [Draft(room, ada.id, "ada", "help", 1.0, people=people)])
        queue = await wire.asks("GET", "/api/v1/support?state=open", None, olgas)
        counts = await wire.asks("GET", "/api/v1/support/counts", None, olgas)
        change = {"assignee": olga.id, "was": None, "state": "closed"}
        got = await wire.asks("PATCH", f"/api/v1/support/{room}", change, olgas)
        led = await wire.asks("GET", f"/api/v1/support/{room}/changes", None, olgas)
        await wire.stream.aclose()
        kept = world.storage.rooms.support_kept(room)
        assert (kept.is_closed, kept.assignee_id) in ((False, None), (True, olga.id))
        assert kept.is_closed or not (isinstance(got, dict) and "support" in got)
        assert run.fired or ([each["id"] for each in queue["rooms"]] == [room] and kept.is_closed)
        assert run.fired or (counts["open"] == 1 and [each["state"] for each in led["changes"]] == ["closed"])

    await one_connection(run, speak, config())


async def http_native_people(run: Run) -> None:
    """Find people, block and unblock one: once the block is answered, messages are refused."""

    async def speak(wire: Wire, world: World) -> None:
        ada, cem = await world.add("ada"), await world.add("cem")
        token, cems = world.token(ada), world.token(cem)
        room = await world.storage.rooms.direct_room(ada.id, cem.id)
        assert room is not None
        for path in ("/people?q=a", f"/people/{cem.id}", "/me/blocks"):
            got = await wire.asks("GET", f"/api/v1{path}", None, token)
            assert run.fired or (isinstance(got, dict) and "error" not in got), msgspec.json.encode(got)
        await ends(wire, f"/me/blocks/{cem.id}", token, "PUT")
        said: Any = await wire.asks(
            "POST", f"/api/v1/rooms/{room.id}/messages", {"key": "k", "text": "x"}, cems
        )
        assert run.fired or said["code"] == "forbidden"
        await ends(wire, f"/me/blocks/{cem.id}", token)
        await wire.stream.aclose()
        assert run.fired or not world.storage.users.blocks
        assert not world.services.blocks._reads._under_way

    await one_connection(run, speak, config())


async def http_native_files(run: Run) -> None:
    """Upload a file, say it and have it: where a row is there are bytes, and of what is cut off nothing is left."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        garden, token = (await world.make_room(ada)).id, world.token(ada)
        room = f"/api/v1/rooms/{garden}"
        file: Any = await wire.asks("POST", f"{room}/files?name=rose", {"roses": "x" * 40_000}, token)
        file_id = file["id"] if isinstance(file, dict) and "id" in file else 1
        said = {"key": "k", "text": "", "files": [file_id]}
        await wire.asks("POST", f"{room}/messages", said, token)
        await wire.asks("PATCH", f"{room}/messages/1", {"text": "look"}, token)
        got: Any = await wire.asks("GET", f"/api/v1/files/{file_id}", None, token)
        assert run.fired or got == {"roses": "x" * 40_000}
        listed: Any = await wire.asks("GET", f"{room}/files", None, token)
        assert run.fired or [each["seq"] for each in listed["messages"]] == [1]
        await wire.stream.aclose()

    with TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as smaller:
        smaller.setattr("chat.gateway.http1.body_flow._MOST_UNREAD", 1000)
        smaller.setattr("chat.storage.file_store._GATHERED", 2000)
        store = await open_file_store(Path(directory), "mark")
        await one_connection(run, speak, config(), file_store=store)
        assert os.listdir(f"{directory}/incoming") == []


async def http_native_tools(run: Run) -> None:
    """Send a message by a tool, with the protocol's handshake and without: it is saved once, if it was answered."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        garden, token = (await world.make_room(ada)).id, world.token(ada)
        asked = {"name": "send_message", "arguments": {"room": garden, "text": "hello", "key": "k"}}
        body = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": asked})
        head = (
            f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\r\n"
        )
        for _ in range(2):
            await wire.send(head.encode() + body)
            await wire.until(b'"isError":false')
        await wire.stream.aclose()
        assert texts_saved(world, garden) in ([], ["hello"])
        assert run.fired or texts_saved(world, garden) == ["hello"]

    await one_connection(run, speak, config())


ALL = (
    http_native_files,
    http_native_tools,
    http_native_messages,
    http_native_rooms,
    http_native_listed_rooms,
    http_native_people_of_admins,
    http_native_roles,
    http_native_invites,
    http_native_visitors,
    http_native_support,
    http_native_people,
)
