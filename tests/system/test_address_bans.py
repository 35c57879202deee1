"""Bans of networks on a real server behind a trusted proxy: by the command, for HTTP, sockets and the page."""

import json
from collections.abc import Generator

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.support.command_line import chat, try_chat
from tests.support.people import PASSWORD, eventually
from tests.support.server import ServerProcess, running_server, used_data_path

BANNED = {"X-Forwarded-For": "203.0.113.5"}
OTHER = {"X-Forwarded-For": "198.51.100.7"}


@pytest.fixture(scope="module")
def proxied() -> Generator[ServerProcess]:
    with used_data_path() as data, running_server(data, "--trusted-proxy", "127.0.0.1") as server:
        yield server


def test_a_banned_network_is_out_until_the_ban_is_lifted(proxied: ServerProcess) -> None:
    api = f"{proxied.url}/api/v1"
    body = {"name": "ada", "password": PASSWORD}
    assert httpx.post(f"{api}/auth/register", json=body, headers=BANNED).is_success
    login = {"login": "ada", "password": PASSWORD}

    socket_url = proxied.url.replace("http", "ws") + "/talker"
    with (
        connect(socket_url, additional_headers=BANNED, proxy=None) as near,
        connect(socket_url, additional_headers=OTHER, proxy=None) as far,
    ):
        said = chat(proxied, "ban", "add", "203.0.113.5/24", "--days", "7", "--reason", "spam")
        assert said.startswith("banned 203.0.113.0/24 until ")
        with pytest.raises(ConnectionClosed) as closed:
            near.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4431, "this network is banned")
        assert httpx.post(f"{api}/auth/login", json=login, headers=OTHER).is_success
        far.ping()

    refused = httpx.post(f"{api}/auth/login", json=login, headers=BANNED)
    assert (refused.status_code, refused.json()["reason"]) == (403, "address_banned_until")
    assert 0 < int(refused.headers["Retry-After"]) <= 7 * 86_400
    old = httpx.post(f"{proxied.url}/", json={"name": "ada", "password": PASSWORD}, headers=BANNED)
    assert (old.status_code, old.json()["error"]) == (403, refused.json()["error"])
    assert httpx.get(f"{proxied.url}/", headers=BANNED).is_success  # the page, which shows the refusal
    with pytest.raises(InvalidStatus) as status:
        connect(socket_url, additional_headers=BANNED, proxy=None)
    assert status.value.response.status_code == 403
    assert b"this network is banned until" in (status.value.response.body or b"")

    (listed,) = json.loads(chat(proxied, "ban", "--json"))
    assert (listed["network"], listed["reason"], listed["by"]) == ("203.0.113.0/24", "spam", None)
    assert "203.0.113.0/24" in chat(proxied, "ban")
    assert chat(proxied, "ban", "lift", str(listed["id"])) == f"lifted ban {listed['id']}\n"
    eventually(
        lambda: httpx.post(f"{api}/auth/login", json=login, headers=BANNED).is_success, "the ban is lifted"
    )
    assert chat(proxied, "ban").startswith("no network is banned")
    gone = try_chat(proxied, "ban", "lift", str(listed["id"]))
    assert (gone.returncode, "`chat ban` lists them" in gone.stderr) == (1, True)


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ("x", "no address or network"),
        ("127.0.0.0/8", "addresses of this machine"),
        ("::1", "of this machine"),
    ],
)
def test_the_command_refuses_what_cant_be_banned(proxied: ServerProcess, network: str, said: str) -> None:
    refused = try_chat(proxied, "ban", "add", network)
    assert (refused.returncode, said in refused.stderr) == (1, True), refused.stderr
