"""Another process's change of an account reaches the open sockets of the real server, in every protocol."""

import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support.command_line import chat
from tests.support.people import PATIENCE, Person, client, eventually, register
from tests.support.saved import execute_sql
from tests.support.server import ServerProcess

PATHS = ("/", "/talker", "/messenger", "/support", "/direct", "/ws")

FELT_WITHIN = 1.0
"""Seconds from the commit to the close frame."""


@contextmanager
def sockets_of(server: ServerProcess, token: str) -> Generator[list[Person]]:
    """A socket of each protocol."""
    with ExitStack() as stack:
        yield [stack.enter_context(client(server.url, f"{path}?token={token}")) for path in PATHS]


def ends_with(person: Person) -> tuple[int, str]:
    """The close code and the reason, which must come; what comes before is passed over."""
    try:
        while True:
            person.socket.recv(PATIENCE)
    except ConnectionClosed as closed:
        return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")


def is_open(person: Person) -> bool:
    return person.socket.ping().wait(PATIENCE)


def test_a_command_closes_only_that_persons_sockets(
    server: ServerProcess,
) -> None:
    token, other = register(server.url, "revoked"), register(server.url, "spared")
    with sockets_of(server, token) as gone, sockets_of(server, other) as here:
        chat(server, "user", "revoke", "revoked")
        ended = [ends_with(person) for person in gone]
        assert ended == [(4403, "your logins were ended, log in again")] * len(PATHS)
        assert all(is_open(person) for person in here)
    with pytest.raises(InvalidStatus) as refused, client(server.url, f"/talker?token={token}"):
        pass
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("token_generation = token_generation + 1", "your logins were ended, log in again"),
        ("disabled_at = now()", "your account is disabled"),
        (
            "deleted_at = now(), email = NULL, email_key = NULL, password_hash = ''",
            "your account was deleted",
        ),
    ],
    ids=["logged out", "disabled", "deleted"],
)
def test_every_protocol_applies_a_committed_revocation_within_a_second(
    server: ServerProcess, change: str, reason: str
) -> None:
    name = f"felt{reason[5]}{len(change)}"
    with sockets_of(server, register(server.url, name)) as sockets:
        execute_sql(server.address, f"UPDATE users SET {change} WHERE name = '{name}'")
        committed = time.monotonic()
        assert [ends_with(person) for person in sockets] == [(4403, reason)] * len(PATHS)
        assert time.monotonic() - committed < FELT_WITHIN


def test_a_role_change_applies_to_an_open_socket_of_the_desk(server: ServerProcess) -> None:
    person, operator = register(server.url, "helpless"), register(server.url, "helper")
    ask = '{"method": "message.send", "params": ["help"], "id": 1}'
    listed = '{"method": "message.conversations", "params": [], "id": 2}'
    with (
        client(server.url, f"/support?token={person}") as asking,
        client(server.url, f"/support?token={operator}") as answering,
    ):
        asking.socket.recv(PATIENCE), answering.socket.recv(PATIENCE)
        chat(server, "user", "role", "helper", "operator")

        def may_list() -> bool:
            answering.send(listed)
            return "Not permitted" not in str(answering.socket.recv(PATIENCE))

        eventually(may_list, "the server has heard of the role")
        asking.send(ask)
        assert "help" in str(answering.socket.recv(PATIENCE))
        chat(server, "user", "role", "helper", "member")
        eventually(lambda: not may_list(), "the server has heard that the role is gone")
        asking.socket.recv(PATIENCE)
        asking.send(ask)
        asking.socket.recv(PATIENCE)  # it is saved and told
        answering.send(listed)
        assert "Not permitted" in str(answering.socket.recv(PATIENCE))
