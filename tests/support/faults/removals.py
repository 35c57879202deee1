"""A room with its creator on one server and members on the other: a removed member receives nothing more."""

import json
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from itertools import count

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.support.faults.listeners import Listener, enter
from tests.support.faults.two_servers import Servers
from tests.support.people import PATIENCE, eventually
from tests.support.saved import fetch_sql

CREATOR, STAYS, LEAVES = "ada", "cem", "dora"


class Garden:
    """The room. `stays` and `leaves` listen on the far server, and ada, whose `caller` it is, is on the near one."""

    def __init__(
        self, caller: "Caller", room_id: int, socket: ClientConnection, stays: Listener, leaves: Listener
    ) -> None:
        self._caller = caller
        self.room_id = room_id
        self._socket = socket
        self._numbers = count()
        self._received_before = set[str]()  # by who leaves, when their last removal was acknowledged
        self.stays = stays
        self.leaves = leaves

    def say(self) -> str:
        """Let ada send a unique text there, and return it once it is acknowledged."""
        text = f"{CREATOR} {next(self._numbers)}"
        self._socket.send(json.dumps({"Type": "message", "Text": text}))
        while (frame := json.loads(self._socket.recv(PATIENCE)))["Type"] != "sent":
            assert frame["Type"] in ("message", "join"), frame
        return text

    def remove(self) -> float:
        """Let ada remove `leaves`, and return the seconds until that is acknowledged."""
        began = time.monotonic()
        self._caller.put("remove", self.room_id, LEAVES)
        took = time.monotonic() - began
        self._received_before = self._received_by_who_leaves()
        return took

    def invite(self) -> None:
        """Let them in again."""
        self._caller.put("invite", self.room_id, LEAVES)

    def wait_until_received(self, text: str) -> None:
        """Wait until `stays` has received it."""
        eventually(lambda: self.stays.has_received(text), "who stays hears it", 2 * PATIENCE)

    def check(self) -> None:
        """Check that `leaves` got nothing since the removal was acknowledged, and that `stays` gets a new message."""
        self.wait_until_received(self.say())
        assert self._received_by_who_leaves() == self._received_before

    def stays_received(self) -> list[str]:
        """Return all texts that `stays` has received, in order."""
        return [text for received in self.stays.connections for text in received]

    def _received_by_who_leaves(self) -> set[str]:
        return {text for received in self.leaves.connections for text in received}


class Caller:
    """Ada's calls to the near server, on one connection."""

    def __init__(self, servers: Servers, client: httpx.Client) -> None:
        self._url = servers.near.url
        self._client = client
        self._ids = {
            row["name"]: row["id"] for row in fetch_sql(servers.near.address, "SELECT id, name FROM users")
        }

    def make_room(self) -> int:
        """Make a private room, and return its id."""
        body = {"Name": f"garden {time.monotonic()}", "IsPrivate": True}
        made = self._client.post(f"{self._url}/create-room", json=body)
        assert made.status_code == 201, made.text
        return int(made.json()["RoomID"])

    def put(self, what: str, room_id: int, name: str) -> None:
        """Invite or remove somebody."""
        answer = self._client.put(f"{self._url}/{what}", json={"RoomID": room_id, "UID": self._ids[name]})
        assert answer.status_code == 200, answer.text


@contextmanager
def garden(servers: Servers) -> Generator[Garden]:
    """Make a room with its members for as long as the block lasts."""
    with ExitStack() as stack:
        headers = {"Authorization": servers.tokens[CREATOR]}
        client = stack.enter_context(httpx.Client(trust_env=False, timeout=PATIENCE, headers=headers))
        caller = Caller(servers, client)
        room_id = caller.make_room()
        for name in (STAYS, LEAVES):
            caller.put("invite", room_id, name)
        stays, leaves = (
            stack.enter_context(
                Listener(servers.far.url, f"/ws?token={servers.tokens[name]}", "Text", room_id)
            )
            for name in (STAYS, LEAVES)
        )
        url = f"{servers.near.socket_url}/ws?token={servers.tokens[CREATOR]}"
        socket = stack.enter_context(connect(url, proxy=None, ping_interval=None, close_timeout=1))
        enter(socket, room_id)
        room = Garden(caller, room_id, socket, stays, leaves)
        first = room.say()
        room.wait_until_received(first)
        eventually(lambda: leaves.has_received(first), "who leaves hears it too")
        yield room
