"""Makes the archive of a Zulip export. It blocks.

The tar file has `realm.json` with people, channels, subscriptions and reactions, `messages-000001.json` and so on,
`attachment.json`, and `uploads/`. A channel becomes a room, and a topic a thread in it, which begins with its first
message.

Source: Zulip's page "Export your organization", and the tables that it names.
"""

import hashlib
import re
import shutil
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from chat.archive.directory import BadArchive
from chat.archive.format import File, Person, Room
from chat.archive.problems import Problem
from chat.domain.messages.files import clean_file_name
from chat.imports.emoji_names import emoji_of
from chat.imports.sorting import TimeSorter
from chat.imports.tar_reading import unpack
from chat.imports.writing import ArchiveMaker, Said, topic_of, type_by
from chat.imports.zulip.text import References, convert

UNREADABLE = "messages that are not as Zulip writes them"
DATES = "messages with an impossible time"
NO_PLACE = "messages of channels or people that the export does not have"
NOT_INSIDE = "files that are not in the export: the message has their names"

_MOST_FILE = 512 * 2**20
_PIECE = 1 << 18
_EARLIEST = 1_000_000_000_000_000
_PERSONAL, _CHANNEL, _GROUP = 1, 2, 3
_MESSAGES = re.compile(r"messages-\d{1,9}\.json")
_CODES = re.compile(r"[0-9a-f]{1,6}(-[0-9a-f]{1,6}){0,8}")

T = TypeVar("T")


class _Lenient(msgspec.Struct):
    """What is not named here is not read."""


class _Realm(_Lenient):
    string_id: str = ""


class _User(_Lenient):
    id: int
    full_name: str = ""
    email: str | None = None
    delivery_email: str | None = None
    is_active: bool = True
    is_bot: bool = False
    date_joined: float | None = None


class _Stream(_Lenient):
    id: int
    name: str = ""
    description: str = ""
    invite_only: bool | None = False
    deactivated: bool = False
    date_created: float | None = None


class _Recipient(_Lenient):
    id: int
    type: int
    type_id: int


class _Subscription(_Lenient):
    user_profile: int
    recipient: int
    active: bool = True


class _Reaction(_Lenient):
    user_profile: int
    message: int
    emoji_name: str = ""
    emoji_code: str = ""
    reaction_type: str = "unicode_emoji"


class _Tables(_Lenient):
    zerver_realm: list[_Realm]
    zerver_userprofile: list[_User]
    zerver_recipient: list[_Recipient]
    zerver_stream: list[_Stream] = []
    zerver_subscription: list[_Subscription] = []
    zerver_reaction: list[_Reaction] = []
    zerver_userprofile_mirrordummy: list[_User] = []
    zerver_userprofile_crossrealm: list[_User] = []


class _Attachment(_Lenient):
    path_id: str
    file_name: str = ""


class _Attachments(_Lenient):
    zerver_attachment: list[_Attachment] = []


class _Messages(_Lenient):
    zerver_message: list[msgspec.Raw]


class _Message(_Lenient):
    id: int
    sender: int
    recipient: int
    date_sent: float
    subject: str = ""
    content: str = ""
    last_edit_time: float | None = None


