"""The real server pushes what waited when it was killed, and a command says why."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest
import trio
import trustme

from tests.features.push.browser import Browser
from tests.features.push.conftest import authority
from tests.features.push.push_service import open_push_service
from tests.support.campaign import in_campaign
from tests.support.command_line import chat
from tests.support.databases import execute, fetch
from tests.support.people import PASSWORD, register, request
from tests.support.server import running_server, used_data_path

__all__ = ["authority"]

_ALLOWED = """
INSERT INTO settings (name, value, changed_at) VALUES ('outbound_hosts', '["127.0.0.1/32"]', now())"""


@pytest.fixture
def data() -> Generator[Path]:
    with used_data_path() as data:
        yield data


def log_in(url: str, name: str) -> dict[str, str]:
    register(url, name)
    session = request("POST", f"{url}/api/v1/auth/login", {"login": name, "password": PASSWORD})
    return {"Authorization": f"Bearer {session.json()['access']}"}


@in_campaign
async def test_a_mention_before_a_kill_is_pushed_after_it_and_the_reason_is_told(
    data: Path, authority: trustme.CA
) -> None:
    browser = Browser()
    async with open_push_service(authority) as service:
        with running_server(data) as server:
            await execute(server.address, _ALLOWED)
            ada, ben = log_in(server.url, "ada"), log_in(server.url, "ben")
            begin = f"{server.url}/api/v1"
            assert "push" in request("GET", f"{begin}/server").json()["features"]
            subscription = browser.subscription(service.endpoint("ada"))
            assert request("PUT", f"{begin}/push/subscription", subscription, headers=ada).is_success
            message = {"key": "one", "text": "@ada tea?"}
            said = request("POST", f"{begin}/rooms/1/messages", message, headers=ben).json()
            # Without a mail server nothing follows the log for mails.
            assert await fetch(server.address, "SELECT count(*) FROM missed_state") == 0
            server.kill()
        assert service.pushed == []
        with running_server(data) as server:
            (pushed,) = await service.came(1)
            body = json.loads(browser.decrypt(pushed.body))
            assert (body["seq"], body["notification"]["body"]) == (said["seq"], "@ada tea?")
            why = f"{server.url}/api/v1/rooms/1/messages/{said['seq']}/why"
            assert request("GET", why, headers=ada).json()["decision"] in ("sent", "waiting")
            await trio.to_thread.run_sync(server.stop)  # it waits until the answer is recorded
            assert "sent (201)" in chat(server, "why", "--notify", "ada")
            (found,) = json.loads(
                chat(server, "why", "--notify", "Ada", "--message", f"1/{said['seq']}", "--json")
            )
            assert (found["decision"], found["deliveries"][0]["status"]) == ("sent", 201)
            assert "no message" in chat(server, "why", "--notify", "ben")
        assert len(service.pushed) == 1
