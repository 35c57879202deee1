"""Stores unsent messages and edits, and drafts, in files that outlive the program.

Several terminals of one person share the directory, so each message has a file of its own. If two terminals send the
same message, the server commits it once because of its key. Each terminal stores the drafts that were changed in it.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec


class Pending(msgspec.Struct):
    """A message that is not committed yet, or an edit.

    Attributes:
        key: the key of the send; also the name of its file.
        room: the id of the room.
        text: the text of the message.
        made: when it was typed, in nanoseconds: messages are sent in this order.
        seq: its number in the room, once it is committed.
        refused: the reason, if the server has refused it.
        reply: the `seq` of the message that it answers.
        edits: the `seq` of the message whose text it replaces; None for a new message.
        files: names by the ids of the files uploaded for it.
    """

    key: str
    room: int
    text: str
    made: int
    seq: int | None = None
    refused: str | None = None
    reply: int | None = None
    edits: int | None = None
    files: dict[int, str] = {}


class PendingFiles:
    """Stores pending messages and drafts in a directory that only the person may read."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._drafts = directory / "drafts.json"
        self._loaded: dict[int, str] = {}  # the drafts at the start

    def load(self) -> list[Pending]:
        """Return the unsent messages of earlier runs, in order. Sync."""
        return sorted(self._read(), key=lambda pending: pending.made)

    def keep(self, pending: Pending) -> None:
        """Store a message before it is sent. Sync."""
        self._write(self._path(pending), msgspec.json.encode(pending))

    def drop(self, pending: Pending) -> None:
        """Delete a message that is committed or taken back. Sync."""
        self._path(pending).unlink(missing_ok=True)

    def drafts(self) -> dict[int, str]:
        """Return the drafts by room. Sync."""
        self._loaded = self._read_drafts()
        return dict(self._loaded)

    def keep_drafts(self, drafts: dict[int, str]) -> None:
        """Store the drafts, beside those of other terminals. Sync."""
        kept = self._read_drafts()
        for room in drafts.keys() | self._loaded.keys():
            mine, before, theirs = drafts.get(room), self._loaded.get(room), kept.pop(room, None)
            changed = [text for text in (theirs, mine) if text and text != before]
            left = [before] if before and mine == before == theirs else changed
            if left:
                kept[room] = "\n".join(dict.fromkeys(left))
        if kept:
            self._write(self._drafts, msgspec.json.encode(kept))
        else:
            self._drafts.unlink(missing_ok=True)

    def _read_drafts(self) -> dict[int, str]:
        try:
            return msgspec.json.decode(self._drafts.read_bytes(), type=dict[int, str])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}

    def _path(self, pending: Pending) -> Path:
        # An older version without edits would send them as messages: it does not find this suffix.
        return self._directory / f"{pending.key}.{'message' if pending.edits is None else 'edit'}"

    def _write(self, path: Path, data: bytes) -> None:
        part = path.with_name(f"{path.name}.{os.getpid()}")  # other terminals write at the same time
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        part.replace(path)

    def _read(self) -> Iterator[Pending]:
        for path in (*self._directory.glob("*.message"), *self._directory.glob("*.edit")):
            try:
                yield msgspec.json.decode(path.read_bytes(), type=Pending)
            except (FileNotFoundError, msgspec.DecodeError):
                continue
