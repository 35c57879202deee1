"""Bridges between a server and a matterbridge on loopback."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from chat.domain.accounts.bridges import BRIDGES, Read
from chat.features.hooks.bridges import reading
from chat.features.hooks.outgoing import open_outgoing
from chat.features.hooks.outgoing.sending import GOES_ROUND, Sender
from tests.features.hooks.bridges.matterbridge import (
    GATEWAY,
    TOKEN,
    Double,
    Matterbridge,
    installed,
    open_double,
    open_real,
)
from tests.protocols.native.site import Site, open_site

REAL = pytest.param(
    "real",
    marks=pytest.mark.skipif(
        installed() is None, reason="no matterbridge in the PATH: docs/matterbridge.md says where"
    ),
)


class At:
    """A site whose hooks run, Ada, who owns the room `garden`, and a matterbridge."""

    def __init__(self, site: Site, sender: Sender, token: str, room: int, far: Matterbridge) -> None:
        self.site, self.sender, self.token, self.room, self.far = site, sender, token, room, far
        self._keys = 0
        self.hook: Any = None

    @property
    def double(self) -> Double:
        assert isinstance(self.far, Double)
        return self.far

    async def bridge(self, **about: Any) -> Any:
        path = f"/rooms/{about.get('room') or self.room}/hooks"
        self.hook = await self.site.call("POST", path, {"name": "Bridge"}, token=self.token)
        body = {"url": self.far.url + "/", "room": self.room, "bot": self.hook["hook"]["id"]}
        body |= {"gateway": GATEWAY, "token": TOKEN, **about}
        return await self.site.call("POST", "/outgoing-hooks", body, token=self.token)

    async def say(self, *texts: str, token: str = "") -> None:
        for text in texts:
            self._keys += 1
            body = {"key": f"key-{self._keys:05}", "text": text}
            path = f"/rooms/{self.room}/messages"
            said = await self.site.call("POST", path, body, token=token or self.token)
            assert said.status == 201, said.body

    async def texts(self, count: int, room: int | None = None) -> list[str]:
        """Return the texts of the room's messages by hooks, once there are so many."""
        while True:
            page = await self.site.call("GET", f"/rooms/{room or self.room}/messages", token=self.token)
            said = [each["text"] for each in page["messages"] if each["sender"]["name"].endswith(" (hook)")]
            if len(said) >= count:
                return said
            await trio.sleep(0.01)

    async def until(self, **fields: Any) -> Any:
        while True:
            hooks = (await self.site.call("GET", "/outgoing-hooks", token=self.token))["hooks"]
            if fields.items() <= hooks[0].items():
                return hooks[0]
            await trio.sleep(0.01)


@asynccontextmanager
async def opened(kind: str = "double", path: Path | None = None, **settings: Any) -> AsyncGenerator[At]:
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(open_site(**settings))
        if kind == "real":
            assert path is not None
            far: Matterbridge = await stack.enter_async_context(open_real(path))
        else:
            far = await stack.enter_async_context(open_double())
        await site.services.settings.change(None, {"outbound_hosts": ("127.0.0.1",)})
        sender = await stack.enter_async_context(open_outgoing(site.services, 0.005))
        _, token = await site.join("ada")
        room = (await site.call("POST", "/rooms", {"name": "garden"}, token=token))["id"]
        yield At(site, sender, token, room, far)


