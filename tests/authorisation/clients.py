"""What asks the server: one kept HTTP connection, and sockets. Both return what was done or the code of the refusal."""

import itertools
import json
from collections.abc import Generator
from contextlib import contextmanager
from http.client import HTTPConnection, RemoteDisconnected
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from websockets.sync.client import ClientConnection, connect

from chat.operations.operation import Operation
from tests.authorisation.rules import Answer
from tests.support.people import PATIENCE
from tests.support.pictures import png

V1 = "/api/v1"

Json = dict[str, Any]


STATUSES = {
    401: Answer.UNAUTHENTICATED,
    403: Answer.FORBIDDEN,
    404: Answer.NOT_FOUND,
    409: Answer.TAKEN,
}
"""What the statuses of the protocol Rooms say."""


class Api:
    """Calls one server over one connection."""

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)

    def __enter__(self) -> "Api":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()

    def raw(
        self, token: str | None, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """Return the status and the body."""
        headers |= {} if token is None else {"Authorization": f"Bearer {token}"}
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        # The server closes what was long idle.
        except (
            BrokenPipeError,
            ConnectionResetError,
            RemoteDisconnected,
        ):
            self._connection.close()
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        return response.status, response.read()

    def call(self, token: str | None, method: str, path: str, body: object = None) -> Any:
        """Do what must be done, and return the answer."""
        status, answer = self.raw(
            token, method, V1 + path, None if body is None else json.dumps(body).encode()
        )
        assert status < 300, (method, path, status, answer)
        return json.loads(answer) if answer else None

    def ask(self, token: str | None, operation: Operation, fields: Json) -> Answer:
        """Ask for an operation, with its fields where HTTP has them: in the path, the query or the body."""
        method, rest = operation.method, dict(fields)
        assert method is not None
        path = operation.path
        for name, value in fields.items():
            if f"{{{name}}}" in path:
                path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
                del rest[name]
        body = None
        if operation.takes_bytes:
            body = png()
        elif method not in ("GET", "DELETE") or (rest and method != "GET"):
            body, rest = json.dumps(rest).encode(), {}
        query = f"?{urlencode(rest)}" if rest else ""
        status, answer = self.raw(token, method, V1 + path + query, body)
        return Answer.DONE if status < 300 else Answer(json.loads(answer)["code"])

    def ask_rooms(self, token: str | None, call: tuple[str, str], fields: Json, room: int) -> Answer:
        """Ask as the protocol Rooms does."""
        method, path = call
        body = json.dumps(fields).encode() if fields else None
        status, _ = self.raw(token, method, path.format(room=room), body)
        return Answer.DONE if status < 300 else STATUSES[status]


@contextmanager
def live(url: str, token: str) -> Generator["Live"]:
    """Somebody's native socket, for as long as the block lasts."""
    options: Any = {"compression": None, "proxy": None, "ping_interval": None, "max_queue": None}
    with connect(f"{url.replace('http', 'ws', 1)}{V1}/socket", open_timeout=PATIENCE, **options) as socket:
        there = Live(socket)
        assert there.ask("hello", {"token": token})["type"] == "hello_ok"
        yield there


class Live:
    """One native socket. What it hears is kept in `heard`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._ids = itertools.count(1)
        self._socket = socket
        self.received: list[Json] = []

    def ask(self, kind: str, fields: Json) -> Json:
        """Return the reply; events that come before it are kept."""
        number = next(self._ids)
        self._socket.send(json.dumps({"type": kind, "id": number, **fields}))
        while True:
            frame: Json = json.loads(self._socket.recv(PATIENCE))
            if frame.get("id") == number and (frame["type"] == "error" or frame["type"].endswith("_ok")):
                return frame
            self.received.append(frame)

    def may(self, kind: str, fields: Json) -> Answer:
        """Ask, and return the answer. A sync of a room that the person may not read returns that it is gone."""
        if kind == "sync":
            return self._may_sync(fields["room"])
        reply = self.ask(kind, fields)
        return Answer(reply["code"]) if reply["type"] == "error" else Answer.DONE

    def _may_sync(self, room: int) -> Answer:
        before = len(self.received)
        reply = self.ask("sync", {"known": [{"room": room, "pos": 1, "at": 1}], "rest": False})
        assert reply["type"] == "sync_ok", reply
        received = [
            each["type"] for each in self.received[before:] if each.get("room", each.get("id")) == room
        ]
        return Answer.GONE if "gone" in received or not received else Answer.DONE
