"""Real servers send scheduled messages once and in their order, whatever is killed."""

import time
from collections.abc import Generator
from pathlib import Path

import pytest
import trio

from tests.support.campaign import in_campaign
from tests.support.databases import execute, fetch
from tests.support.people import PASSWORD, register, request
from tests.support.server import running_server, used_data_path

_COUNT = 30
_LEFT = "SELECT count(*) FROM scheduled_messages"
# As after three minutes, in which a killed server's claim ends.
_LEASE_OVER = "UPDATE due SET at = now() WHERE kind = 'scheduled'"


@pytest.fixture
def data() -> Generator[Path]:
    with used_data_path() as data:
        yield data


@in_campaign
async def test_each_is_sent_once_and_in_order_over_kills(data: Path) -> None:
    expected = [f"message {n}" for n in range(_COUNT)]
    with running_server(data) as server:
        register(server.url, "ada")
        session = request("POST", f"{server.url}/api/v1/auth/login", {"login": "ada", "password": PASSWORD})
        headers = {"Authorization": f"Bearer {session.json()['access']}"}
        at = int(time.time() * 1000) + 3000
        for n, text in enumerate(expected):
            body = {"key": f"k{n}", "text": text, "at": at + n}
            answer = request("POST", f"{server.url}/api/v1/rooms/1/scheduled", body, headers=headers)
            assert answer.status_code == 201, answer.text
        server.kill()
    await trio.sleep(max(0.0, at / 1000 + 0.1 - time.time()))  # they are due while no server runs
    left = _COUNT
    while left:
        with running_server(data) as server:
            await execute(server.address, _LEASE_OVER)
            begun = time.monotonic()
            while left and time.monotonic() < begun + 0.15:
                await trio.sleep(0.01)
                left = await fetch(server.address, _LEFT)
            if left:
                server.kill()
    with running_server(data) as server:
        history = request("GET", f"{server.url}/api/v1/rooms/1/messages?limit=100", headers=headers).json()
        texts = [each["text"] for each in history["messages"] if each.get("kind") != "join"]
        assert texts == expected