@pytest.mark.parametrize("kind", ["double", REAL])
async def test_people_of_both_sides_read_each_other_and_nothing_comes_back(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as at:
        made = (await at.bridge())["hook"]
        assert (made["gateway"], made["url"], made["off"]) == (GATEWAY, at.far.url, None)
        assert TOKEN not in str(made)
        await at.say("hello", "/me waves")
        for n in range(3):
            await at.far.say(f"ahoy {n}")
        await at.far.say("nods", event="user_action")
        name = "ben" if kind == "double" else "ben (net)"
        found = await at.texts(4)
        assert found == [f"‹{name}› ahoy 0", f"‹{name}› ahoy 1", f"‹{name}› ahoy 2", f"‹{name}› _nods_"]
        await at.say("bye")
        said = [(each["username"], each["text"], each["event"]) for each in await at.far.said(3)]
        assert said == [("ada", "hello", ""), ("ada", "waves", "user_action"), ("ada", "bye", "")]
        await at.until(behind=0)


async def test_a_bridge_that_gets_another_gateway_reads_and_sends_there() -> None:
    async with opened() as at:
        made = (await at.bridge())["hook"]
        path = f"/outgoing-hooks/{made['id']}"
        await at.double.say("in the garden")
        await at.texts(1)
        change = {"gateway": "pond", "url": at.far.url + "/"}
        changed = await at.site.call("PATCH", path, change, token=at.token)
        assert (changed["gateway"], changed["url"]) == ("pond", at.far.url)
        await at.double.say("in the garden again")
        await at.double.say("in the pond", gateway="pond")
        await at.say("hello")
        assert (await at.double.said(1))[0]["gateway"] == "pond"
        assert await at.texts(2) == ["‹ben› in the garden", "‹ben› in the pond"]
        plain = await at.site.call(
            "POST", "/outgoing-hooks", {"url": at.far.url, "room": at.room}, token=at.token
        )
        path = f"/outgoing-hooks/{plain['hook']['id']}"
        refused = await at.site.call("PATCH", path, {"token": "t"}, token=at.token)
        assert (refused.status, refused["reason"], refused["field"]) == (400, "no_bridge", "gateway")


async def test_each_gateway_has_its_room_and_one_reader() -> None:
    async with opened() as at:
        await at.bridge()
        other = (await at.site.call("POST", "/rooms", {"name": "pond"}, token=at.token))["id"]
        await at.bridge(room=other, gateway="pond")
        await at.double.say("in the garden")
        await at.double.say("in the pond", gateway="pond")
        await at.double.say("in no room", gateway="sea")
        assert await at.texts(1, other) == ["‹ben› in the pond"]
        assert await at.texts(1) == ["‹ben› in the garden"]


async def test_what_was_read_is_posted_once_though_the_server_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as at:
        await at.bridge()
        await at.double.say("first")
        await at.texts(1)
        bridges = at.site.services.feature_ports[BRIDGES]
        # As if a server had ended after it kept two messages, and after it posted the first of them.
        (bridge,) = await bridges.to_read()
        read = [Read(bridge.id, f"key{n:021}", f"‹ben› {word}") for n, word in enumerate(("one", "two"))]
        await bridges.keep(read)
        await bridges.keep(read)
        assert await at.texts(3) == ["‹ben› first", "‹ben› one", "‹ben› two"]
        await bridges.keep(read)
        await at.double.say("last")
        assert (await at.texts(4))[3:] == ["‹ben› last"]
        assert await bridges.kept(bridge.id, 10) == []


async def test_a_matterbridge_that_is_away_is_asked_again_and_gets_all() -> None:
    async with opened() as at:
        at.double.fail = lambda _path: 502
        await at.bridge()
        await at.say("one")
        hook = await at.until(tries=1)
        assert hook["error"] == "the matterbridge answered 502"
        while True:
            hooks = (await at.site.call("GET", f"/rooms/{at.room}/hooks", token=at.token))["hooks"]
            if hooks[0]["error"]:
                break
            await trio.sleep(0.01)
        assert hooks[0]["error"] == "the matterbridge answered 502"
        await at.say("two")
        await at.double.say("ahoy")
        at.double.fail = lambda _path: 0
        at.site.pass_time(4000)
        path = f"/outgoing-hooks/{hook['id']}"
        await at.site.call("PATCH", path, {"on": True}, token=at.token)
        count = 2
        while (said := [each["text"] for each in await at.far.said(count)])[-1] != "two":
            count += 1
        assert list(dict.fromkeys(said)) == [
            "one",
            "two",
        ]  # a call under way while it is switched on is repeated
        assert await at.texts(1) == ["‹ben› ahoy"]


async def test_a_bridge_that_is_off_neither_reads_nor_sends() -> None:
    async with opened() as at:
        made = (await at.bridge())["hook"]
        await at.double.say("one")
        await at.texts(1)
        path = f"/outgoing-hooks/{made['id']}"
        await at.site.call("PATCH", path, {"on": False}, token=at.token)
        await at.say("kept")
        assert await at.site.services.feature_ports[BRIDGES].to_read() == []
        await at.site.call("PATCH", path, {"on": True}, token=at.token)
        assert [each["text"] for each in await at.far.said(1)] == ["kept"]


async def test_messages_that_come_back_through_an_account_end_the_bridge() -> None:
    async with opened() as at:
        await at.bridge()
        person, relay = await at.site.join("relay")
        await at.site.call("PUT", f"/rooms/{at.room}/members/{person.id}", {}, token=at.token)
        await at.say("hello")
        for n in range(1, 4):
            said = (await at.far.said(n))[n - 1]
            await at.say(f"<{said['username']}> {said['text']}", token=relay)
        hook = await at.until(off="failing")
        assert hook["error"] == GOES_ROUND
        assert len(at.double.posted) == 3


async def test_a_bridge_needs_a_hook_of_its_room() -> None:
    async with opened() as at:
        body = {"url": at.far.url, "room": at.room, "gateway": GATEWAY, "token": TOKEN}
        for wrong, status in (
            ({}, 404),
            ({"room": None}, 404),
            ({"token": "a b"}, 400),
            ({"gateway": "a b"}, 400),
        ):
            refused = await at.site.call(
                "POST", "/outgoing-hooks", {**body, **wrong}, token=at.token, valid=False
            )
            assert (refused.status, status) == (status, status), wrong
        assert await at.site.services.feature_ports[BRIDGES].to_read() == []


async def test_a_backlog_is_left_to_the_matterbridge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_KEPT", 2)
    async with opened() as at:
        for n in range(7):
            await at.double.say(str(n))
        await at.bridge()
        assert await at.texts(7) == [f"‹ben› {n}" for n in range(7)]
