"""People who only listen, in the lobby of each dialect that has one: what they heard is held against the log.

Whoever is cut comes back at once. On one connection nothing is missing, nothing comes twice, and all is in order.
"""

import json
import re
from collections.abc import Sequence
from typing import Self

from websockets.sync.client import ClientConnection, connect

from tests.support.faults.coming_back import ComesBack
from tests.support.people import PATIENCE, Line, eventually

_SAID = re.compile(r"\w+ \d+")
"""What the people of a load say: each a text of its own."""


class Listener(ComesBack):
    """Somebody who listens.

    `key` is what the dialect at `path` calls the text; `room_id` is the room to enter, where the dialect asks for it.
    """

    def __init__(self, url: str, path: str, key: str, room_id: int | None = None) -> None:
        super().__init__(url)
        self.connections: list[list[str]] = []
        """What was heard on each connection, in the order of the connections."""
        self._path, self._key, self._room_id = path, key, room_id
        self.take_part(path, self._listen)

    def __enter__(self) -> Self:
        super().__enter__()
        eventually(lambda: bool(self.connections), "a listener is there")
        return self

    def has_heard(self, text: str) -> bool:
        """Whether that was the last thing that came."""
        return self.connections[-1][-1:] == [text]

    def check(self, saved: Sequence[Line]) -> None:
        """Each connection heard a part of what is saved, without a gap; the last one heard it to the end."""
        places = {line.text: place for place, line in enumerate(saved)}
        for heard in self.connections:
            for place, text in enumerate(heard, places.get(heard[0], 0) if heard else 0):
                assert places.get(text) == place, f"{self._path}: {text} is heard where {saved[place]} comes"
        assert self.has_heard(saved[-1].text), f"{self._path}: the end is not heard"

    def _listen(self) -> None:
        url = self.url.replace("http", "ws", 1) + self._path
        with connect(
            url, open_timeout=PATIENCE, close_timeout=1, compression=None, proxy=None, ping_interval=None
        ) as socket:
            if self._room_id is not None:
                enter(socket, self._room_id)
            heard: list[str] = []
            self.connections.append(heard)
            while not self.over.is_set():
                try:
                    text = json.loads(socket.recv(0.1)).get(self._key)
                except TimeoutError:
                    continue
                if isinstance(text, str) and _SAID.fullmatch(text):
                    heard.append(text)


def enter(socket: ClientConnection, room_id: int) -> None:
    """Enter a room, as the rooms dialect does. Raises EOFError where it can't be entered now."""
    for frame in (None, {"Type": "enter", "RoomID": room_id}):
        if frame is not None:
            socket.send(json.dumps(frame))
        if json.loads(socket.recv(PATIENCE))["Type"] != "enter":
            raise EOFError("the room can't be entered now")
