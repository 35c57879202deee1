"""Writes the archive of another chat, a message at a time in the order of time, and numbers them. It blocks."""

import hashlib
import mimetypes
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from chat.archive.directory import ArchiveWriter, log_name
from chat.archive.format import FORMAT, File, Head, Member, Message, Person, Pin, Room
from chat.domain.messages.files import type_of
from chat.domain.refusals import Refusal
from chat.domain.text.rules import TEXT_LENGTH, clean_topic

_LINES = 100_000
"""Messages of one file of the log."""

LONG = "long texts: they become several messages"
NO_TEXT = "messages without a text or a file"


class Said(msgspec.Struct, kw_only=True):
    """A message of another chat; `by`, `mentions` and so on are people's ids in the archive, times microseconds."""

    room: int
    by: int
    at: int
    text: str
    is_joining: bool = False
    reply: int | None = None
    """The seq of the message that it answers."""
    mentions: Iterable[int] = ()
    files: list[File] = []
    reactions: Mapping[str, list[int]] = {}
    edited: int | None = None
    pin: Pin | None = None


class ArchiveMaker:
    """Makes one archive. `lost` counts what is left out."""

    def __init__(self, directory: Path) -> None:
        self.writer = ArchiveWriter(directory)
        self.lost: Counter[str] = Counter()
        self.people: dict[int, Person] = {}
        self.rooms: dict[int, Room] = {}
        self._members: dict[tuple[int, int], Member] = {}
        self._lines: list[Message] = []
        self._files = 0
        self._last_id = 0
        self._seqs: dict[int, int] = {}

    def say(self, said: Said) -> int | None:
        """Add a message, or several if its text is too long, and return the first seq. None: it has nothing."""
        text = said.text.replace("\0", "").strip()
        if not text and not said.files and not said.is_joining:
            self.lost[NO_TEXT] += 1
            return None
        parts = [text[at : at + TEXT_LENGTH] for at in range(0, len(text), TEXT_LENGTH)] or [""]
        if len(parts) > 1:
            self.lost[LONG] += 1
        first = self._seqs.get(said.room, 0) + 1
        for nth, part in enumerate(parts):
            self._last_id += 1
            seq = self._seqs[said.room] = first + nth
            is_last = nth == len(parts) - 1
            self._lines.append(
                Message(
                    id=self._last_id,
                    room=said.room,
                    seq=seq,
                    pos=seq,
                    by=said.by,
                    kind="join" if said.is_joining else "message",
                    text=part.strip() or "…" if text else "",
                    at=said.at,
                    reply=said.reply,
                    mentions=[*dict.fromkeys(said.mentions)][:50] if nth == 0 else [],
                    files=said.files[:10] if is_last else [],
                    edited=said.edited,
                    reactions={**said.reactions} if nth == 0 else {},
                    pin=said.pin if nth == 0 else None,
                )
            )
        if len(self._lines) >= _LINES:
            self._write()
        return first

    def join(self, room: int, person: int, at: int, *, is_owner: bool = False) -> None:
        """Have somebody in a room."""
        self._members.setdefault(
            (room, person),
            Member(room=room, person=person, role="owner" if is_owner else "member", joined=at),
        )

    def keep_file(self, name: str, media_type: str, pieces: Callable[[], Iterable[bytes]]) -> File | None:
        """Keep the bytes of a file, and return it; None: they were others when they were read again.

        Args:
            name: the file's.
            media_type: as the source has it, or guessed; of a type that is none, the file has a general one.
            pieces: yields the bytes; called twice.
        """
        digest, size = hashlib.sha256(), 0
        for piece in pieces():
            digest.update(piece)
            size += len(piece)
        sha256 = digest.hexdigest()
        if not self.writer.keep_file(sha256, pieces()):
            return None
        self._files += 1
        return File(id=self._files, name=name, type=type_of(media_type, None), size=size, sha256=sha256)

    def finish(self, source: str) -> None:
        """Write the rest: the archive is whole."""
        self._write()
        rooms = [
            msgspec.structs.replace(
                room, last_seq=self._seqs.get(room.id, 0), last_pos=self._seqs.get(room.id, 0)
            )
            for room in self.rooms.values()
        ]
        members = [  # all of it was said before: it counts as read, and as delivered
            msgspec.structs.replace(
                member,
                joined_seq=self._seqs.get(member.room, 0),
                delivered_seq=self._seqs.get(member.room, 0),
            )
            for member in self._members.values()
        ]
        self.writer.write("rooms.jsonl", rooms)
        self.writer.write("members.jsonl", members)
        self.writer.write("people.jsonl", self.people.values())
        last_id = self._last_id
        self.writer.finish(lambda parts: Head(format=FORMAT, source=source, last_id=last_id, parts=parts))

    def _write(self) -> None:
        if self._lines:
            nth = 1
            while self.writer.has(log_name(nth)):
                nth += 1
            self.writer.write(log_name(nth), self._lines)
            self._lines = []


def type_by(name: str) -> str:
    """Return the media type that a file's name says; "": none."""
    return mimetypes.guess_type(name)[0] or ""


def topic_of(text: str) -> str:
    """Return a topic that can be kept."""
    topic = clean_topic(text.replace("\0", "")[:500])
    return "" if isinstance(topic, Refusal) else topic
