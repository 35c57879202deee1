"""A room whose creator is on one server and whose members listen on the other: who is removed hears nothing more."""

import json
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from itertools import count

from websockets.sync.client import ClientConnection, connect

from tests.support.faults.listeners import Listener, enter
from tests.support.faults.two_servers import TwoServers
from tests.support.people import PATIENCE, eventually, post, request
from tests.support.saved import fetch_sql

CREATOR, STAYS, LEAVES = "ada", "cem", "dora"


class Garden:
    """The room. `stays` and `leaves` listen on the far server, and ada is on the near one."""

    def __init__(
        self, servers: TwoServers, room_id: int, socket: ClientConnection, stays: Listener, leaves: Listener
    ) -> None:
        self._servers = servers
        self._room_id = room_id
        self._socket = socket
        self._numbers = count()
        self.stays = stays
        self.leaves = leaves

    def say(self) -> str:
        """Let ada say something of its own there, and return it once it is acknowledged."""
        text = f"{CREATOR} {next(self._numbers)}"
        self._socket.send(json.dumps({"Type": "message", "Text": text}))
        while (frame := json.loads(self._socket.recv(PATIENCE)))["Type"] != "sent":
            assert frame["Type"] == "message", frame
        return text

    def remove(self) -> float:
        """Let ada remove who leaves, and return the seconds until that is acknowledged."""
        began = time.monotonic()
        self._call("remove")
        return time.monotonic() - began

    def invite(self) -> None:
        """Let them in again."""
        self._call("invite")

    def wait_until_heard(self, text: str) -> None:
        """Wait until who stays has heard it."""
        eventually(lambda: self.stays.has_heard(text), "who stays hears it", 2 * PATIENCE)

    def heard_by_who_leaves(self) -> set[str]:
        return {text for heard in self.leaves.connections for text in heard}

    def _call(self, what: str) -> None:
        _call(self._servers, what, self._room_id, LEAVES)


@contextmanager
def garden(servers: TwoServers) -> Generator[Garden]:
    """Make a room with its members for as long as the block lasts."""
    made = post(
        f"{servers.near.url}/create-room",
        {"Name": f"garden {time.monotonic()}", "IsPrivate": True},
        headers={"Authorization": servers.tokens[CREATOR]},
    )
    room_id = made.json()["RoomID"]
    for name in (STAYS, LEAVES):
        _call(servers, "invite", room_id, name)
    with ExitStack() as stack:
        stays, leaves = (
            stack.enter_context(
                Listener(servers.far.url, f"/ws?token={servers.tokens[name]}", "Text", room_id)
            )
            for name in (STAYS, LEAVES)
        )
        url = f"{servers.near.socket_url}/ws?token={servers.tokens[CREATOR]}"
        socket = stack.enter_context(connect(url, proxy=None, ping_interval=None, close_timeout=1))
        enter(socket, room_id)
        room = Garden(servers, room_id, socket, stays, leaves)
        first = room.say()
        room.wait_until_heard(first)
        eventually(lambda: leaves.has_heard(first), "who leaves hears it too")
        yield room


def _call(servers: TwoServers, what: str, room_id: int, name: str) -> None:
    (row,) = fetch_sql(servers.near.address, "SELECT id FROM users WHERE name = $1", name)
    body = {"RoomID": room_id, "UID": row["id"]}
    headers = {"Authorization": servers.tokens[CREATOR]}
    answer = request("PUT", f"{servers.near.url}/{what}", body, headers=headers)
    assert answer.status_code == 200, answer.text
