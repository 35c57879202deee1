"""Makes the archive of channels of Discord, as DiscordChatExporter writes them in JSON. It blocks.

Each file has a guild, a channel, and its messages; a long channel may be in several files. Beside a file may be a
folder with its attachments, to which they refer by relative paths.

Source: the files that DiscordChatExporter 2.43 and newer write.
"""

import posixpath
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec

from chat.archive.directory import BadArchive
from chat.archive.format import File, Person, Pin, Room
from chat.archive.problems import Problem
from chat.domain.messages.files import clean_file_name
from chat.imports.sorting import TimeSorter
from chat.imports.writing import ArchiveMaker, Said, topic_of, type_by
from chat.imports.zip_reading import ZipReader

NOTICES = "notices of Discord, as of pins and people who joined"
UNREADABLE = "messages that are not as DiscordChatExporter writes them"
DATES = "messages with an impossible time"
NOT_INSIDE = "files that are not in the zip file: the message has the link"
ROOTLESS = "answers to messages that are not in the export: they are no answers"

_MOST_FILE = 512 * 2**20
_EARLIEST = 1_000_000_000_000_000
_SAID = frozenset({"Default", "Reply", "20", "23"})  # the numbers: answers to commands of programs
_PRIVATE = frozenset({"DirectTextChat", "DirectGroupTextChat", "GuildPrivateThread", "12"})


class _Lenient(msgspec.Struct, rename="camel"):
    """What is not named here is not read."""


class _Guild(_Lenient):
    id: str
    name: str = ""


class _Channel(_Lenient):
    id: str
    type: str = "GuildTextChat"
    category: str | None = None
    name: str = ""
    topic: str | None = None


class _Author(_Lenient):
    id: str
    name: str = ""
    nickname: str | None = None
    is_bot: bool = False


class _Attachment(_Lenient):
    url: str = ""
    file_name: str = ""


class _Emoji(_Lenient):
    name: str = ""
    id: str | None = None


class _Reaction(_Lenient):
    emoji: _Emoji
    users: list[_Author] | None = None


class _Reference(_Lenient):
    message_id: str | None = None
    channel_id: str | None = None


class _Embed(_Lenient):
    title: str | None = None
    description: str | None = None
    url: str | None = None


class _Message(_Lenient):
    id: str
    timestamp: str
    author: _Author
    type: str = "Default"
    timestamp_edited: str | None = None
    is_pinned: bool = False
    content: str = ""
    attachments: list[_Attachment] = []
    embeds: list[_Embed] = []
    reactions: list[_Reaction] = []
    mentions: list[_Author] = []
    reference: _Reference | None = None


class _File(_Lenient):
    guild: _Guild
    channel: _Channel
    messages: list[msgspec.Raw] = []


class _Time(_Lenient):
    timestamp: str


_as_file = msgspec.json.Decoder(_File).decode
_as_time = msgspec.json.Decoder(_Time).decode
_as_message = msgspec.json.Decoder(_Message).decode