class ZulipExport:
    """One conversion.

    Args:
        export: the tar file.
        directory: where the archive is made.
        progress: called with the number of messages that are written, and of all.
    """

    def __init__(
        self, export: Path, directory: Path, progress: Callable[[int, int], object] = lambda _done, _all: None
    ) -> None:
        self._export = export
        self._maker = ArchiveMaker(directory)
        self._progress = progress
        self._unpacked = directory / ".unpacked"
        self._ids: dict[int, int] = {}
        self._by_name: dict[str, int] = {}
        self._recipients: dict[int, _Recipient] = {}
        self._places: dict[tuple[int, ...], int] = {}  # rooms by a channel's recipient, or by people
        self._groups: dict[int, list[int]] = {}
        self._topics: dict[tuple[int, str], int] = {}
        self._reactions: dict[int, dict[str, list[int]]] = {}
        self._names: dict[str, str] = {}
        self._latest = int((time.time() + 86_400) * 1_000_000)

    @property
    def lost(self) -> dict[str, int]:
        """What is left out, and how often."""
        return dict(self._maker.lost)

    def make(self) -> None:
        """Make the archive. Raises BadArchive and OSError."""
        try:
            unpack(self._export, self._unpacked, _place_of)
            tables = self._read("realm.json", _Tables)
            attachments = self._read("attachment.json", _Attachments, _Attachments())
            self._names = {each.path_id: each.file_name for each in attachments.zerver_attachment}
            self._read_people(tables)
            self._read_rooms(tables)
            self._read_reactions(tables.zerver_reaction)
            with TimeSorter(self._maker.writer.directory / ".messages") as messages:
                for path in sorted(self._unpacked.glob("messages-*.json")):
                    for raw in self._read(path.name, _Messages).zerver_message:
                        self._sort(raw, messages)
                for done, (at, _, kept) in enumerate(messages, 1):
                    self._say(at, msgspec.json.decode(kept, type=_Message))
                    if done % 10_000 == 0:
                        self._progress(done, len(messages))
            realm = tables.zerver_realm[0].string_id if tables.zerver_realm else ""
            self._maker.finish(f"zulip {realm}"[:200])
        finally:
            shutil.rmtree(self._unpacked, ignore_errors=True)

    def _read(self, name: str, kind: type[T], default: T | None = None) -> T:
        path = self._unpacked / name
        if not path.exists():
            if default is not None:
                return default
            raise BadArchive(
                f"{self._export} has no {name}: it is no export of Zulip",
                Problem.NO_EXPORT,
                file=self._export,
                chat="Zulip",
            )
        if path.stat().st_size > _MOST_FILE:
            raise BadArchive(
                f"{name} has more than {_MOST_FILE} bytes", Problem.TOO_LARGE, file=name, most=_MOST_FILE
            )
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise BadArchive(f"{name}: {error}", Problem.BAD_FILE, file=name, error=error) from error

    # --- people and rooms ---

    def _read_people(self, tables: _Tables) -> None:
        others = [*tables.zerver_userprofile_mirrordummy, *tables.zerver_userprofile_crossrealm]
        for user in tables.zerver_userprofile:
            self._add_person(user, is_off=not user.is_active or user.is_bot)
        for user in others:
            self._add_person(user, is_off=True)

    def _add_person(self, user: _User, *, is_off: bool) -> None:
        if user.id in self._ids:
            return
        person_id = self._ids[user.id] = len(self._ids) + 1
        email = None if is_off else user.delivery_email or user.email
        name = user.full_name or (user.email or "").partition("@")[0]
        joined = _time(user.date_joined)
        self._maker.people[person_id] = Person(
            id=person_id,
            key=str(user.id),
            name=name.replace("\0", "").strip()[:64] or f"user {user.id}",
            email=None if email is None or len(email) > 254 else email,
            created=joined,
            disabled=joined if is_off else None,
        )
        self._by_name.setdefault(user.full_name, person_id)

    def _read_rooms(self, tables: _Tables) -> None:
        streams = {each.id: each for each in tables.zerver_stream}
        for recipient in tables.zerver_recipient:
            self._recipients[recipient.id] = recipient
            stream = streams.get(recipient.type_id) if recipient.type == _CHANNEL else None
            if stream is not None:
                self._add_room(recipient, stream)
        for each in tables.zerver_subscription:
            person, place = self._ids.get(each.user_profile), self._recipients.get(each.recipient)
            if person is None or place is None:
                continue
            if place.type == _GROUP:
                self._groups.setdefault(place.id, []).append(person)
            elif place.type == _CHANNEL and each.active and (place.id,) in self._places:
                room = self._places[place.id,]
                self._maker.join(room, person, self._maker.rooms[room].created)

    def _add_room(self, recipient: _Recipient, stream: _Stream) -> None:
        created = _time(stream.date_created)
        room = Room(
            id=len(self._maker.rooms) + 2,
            key=f"channel {stream.id}",
            kind="room",
            name=stream.name.replace("\0", "").strip()[:64] or "channel",
            topic=topic_of(stream.description),
            is_private=bool(stream.invite_only),
            created=created,
            archived=created if stream.deactivated else None,
        )
        self._maker.rooms[room.id] = room
        self._places[recipient.id,] = room.id

    def _place(self, message: _Message, sender: int) -> int | None:
        recipient = self._recipients.get(message.recipient)
        if recipient is None:
            return None
        if recipient.type == _CHANNEL:
            return self._places.get((recipient.id,))
        if recipient.type == _PERSONAL:
            other = self._ids.get(recipient.type_id)
            people = None if other is None else sorted((sender, other))
        else:
            people = sorted(set(self._groups.get(recipient.id, ())))
        return None if not people else self._direct(people)

    def _direct(self, people: list[int]) -> int:
        key = (0, *people)
        if key not in self._places:
            is_group = len(set(people)) > 2
            keys = ",".join(self._maker.people[each].key or "" for each in people)
            room = Room(
                id=len(self._maker.rooms) + 2,
                key=f"people {keys}"[:200],
                kind="room" if is_group else "direct",
                is_private=is_group,
                is_group=is_group,
                people=people if len(people) > 1 else people * 2,
                created=_EARLIEST,
            )
            self._maker.rooms[room.id] = room
            self._places[key] = room.id
            for person in people:
                self._maker.join(room.id, person, room.created)
        return self._places[key]

    # --- messages ---

    def _read_reactions(self, reactions: list[_Reaction]) -> None:
        for each in reactions:
            person = self._ids.get(each.user_profile)
            if person is not None:
                people = self._reactions.setdefault(each.message, {}).setdefault(_emoji(each)[:64], [])
                if person not in people:
                    people.append(person)

    def _sort(self, raw: msgspec.Raw, messages: TimeSorter) -> None:
        try:
            at = round(msgspec.json.decode(raw, type=_Message).date_sent * 1_000_000)
        except (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError, ValueError):
            self._maker.lost[UNREADABLE] += 1
            return
        if not _EARLIEST <= at <= self._latest:
            self._maker.lost[DATES] += 1
        else:
            messages.add(at, 0, bytes(raw))

    def _say(self, at: int, message: _Message) -> None:
        author = self._ids.get(message.sender)
        room = None if author is None else self._place(message, author)
        if author is None or room is None:
            self._maker.lost[NO_PLACE] += 1
            return
        references = References(self._person)
        text = convert(message.content, references)
        files, names = self._files(references.uploads)
        topic = message.subject.strip() if self._maker.rooms[room].kind == "room" else ""
        reply = self._topics.get((room, topic)) if topic else None
        if topic and reply is None:
            text = f"**{topic}**\n{text}"
        edited = None if message.last_edit_time is None else round(message.last_edit_time * 1_000_000)
        seq = self._maker.say(
            Said(
                room=room,
                by=author,
                at=at,
                text="\n".join(filter(None, (text, *names))),
                reply=reply,
                mentions=references.mentions,
                files=files,
                reactions=self._reactions.get(message.id, {}),
                edited=edited if edited is not None and at <= edited <= self._latest else None,
            )
        )
        if topic and reply is None and seq is not None:
            self._topics[room, topic] = seq

    def _person(self, name: str, number: str | None) -> tuple[int, str] | None:
        person = self._by_name.get(name) if number is None else self._ids.get(int(number))
        return None if person is None else (person, self._maker.people[person].name)

    def _files(self, uploads: list[str]) -> tuple[list[File], list[str]]:
        """Return the files that the export has, and the names of the others."""
        files: list[File] = []
        names: list[str] = []
        for path_id in dict.fromkeys(uploads):
            name = clean_file_name(self._names.get(path_id) or path_id)
            path = self._unpacked / _upload(path_id)
            if not path.exists() or len(files) == 10:
                self._maker.lost[NOT_INSIDE] += 1
                names.append(name)
                continue
            kept = self._maker.keep_file(name, type_by(name), partial(_pieces, path))
            files += [kept] if kept is not None else []
        return files, names


def _place_of(name: str) -> str | None:
    """Return the name under which a file of the tar file is unpacked; None: it is not needed."""
    inside = name.partition("/")[2]  # all of it is in one folder
    if inside in ("realm.json", "attachment.json") or _MESSAGES.fullmatch(inside):
        return inside
    return _upload(inside.removeprefix("uploads/")) if inside.startswith("uploads/") else None


def _upload(path_id: str) -> str:
    return f"upload-{hashlib.sha256(path_id.encode('utf-8', 'replace')).hexdigest()}"


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(partial(file.read, _PIECE), b"")


def _emoji(reaction: _Reaction) -> str:
    if reaction.reaction_type != "unicode_emoji":
        return f":{reaction.emoji_name.lower()}:"
    if _CODES.fullmatch(reaction.emoji_code):
        points = [int(each, 16) for each in reaction.emoji_code.split("-")]
        if all(point < 0x110000 and not 0xD800 <= point < 0xE000 for point in points):
            return "".join(map(chr, points))
    return emoji_of(reaction.emoji_name)


def _time(seconds: float | None) -> int:
    """Return microseconds, within what an archive has."""
    return _EARLIEST if seconds is None else round(min(max(seconds, 1e9), 4e9) * 1_000_000)
