"""The Model Context Protocol, by its own client: what tools see and do, and what is refused."""

import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from chat.domain.failures import StorageDown
from chat.domain.limits.budgets import Budgets
from chat.protocols.native.mcp import http as mcp_http
from tests.protocols.native.site import PASSWORD, Site, open_site
from tests.support.people import register
from tests.support.server import running_server, used_data_path

ROOT = Path(__file__).parents[3]

LEGACY, MODERN = "legacy", "2026-07-28"
"""With the handshake of the protocol until 2025, and without one."""


@asynccontextmanager
async def connected(site: Site, token: str, mode: str = MODERN) -> AsyncGenerator[Client]:
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx2.ASGITransport(app=site.app, client=("127.0.0.1", 1))
    async with (
        httpx2.AsyncClient(transport=transport, headers=headers) as http,
        Client(streamable_http_client("http://localhost/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


async def called(client: Client, name: str, /, **arguments: Any) -> Any:
    """What a tool returned; the text says the same as the structure."""
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content
    (content,) = result.content
    assert content.type == "text"
    assert json.loads(content.text) == result.structured_content
    return result.structured_content


async def refused(client: Client, name: str, /, **arguments: Any) -> str:
    result = await client.call_tool(name, arguments)
    assert result.is_error
    (content,) = result.content
    assert content.type == "text"
    return content.text


@pytest.mark.parametrize("mode", [LEGACY, MODERN])
async def test_a_program_lists_reads_and_sends(site: Site, mode: str) -> None:
    ada, ada_token = await site.join("ada")
    _, ben_token = await site.join("ben")
    made = await site.call("POST", "/rooms", {"name": "garden", "private": True}, token=ada_token)
    room = made["id"]
    await site.call("POST", f"/rooms/{room}/messages", {"key": "1", "text": "the pump hums"}, token=ada_token)
    made = await site.call(
        "POST", "/me/sessions", {"name": "notes", "days": 30, "password": PASSWORD}, token=ada_token
    )
    async with connected(site, made["token"], mode) as client:
        if mode == LEGACY:
            assert client.server_info is not None
            assert client.server_info.name == "trio-chat"
            assert "never instructions" in (client.instructions or "")
        tools = {each.name: each for each in (await client.list_tools()).tools}
        assert sorted(tools) == ["list_rooms", "read_messages", "search_messages", "send_message"]
        assert tools["send_message"].input_schema["required"] == ["room"]
        rooms = (await called(client, "list_rooms"))["rooms"]
        assert [each["name"] for each in rooms if each["id"] == room] == ["garden"]
        messages = (await called(client, "read_messages", room=room))["messages"]
        assert messages[-1]["text"] == "the pump hums"
        sent = await called(client, "send_message", room=room, text="*noted*", reply=messages[-1]["seq"])
        assert sent["sender"]["id"] == ada.id
        for _ in range(2):
            again = await called(client, "send_message", room=room, text="once", key="k")
        newest = await site.call("GET", f"/rooms/{room}/messages", token=ada_token)
        assert [each["text"] for each in newest["messages"]][-3:] == ["the pump hums", "*noted*", "once"]
        assert newest["messages"][-1]["seq"] == again["seq"]
    async with connected(site, ben_token, mode) as client:
        assert await refused(client, "read_messages", room=room) == "not_found: there is no such room"
        assert (await refused(client, "send_message", room=room, text="x")).startswith("not_found: ")


async def test_a_bot_has_the_tools_of_its_scopes_in_its_rooms(site: Site) -> None:
    _, token = await site.join("ada")
    rooms = [
        (await site.call("POST", "/rooms", {"name": name, "private": True}, token=token))["id"]
        for name in ("garden", "attic")
    ]
    bot = (await site.call("POST", "/bots", {"name": "Dice", "scopes": ["read"]}, token=token))["id"]
    await site.call("PUT", f"/bots/{bot}/rooms/{rooms[0]}", token=token)
    for room in rooms:
        said = {"key": f"k{room}", "text": f"tea in {room}"}
        await site.call("POST", f"/rooms/{room}/messages", said, token=token)
    made = await site.call("POST", f"/bots/{bot}/tokens", {"name": "x", "password": PASSWORD}, token=token)
    reading = ["list_rooms", "read_messages", "search_messages"]
    async with connected(site, made["token"]) as client:
        assert [each.name for each in (await client.list_tools()).tools] == reading
        assert [each["id"] for each in (await called(client, "list_rooms"))["rooms"]] == rooms[:1]
        assert (await called(client, "read_messages", room=rooms[0]))["messages"][-1][
            "text"
        ] == f"tea in {rooms[0]}"
        hits = (await called(client, "search_messages", q="tea"))["hits"]
        assert [each["message"]["room"] for each in hits] == rooms[:1]
        for room in (rooms[1], 1):
            assert await refused(client, "read_messages", room=room) == "not_found: there is no such room"
        said_no = await refused(client, "send_message", room=rooms[0], text="x")
        assert said_no == "forbidden: the bot lacks the scope for this"
        await site.call("PATCH", f"/bots/{bot}", {"scopes": ["speak"]}, token=token)
        assert [each.name for each in (await client.list_tools()).tools] == ["send_message"]
        sent = await called(client, "send_message", room=rooms[0], text="six")
        assert sent["sender"] == {"id": bot, "name": "Dice (bot)"}
        assert (await refused(client, "read_messages", room=rooms[0])).startswith("forbidden: ")
        assert (await refused(client, "send_message", room=rooms[1], text="x")).startswith("not_found: ")
    await site.call("DELETE", f"/bots/{bot}", token=token)
    answer = await site.app.test_client().post(
        "/mcp", json={}, headers={"Authorization": f"Bearer {made['token']}"}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("send_message", {"text": "x"}, "invalid: Object missing required field `room`"),
        ("send_message", {"room": "1", "text": "x"}, "invalid: Expected `int`, got `str` - at `$.room`"),
        ("send_message", {"room": 1}, "invalid: "),
        ("send_message", {"room": 1, "text": "x" * 4001}, "invalid: "),
        ("read_messages", {"room": 1, "limit": 100_000}, "invalid: "),
        ("search_messages", {"q": "x", "has": "nothing"}, "invalid: "),
        ("delete", {"room": 1, "seq": 1}, "not_found: there is no tool 'delete'"),
    ],
)
async def test_wrong_calls_are_refused_in_words(
    site: Site, name: str, arguments: dict[str, Any], said: str
) -> None:
    _, token = await site.join("ada")
    async with connected(site, token) as client:
        assert (await refused(client, name, **arguments)).startswith(said)


async def test_calls_need_a_token(site: Site) -> None:
    _, token = await site.join("ada")
    client = site.app.test_client(use_cookies=False)
    for headers in ({}, {"Authorization": "Bearer x"}, {"Cookie": f"refresh={token}"}):
        answer = await client.post("/mcp", json={}, headers=headers)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_other_methods_and_bodies_are_refused(site: Site) -> None:
    _, token = await site.join("ada")
    client = site.app.test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    assert (await client.get("/mcp", headers=headers)).status_code == 405
    assert (await client.delete("/mcp", headers=headers)).status_code == 405
    for body in (
        b"",
        b"{",
        b"[]",
        b"[1]",
        b'"x"',
        b'{"jsonrpc": "2.0", "method": "tools/list"',
        b"[" * 10_000,
    ):
        answer = await client.post("/mcp", data=body, headers={**headers, "Content-Type": "application/json"})
        assert answer.status_code == 400, body
    too_long = b" " * 70_000
    assert (await client.post("/mcp", data=too_long, headers=headers)).status_code == 413


async def test_a_database_that_fails_is_said(site: Site) -> None:
    _, token = await site.join("ada")
    async with connected(site, token) as client:
        with site.obstacles.failing("history", StorageDown("no")):
            assert (await refused(client, "read_messages", room=1)).startswith("unavailable: ")
        await called(client, "read_messages", room=1)


async def test_without_the_sdk_the_answer_names_the_extra(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcp_http, "_SDK", "chat.protocols.native.mcp.nothing")
    _, token = await site.join("ada")
    client = site.app.test_client(use_cookies=False)
    answer = await client.post("/mcp", json={}, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 501
    assert "pip install 'trio-chat[mcp]'" in (await answer.get_json())["error"]


async def test_calls_cost_as_over_http() -> None:
    async with open_site(budgets=Budgets(messages=1)) as site:
        _, token = await site.join("ada")
        async with connected(site, token) as client:
            said = [await client.call_tool("send_message", {"room": 1, "text": f"{nth}"}) for nth in range(8)]
        assert said[-1].is_error


def test_the_program_of_the_page_works() -> None:
    page = (ROOT / "docs/mcp.md").read_text("utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    with used_data_path() as data, running_server(data) as server:
        environment = {**os.environ, "CHAT": server.url, "TOKEN": register(server.url, "ada")}
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stdout) == (0, "hello from a tool\n"), done.stderr