class DiscordExport:
    """One conversion.

    Args:
        export: a zip file.
        directory: where the archive is made.
        progress: called with the number of messages that are written, and of all.
    """

    def __init__(
        self, export: Path, directory: Path, progress: Callable[[int, int], object] = lambda _done, _all: None
    ) -> None:
        self._export = export
        self._maker = ArchiveMaker(directory)
        self._progress = progress
        self._ids: dict[str, int] = {}
        self._rooms: dict[str, int] = {}  # by the ids of channels
        self._kinds: dict[int, str] = {}
        self._folders: list[str] = []
        self._guilds: set[str] = set()
        self._seqs: dict[tuple[int, str], int] = {}
        self._authors: dict[int, set[int]] = {}
        self._latest = int((time.time() + 86_400) * 1_000_000)

    @property
    def lost(self) -> dict[str, int]:
        """What is left out, and how often."""
        return dict(self._maker.lost)

    def make(self) -> None:
        """Make the archive. Raises BadArchive and OSError."""
        with ZipReader(self._export) as self._zip:
            with TimeSorter(self._maker.writer.directory / ".messages") as messages:
                for name in sorted(name for name in self._zip.names if name.endswith(".json")):
                    self._read(name, messages)
                if not self._rooms:
                    raise BadArchive(
                        f"{self._export} has no channel of Discord",
                        Problem.NO_EXPORT,
                        file=self._export,
                        chat="Discord",
                    )
                for done, (at, file, raw) in enumerate(messages, 1):
                    self._say(at, file, raw)
                    if done % 10_000 == 0:
                        self._progress(done, len(messages))
            self._finish_rooms()
            self._maker.finish(f"discord {','.join(sorted(self._guilds))}"[:200])

    def _read(self, name: str, messages: TimeSorter) -> None:
        """Note the channel of a file, and its messages."""
        raw = self._zip.read(name, _MOST_FILE)
        try:
            found = _as_file(raw)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            if b'"messages"' not in raw[: 1 << 20] or b'"channel"' not in raw[: 1 << 20]:
                return  # an attachment
            raise BadArchive(f"{name}: {error}", Problem.BAD_FILE, file=name, error=error) from error
        self._guilds.add(found.guild.id)
        self._add_room(found.channel)
        file = len(self._folders)
        self._folders.append(f"{posixpath.dirname(name)}\n{found.channel.id}")
        for each in found.messages:
            try:
                at = _time(_as_time(each).timestamp)
            except (msgspec.MsgspecError, UnicodeError, RecursionError):
                self._maker.lost[UNREADABLE] += 1
                continue
            if at is None or not _EARLIEST <= at <= self._latest:
                self._maker.lost[DATES] += 1
            else:
                messages.add(at, file, bytes(each))

    def _add_room(self, channel: _Channel) -> None:
        if channel.id in self._rooms:
            return
        room_id = self._rooms[channel.id] = len(self._maker.rooms) + 2
        self._kinds[room_id] = channel.type
        self._maker.rooms[room_id] = Room(
            id=room_id,
            key=channel.id[:200],
            kind="room",
            name=channel.name.replace("\0", "")[:64] or "channel",
            topic=topic_of(channel.topic or ""),
            is_private=channel.type in _PRIVATE,
            created=_EARLIEST,
        )

    def _finish_rooms(self) -> None:
        """Have those who wrote in a room in it; a direct conversation of two is one here too."""
        for room_id, room in self._maker.rooms.items():
            people = sorted(self._authors.get(room_id, ()))
            for person in people:
                self._maker.join(room_id, person, room.created)
            if self._kinds[room_id] == "DirectTextChat" and len(people) == 2:
                self._maker.rooms[room_id] = msgspec.structs.replace(
                    room, kind="direct", name=None, topic="", people=people
                )

    def _person(self, author: _Author) -> int:
        if author.id not in self._ids:
            person_id = self._ids[author.id] = len(self._ids) + 1
            name = (author.name or author.id).replace("\0", "").strip()[:64] or author.id[:64]
            display = (author.nickname or "").replace("\0", "").strip()[:64]
            self._maker.people[person_id] = Person(
                id=person_id,
                key=author.id[:200],
                name=name,
                display_name=display if display and display != name else None,
                created=_EARLIEST,
                disabled=_EARLIEST if author.is_bot else None,
            )
        return self._ids[author.id]

    def _say(self, at: int, file: int, raw: bytes) -> None:
        folder, channel = self._folders[file].split("\n")
        room = self._rooms[channel]
        try:
            message = _as_message(raw)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            self._maker.lost[UNREADABLE] += 1
            return
        if (room, message.id) in self._seqs:
            return  # files of one channel may overlap
        if message.type not in _SAID:
            self._maker.lost[NOTICES] += 1
            return
        author = self._person(message.author)
        self._authors.setdefault(room, set()).add(author)
        files, links = self._files(folder, message.attachments)
        reply = None
        if message.reference is not None and message.type == "Reply" and message.reference.message_id:
            reply = self._seqs.get((room, message.reference.message_id))
            if reply is None:
                self._maker.lost[ROOTLESS] += 1
        reactions: dict[str, list[int]] = {}
        for each in message.reactions:
            name = each.emoji.name
            emoji = f":{name.lower()}:" if each.emoji.id else name  # the guild's own one has an id
            people = reactions.setdefault(emoji[:64] or "?", [])
            people += [person for person in map(self._person, each.users or ()) if person not in people]
        embedded = [] if message.content else [_text_of(each) for each in message.embeds]
        edited = None if message.timestamp_edited is None else _time(message.timestamp_edited)
        seq = self._maker.say(
            Said(
                room=room,
                by=author,
                at=at,
                text="\n".join(filter(None, (message.content, *embedded, *links))),
                reply=reply,
                mentions=[self._person(each) for each in message.mentions],
                files=files,
                reactions={emoji: people for emoji, people in reactions.items() if people},
                edited=edited if edited is not None and at <= edited <= self._latest else None,
                pin=Pin(by=author, at=at, pos=0) if message.is_pinned else None,
            )
        )
        if seq is not None:
            self._seqs[room, message.id] = seq

    def _files(self, folder: str, attachments: Sequence[_Attachment]) -> tuple[list[File], list[str]]:
        """Return the files that the zip file has, and links to the others."""
        files: list[File] = []
        links: list[str] = []
        for each in attachments:
            name = clean_file_name(each.file_name or each.url)
            entry = posixpath.normpath(posixpath.join(folder, each.url.replace("\\", "/")))
            if entry not in self._zip or len(files) == 10:
                self._maker.lost[NOT_INSIDE] += 1
                label = name.replace("[", "(").replace("]", ")")
                is_link = each.url.startswith("https://") and " " not in each.url and ")" not in each.url
                links.append(f"[{label}]({each.url})" if is_link else name)
                continue
            kept = self._maker.keep_file(name, type_by(name), partial(self._zip.pieces, entry))
            files += [kept] if kept is not None else []
        return files, links


def _text_of(embed: _Embed) -> str:
    """Return what a program said in an embed; the link as text, where it is one."""
    link = embed.url if embed.url and embed.url.startswith(("https://", "http://")) else None
    return "\n".join(filter(None, (embed.title, embed.description, link)))


def _time(written: str) -> int | None:
    """Return the microseconds of a time in ISO 8601; None: it is none."""
    try:
        at = datetime.fromisoformat(written)
        seconds = at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return None
    return round(seconds * 1_000_000)
