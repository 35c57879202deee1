"""People who only receive, in the lobby of each dialect that has one: checked against the log.

After a disconnect they reconnect at once. On one connection nothing is missing or doubled, and all is in order.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

from tests.support.faults.coming_back import ComesBack
from tests.support.faults.load import LOBBY
from tests.support.people import PATIENCE, Line, eventually

_SAID = re.compile(r"\w+ \d+")
"""The texts of a load; each is unique."""


class Listener(ComesBack):
    """A person who only receives.

    `key` is what the dialect at `path` calls the text; `room_id` is the room to enter, where the dialect asks for it.
    """

    def __init__(self, url: str, path: str, key: str, room_id: int | None = None) -> None:
        super().__init__(url)
        self.connections: list[list[str]] = []
        """The texts received on each connection, in the order of the connections."""
        self._path, self._key, self._room_id = path, key, room_id
        self.take_part(path, self._listen)

    def __enter__(self) -> Self:
        super().__enter__()
        eventually(lambda: bool(self.connections), "a listener is there")
        return self

    def has_received(self, text: str) -> bool:
        """Whether that was the last thing that came."""
        return self.connections[-1][-1:] == [text]

    def check(self, saved: Sequence[Line]) -> None:
        """Check that each connection got a part of the saved texts without gaps; the last one up to the end."""
        places = {line.text: place for place, line in enumerate(saved)}
        for received in self.connections:
            for place, text in enumerate(received, places.get(received[0], 0) if received else 0):
                assert places.get(text) == place, f"{self._path}: {text} is heard where {saved[place]} comes"
        assert self.has_received(saved[-1].text), f"{self._path}: the end is not heard"

    def _listen(self) -> None:
        url = self.url.replace("http", "ws", 1) + self._path
        with connect(
            url, open_timeout=PATIENCE, close_timeout=1, compression=None, proxy=None, ping_interval=None
        ) as socket:
            if self._room_id is not None:
                enter(socket, self._room_id)
            received: list[str] = []
            self.connections.append(received)
            while not self.over.is_set():
                try:
                    text = json.loads(socket.recv(0.1)).get(self._key)
                except TimeoutError:
                    continue
                if isinstance(text, str) and _SAID.fullmatch(text):
                    received.append(text)


def enter(socket: ClientConnection, room_id: int) -> None:
    """Enter a room, as the rooms dialect does. Raises EOFError where it can't be entered now."""
    for frame in (None, {"Type": "enter", "RoomID": room_id}):
        if frame is not None:
            socket.send(json.dumps(frame))
        if json.loads(socket.recv(PATIENCE))["Type"] != "enter":
            raise EOFError("the room can't be entered now")


class ResumingListener(ComesBack):
    """A person who receives the lobby in the native protocol, and resumes on each new connection.

    Their events have no gap over all connections together.
    """

    def __init__(self, url: str, token: str) -> None:
        super().__init__(url)
        self.received: list[str] = []
        self.unknown = 0
        """The number of received changes of a kind unknown to the server."""
        self._token = token
        self._known: dict[str, int] | None = None  # where they are in the lobby
        self.take_part("native", self._listen)

    def __enter__(self) -> Self:
        super().__enter__()
        eventually(lambda: self._known is not None, "a listener is there")
        return self

    def has_received(self, text: str) -> bool:
        """Whether that was the last thing that came."""
        return self.received[-1:] == [text]

    def check(self, saved: Sequence[Line]) -> None:
        """Check that they got everything saved since they came, once and in order."""
        texts = [line.text for line in saved if _SAID.fullmatch(line.text)]
        assert self.received == texts[len(texts) - len(self.received) :]

    def _listen(self) -> None:
        url = self.url.replace("http", "ws", 1) + "/api/v1/socket"
        with connect(url, open_timeout=PATIENCE, close_timeout=1, proxy=None, ping_interval=None) as socket:
            known = [] if self._known is None else [self._known]
            for request in ({"type": "hello", "token": self._token}, {"type": "sync", "known": known}):
                socket.send(json.dumps(request | {"id": 1}))
            while not self.over.is_set():
                try:
                    self._hear(json.loads(socket.recv(0.1)))
                except TimeoutError:
                    continue

    def _hear(self, event: dict[str, Any]) -> None:
        if event["type"] == "error":
            raise EOFError(f"the server refuses: {event}")
        if event["type"] == "room" and event["id"] == LOBBY:
            assert self._known is None, f"begun anew: {event}"
            self._known = {"room": LOBBY, "pos": event["pos"], "at": event["at"]}
        elif event.get("room") == LOBBY and "pos" in event and "id" not in event and self._known is not None:
            assert event["pos"] <= self._known["pos"] + 1, f"a gap after {self._known}: {event}"
            if event["pos"] == self._known["pos"] + 1:
                self._known = {"room": LOBBY, "pos": event["pos"], "at": event["at"]}
                self.unknown += event["type"] == "unknown"
                if event["type"] == "message" and _SAID.fullmatch(event.get("text", "")):
                    self.received.append(event["text"])
