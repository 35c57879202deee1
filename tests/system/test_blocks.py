"""Who blocks somebody learns of it in each session: on both workers of a server, and on another server."""

import json
import secrets
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.support.databases import kept_database
from tests.support.people import PASSWORD, PATIENCE, eventually, post, request
from tests.support.processes import needs_proc
from tests.support.server import ServerProcess, data_path, running_server
from tests.system.test_exports import url_of
from tests.system.test_workers import ask, worker_of

pytestmark = needs_proc


@pytest.fixture
def servers(server: ServerProcess, tmp_path: Path) -> Generator[list[ServerProcess]]:
    """A server with two workers and one without, on one database."""
    secret = tmp_path / "secret"
    secret.write_text(secrets.token_urlsafe(32))
    with kept_database(server) as database, ExitStack() as stack:
        shared = ["--database", url_of(database), "--bus", "notify", "--secret-file", str(secret)]
        yield [
            stack.enter_context(running_server(stack.enter_context(data_path()), *shared, *more))
            for more in (("--workers", "2"), ())
        ]


def session(stack: ExitStack, server: ServerProcess, token: str) -> ClientConnection:
    """Connect a client that is synchronised."""
    url = f"{server.socket_url}/api/v1/socket"
    client = stack.enter_context(connect(url, compression=None, open_timeout=PATIENCE))
    client.send(json.dumps({"type": "hello", "id": 1, "token": token}))
    client.send(json.dumps({"type": "sync", "id": 2, "known": []}))
    while received(client)["type"] != "sync_ok":
        pass
    return client


def received(client: ClientConnection) -> Any:
    return json.loads(client.recv(timeout=PATIENCE))


def blocked(client: ClientConnection) -> list[int]:
    """The people of the next event about blocks."""
    while (event := received(client))["type"] != "blocks":
        pass
    people: list[int] = event["people"]
    return people


def test_a_block_reaches_sessions_on_both_workers_and_on_another_server(
    servers: list[ServerProcess],
) -> None:
    several, other = servers
    ada, ben = (
        post(f"{several.url}/api/v1/auth/register", {"name": name, "password": PASSWORD}).json()
        for name in ("ada", "ben")
    )
    headers, path = {"Authorization": f"Bearer {ada['access']}"}, f"/api/v1/me/blocks/{ben['me']['id']}"
    with ExitStack() as stack:
        clients = [session(stack, several, ada["access"]) for _ in range(8)]

        def workers() -> set[int]:
            return {worker_of(each["connection"]) for each in ask(several, "tree 100")["clients"]}

        eventually(lambda: workers() == {1, 2}, "both workers have a session")
        clients.append(session(stack, other, ada["access"]))
        assert request("PUT", several.url + path, headers=headers).is_success
        assert [blocked(client) for client in clients] == [[ben["me"]["id"]]] * 9
        assert request("DELETE", other.url + path, headers=headers).is_success
        assert [blocked(client) for client in clients] == [[]] * 9
