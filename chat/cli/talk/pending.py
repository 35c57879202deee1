"""Messages and edits that the server has not saved yet, and half-typed lines: in files, so that nothing ends them.

A file each, because two terminals of one person may have the same directory. A message that both of them send has one
key, and is said once. Of the lines each of them writes down those that were changed in it.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec


class Pending(msgspec.Struct):
    """A message on its way, or another text for one that is saved.

    Attributes:
        key: by which it is said once, and its file is called.
        room: where.
        text: what.
        made: when, in nanoseconds: messages are sent in this order.
        seq: its number in the room, once it is saved.
        refused: why it will not be said, where the server says so.
        reply: the `seq` of the message that it answers.
        edits: the `seq` of the message whose text this is to be; None: it is a message of its own.
        files: the ids of the files that it has, which were uploaded for it, and their names.
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
    """Keeps what is pending in a directory, which nobody else may read."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._drafts = directory / "drafts.json"
        self._loaded: dict[int, str] = {}  # the drafts, as they were at the start

    def load(self) -> list[Pending]:
        """Return what was not saved when the last terminal ended, in order. Sync."""
        return sorted(self._read(), key=lambda pending: pending.made)

    def keep(self, pending: Pending) -> None:
        """Keep a message before it is sent. Sync."""
        self._write(self._path(pending), msgspec.json.encode(pending))

    def drop(self, pending: Pending) -> None:
        """It is saved, or taken back. Sync."""
        self._path(pending).unlink(missing_ok=True)

    def drafts(self) -> dict[int, str]:
        """Return the lines that were not sent, by room. Sync."""
        self._loaded = self._read_drafts()
        return dict(self._loaded)

    def keep_drafts(self, drafts: dict[int, str]) -> None:
        """Keep the lines that are not sent, beside those of another terminal. Sync."""
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
        # A version that knows no edits would say one as a message, so it does not find them.
        return self._directory / f"{pending.key}.{'message' if pending.edits is None else 'edit'}"

    def _write(self, path: Path, data: bytes) -> None:
        part = path.with_name(f"{path.name}.{os.getpid()}")  # another terminal writes its own
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        part.replace(path)

    def _read(self) -> Iterator[Pending]:
        for path in (*self._directory.glob("*.message"), *self._directory.glob("*.edit")):
            try:
                yield msgspec.json.decode(path.read_bytes(), type=Pending)
            except (FileNotFoundError, msgspec.DecodeError):
                continue
