"""Log files of rooms: one file for each room, one line for each message."""

import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from chat.cli.room_names import label
from chat.cli.talk.transcript import shown_text
from chat.cli.talk.width import clean
from chat.client import Message, Room


class RoomLog:
    """Appends messages to files that only the person may read.

    Args:
        directory: for the files; created with the first file.
        rooms: the rooms of the client.
    """

    def __init__(self, directory: Path, rooms: Mapping[int, Room]) -> None:
        self._directory = directory
        self._rooms = rooms

    def write(self, message: Message) -> None:
        """Append a message. Sync. Raises OSError."""
        if message.deleted is not None:
            return
        when = datetime.fromtimestamp(message.at / 1000).astimezone()
        name = clean(message.sender.name).replace("\n", " ")
        text = "joined" if message.kind == "join" else clean(shown_text(message)).replace("\n", "\n    ")
        line = f"{when:%Y-%m-%d %H:%M:%S} {name}{' ' if message.kind == 'join' else ': '}{text}\n"
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(self.path_of(message.room), flags, 0o600), "ab") as file:
            file.write(line.encode())

    def path_of(self, room: int) -> Path:
        """Return the file of a room. Its id finds it again after a renaming of the room. Sync."""
        if found := sorted(self._directory.glob(f"{room}-*.log")):
            return found[0]
        known = self._rooms.get(room)
        called = re.sub(r"[^\w@#+.-]", "_", label(known.info))[:60] if known is not None else "room"
        return self._directory / f"{room}-{called}.log"
