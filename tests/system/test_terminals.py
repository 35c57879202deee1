"""What a client chose never drives the terminal of an administrator who looks at the server."""

import re

import pytest

from tests.support.command_line import chat
from tests.support.frames import CLOSE, TEXT, client_frame
from tests.support.people import eventually, register
from tests.support.raw_client import RawClient
from tests.support.saved import execute_sql
from tests.support.server import ServerProcess

ESCAPES = "\x1b]0;title\x07\x1b[2J\x9b2K\u202e"
"""It sets a title, clears the screen and a line, and writes backwards."""


@pytest.fixture
def watched(server: ServerProcess) -> RawClient:
    """A client whose name is what no rule allows, as an import or another program may leave it."""
    token = register(server.url, "mallory")
    execute_sql(server.address, "UPDATE users SET name = $1 WHERE name = 'mallory'", f"mal{ESCAPES}lory")
    client = RawClient(server.url)
    client.shake_hands(f"/talker?token={token}")
    client.read_frame()
    return client


def test_tree_and_why_print_only_what_a_terminal_shows(server: ServerProcess, watched: RawClient) -> None:
    with watched:
        shown = chat(server, "tree", "--once")
        (number,) = re.findall(r"client (\d+) mal", shown)
        watched.send(client_frame(TEXT, ESCAPES.encode()))
        watched.send(client_frame(CLOSE, (1002).to_bytes(2) + ESCAPES.encode()))
        watched.read_to_the_end()
    eventually(lambda: "mal" in chat(server, "why"), "its end is remembered")
    shown += chat(server, "why") + chat(server, "why", number)
    assert "closed by the client" in shown
    assert {each for each in shown if not each.isprintable()} == {"\n"}
