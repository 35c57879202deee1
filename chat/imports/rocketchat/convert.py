"""Makes the archive of a Rocket.Chat from a dump of its database. It blocks.

Rocket.Chat exports no workspace, only single rooms and what one person wrote; its administrator can dump the database.
Messages come in any order, so they are sorted by time.

Source: the types of collections in Rocket.Chat 3 to 7 (`packages/core-typings`).
"""

import posixpath
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from chat.archive.directory import BadArchive
from chat.archive.format import File, Person, Pin, Room
from chat.archive.problems import Problem
from chat.domain.messages.files import clean_file_name
from chat.imports.rocketchat.bson import BadDocument, decode, read_document
from chat.imports.rocketchat.dump import Dump
from chat.imports.rocketchat.text import convert, emoji
from chat.imports.sorting import TimeSorter
from chat.imports.writing import ArchiveMaker, Said, topic_of

NOTICES = "notices of Rocket.Chat, as of topics, roles and people who left"
ENCRYPTED = "messages that are encrypted from end to end"
VERSIONS = "earlier texts of messages"
UNREADABLE = "documents that are not as Rocket.Chat writes them"
DATES = "messages with an impossible time"
LIVECHAT = "conversations with visitors (Omnichannel)"
NO_PLACE = "messages of rooms that the dump does not have"
NOT_INSIDE = "files that the dump does not have: the message has their names"
ROOTLESS = "answers to messages that the dump does not have: they are no answers"

_EARLIEST = 1_000_000_000_000_000
_JOINED = frozenset({"uj", "ujt", "au", "added-user-to-team"})
_SAID = frozenset({"discussion-created"})
_ROOMS = {"c": False, "p": True}
"""The types of rooms, and whether they are private."""

_USER = ("_id", "username", "name", "emails", "active", "type", "createdAt")
_ROOM = (
    "_id",
    "t",
    "name",
    "fname",
    "topic",
    "description",
    "u",
    "uids",
    "usernames",
    "ts",
    "archived",
    "lm",
)
_MEMBER = ("rid", "u", "ts", "roles")
_TIMES = ("ts", "tmid", "msg")
_MESSAGE = (
    *("_id", "rid", "msg", "ts", "u", "t", "tmid", "mentions", "editedAt", "reactions", "attachments"),
    *("file", "files", "pinned", "pinnedAt", "pinnedBy", "_hidden"),
)
_COLLECTIONS = (
    "users",
    "rocketchat_room",
    "rocketchat_subscription",
    "rocketchat_message",
    "rocketchat_settings",
    "rocketchat_uploads.chunks",
)


class _Lenient(msgspec.Struct):
    """What is not named here is not read."""


class _Who(_Lenient):
    id: str = msgspec.field(name="_id")
    username: str | None = None
    name: str | None = None


class _Address(_Lenient):
    address: str = ""


class _User(_Who):
    emails: list[_Address] | None = None
    active: bool | None = True
    type: str | None = "user"
    createdAt: int | None = None


class _Room(_Lenient):
    id: str = msgspec.field(name="_id")
    t: str
    name: str | None = None
    fname: str | None = None
    topic: str | None = None
    description: str | None = None
    u: _Who | None = None
    uids: list[str] | None = None
    ts: int | None = None
    lm: int | None = None
    archived: bool | None = False


class _Member(_Lenient):
    rid: str
    u: _Who
    ts: int | None = None
    roles: list[str] | None = None


class _Attachment(_Lenient):
    title: str | None = None
    title_link: str | None = None
    description: str | None = None
    text: str | None = None
    type: str | None = None
    message_link: str | None = None
    author_name: str | None = None


class _Upload(_Lenient):
    id: str = msgspec.field(name="_id")
    name: str | None = None
    type: str | None = None


class _Reaction(_Lenient):
    usernames: list[str] | None = None


class _Message(_Lenient):
    id: str = msgspec.field(name="_id")
    rid: str
    u: _Who
    ts: int
    msg: str | None = ""
    t: str | None = None
    tmid: str | None = None
    mentions: list[_Who] | None = None
    editedAt: int | None = None
    reactions: dict[str, _Reaction] | None = None
    attachments: list[_Attachment] | None = None
    file: _Upload | None = None
    files: list[_Upload] | None = None
    pinned: bool | None = False
    pinnedAt: int | None = None
    pinnedBy: _Who | None = None
    hidden: bool | None = msgspec.field(name="_hidden", default=False)


class RocketChatDump:
    """One conversion.

    Args:
        export: the dump: an archive of `mongodump`, or a tar or zip file with its files.
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
        self._by_name: dict[str, int] = {}
        self._places: dict[str, int] = {}
        self._seqs: dict[str, tuple[int, int]] = {}
        self._answered: set[str] = set()
        self._chunks: dict[str, list[tuple[int, int]]] = {}
        self._livechat: set[str] = set()
        self._latest = int((time.time() + 86_400) * 1_000_000)

    @property
    def lost(self) -> dict[str, int]:
        """What is left out, and how often."""
        return dict(+self._maker.lost)

    def make(self) -> None:
        """Make the archive. Raises BadArchive and OSError."""
        unpacked = self._maker.writer.directory / ".unpacked"
        try:
            self._dump = Dump(self._export, unpacked, _COLLECTIONS, "rocketchat_message")
            self._read_people()
            self._read_rooms()
            self._read_members()
            self._find_chunks()
            with TimeSorter(self._maker.writer.directory / ".messages") as messages:
                for _, raw in self._dump.collection("rocketchat_message"):
                    self._sort(raw, messages)
                for done, (at, _, raw) in enumerate(messages, 1):
                    self._say(at, raw)
                    if done % 10_000 == 0:
                        self._progress(done, len(messages))
            self._maker.finish(f"rocket.chat {self._workspace()}"[:200])
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)

    def _read(self, collection: str, fields: tuple[str, ...], kind: type[Any]) -> Iterator[Any]:
        for _, raw in self._dump.collection(collection):
            try:
                yield msgspec.convert(decode(raw, fields), kind)
            except (BadDocument, msgspec.ValidationError):
                self._maker.lost[UNREADABLE] += 1

    def _workspace(self) -> str:
        """Return the id of the workspace, or else its first room's begin."""
        for _, raw in self._dump.collection("rocketchat_settings"):
            try:
                setting = decode(raw, ("_id", "value"))
            except BadDocument:
                continue
            if setting.get("_id") == "uniqueID" and setting.get("value"):
                return str(setting["value"])
        raise BadArchive(
            f"{self._export} has no rocketchat_settings with the workspace's id",
            Problem.NO_EXPORT,
            file=self._export,
            chat="Rocket.Chat",
        )

    # --- people and rooms ---

    def _read_people(self) -> None:
        for user in self._read("users", _USER, _User):
            self._add_person(user)

    def _add_person(self, user: _User) -> int:
        if user.id not in self._ids:
            person_id = self._ids[user.id] = len(self._ids) + 1
            name = (user.username or user.name or user.id).replace("\0", "").strip()[:64] or "somebody"
            display = (user.name or "").replace("\0", "").strip()[:64]
            email = next((each.address for each in user.emails or () if each.address), None)
            joined = self._time(user.createdAt)
            is_off = not user.active or user.type in ("bot", "app", "unknown")
            self._maker.people[person_id] = Person(
                id=person_id,
                key=user.id[:200],
                name=name,
                display_name=display if display and display != name else None,
                email=None if email is None or len(email) > 254 else email,
                created=joined,
                disabled=joined if is_off else None,
            )
            if user.username:
                self._by_name.setdefault(user.username, person_id)
        return self._ids[user.id]

    def _person(self, who: _Who) -> int:
        """Return somebody; one whose account was deleted is disabled."""
        return self._ids.get(who.id) or self._add_person(
            _User(id=who.id, username=who.username, name=who.name, active=False)
        )

    def _read_rooms(self) -> None:
        for room in self._read("rocketchat_room", _ROOM, _Room):
            if room.t in ("l", "v"):
                self._maker.lost[LIVECHAT] += 1
                self._livechat.add(room.id)
            elif room.id not in self._places and (room.t in _ROOMS or room.t == "d"):
                self._add_room(room)

    def _add_room(self, room: _Room) -> None:
        people = [self._ids[each] for each in dict.fromkeys(room.uids or ()) if each in self._ids]
        is_direct = room.t == "d"
        if is_direct and (not people or len(people) < len(set(room.uids or ()))):
            return
        room_id = self._places[room.id] = len(self._maker.rooms) + 2
        created = self._time(room.ts)
        is_group = is_direct and len(people) > 2
        self._maker.rooms[room_id] = Room(
            id=room_id,
            key=room.id[:200],
            kind="direct" if is_direct and not is_group else "room",
            name=None if is_direct else (room.fname or room.name or "channel").replace("\0", "")[:64],
            topic="" if is_direct else topic_of(room.topic or room.description or ""),
            creator=None if room.u is None or is_direct else self._ids.get(room.u.id),
            is_private=is_group or _ROOMS.get(room.t, False),
            is_group=is_group,
            people=(people if len(people) > 1 else people * 2) if is_direct else [],
            created=created,
            archived=self._time(room.lm or room.ts) if room.archived else None,
        )
        for person in people if is_direct else ():
            self._maker.join(room_id, person, created)

    def _read_members(self) -> None:
        for each in self._read("rocketchat_subscription", _MEMBER, _Member):
            room, person = self._places.get(each.rid), self._ids.get(each.u.id)
            if room is not None and person is not None and self._maker.rooms[room].kind == "room":
                is_owner = "owner" in (each.roles or ())
                self._maker.join(room, person, self._time(each.ts), is_owner=is_owner)

    def _time(self, milliseconds: int | None) -> int:
        """Return microseconds, within what an archive has."""
        return min(max((milliseconds or 0) * 1000, _EARLIEST), self._latest)

    # --- messages ---

    def _sort(self, raw: bytes, messages: TimeSorter) -> None:
        """Note where a message belongs, and to which one it is an answer."""
        try:
            found = decode(raw, _TIMES)
        except BadDocument:
            self._maker.lost[UNREADABLE] += 1
            return
        at = found.get("ts")
        if not isinstance(at, int) or not _EARLIEST <= at * 1000 <= self._latest:
            self._maker.lost[DATES if isinstance(at, int) else UNREADABLE] += 1
            return
        if isinstance(found.get("tmid"), str):
            self._answered.add(found["tmid"])
        if isinstance(found.get("msg"), str) and "msg=" in found["msg"]:
            self._answered.update(convert(found["msg"])[1])
        messages.add(at * 1000, 0, raw)

    def _say(self, at: int, raw: bytes) -> None:
        try:
            message: _Message = msgspec.convert(decode(raw, _MESSAGE), _Message)
        except (BadDocument, msgspec.ValidationError):
            self._maker.lost[UNREADABLE] += 1
            return
        room = self._places.get(message.rid)
        if message.hidden:
            self._maker.lost[VERSIONS] += 1
        elif message.t == "e2e":
            self._maker.lost[ENCRYPTED] += 1
        elif room is None:
            self._maker.lost[NO_PLACE] += message.rid not in self._livechat
        elif message.t in _JOINED:
            self._maker.say(Said(room=room, by=self._joining(message), at=at, text="", is_joining=True))
        elif message.t and message.t not in _SAID:
            self._maker.lost[NOTICES] += 1
        else:
            self._say_text(room, at, message)

    def _joining(self, message: _Message) -> int:
        """Return who joins: of somebody who was added the text is the name."""
        added = message.t in ("au", "added-user-to-team")
        return (self._by_name.get(message.msg or "") if added else None) or self._person(message.u)

    def _say_text(self, room: int, at: int, message: _Message) -> None:
        text, quoted = convert(message.msg or "")
        files, names = self._files(message)
        here = [each for each in quoted if each in self._seqs]
        attached = [self._attached(each, here) for each in message.attachments or ()]
        edited = None if message.editedAt is None else message.editedAt * 1000
        pin = None
        if message.pinned:
            by = self._person(message.pinnedBy or message.u)
            pin = Pin(by=by, at=max(at, self._time(message.pinnedAt)), pos=0)
        seq = self._maker.say(
            Said(
                room=room,
                by=self._person(message.u),
                at=at,
                text="\n".join(filter(None, (text.strip(), *attached, *names))),
                reply=self._reply(room, message.tmid, quoted),
                mentions=[*self._mentions(message.mentions or ())],
                files=files,
                reactions=self._reactions(message.reactions or {}),
                edited=edited if edited is not None and at <= edited <= self._latest else None,
                pin=pin,
            )
        )
        if seq is not None and message.id in self._answered:
            self._seqs[message.id] = room, seq

    def _reply(self, room: int, thread: str | None, quoted: list[str]) -> int | None:
        for each in filter(None, (thread, *quoted)):
            place, seq = self._seqs.get(each, (0, 0))
            if place == room:
                return seq
        self._maker.lost[ROOTLESS] += thread is not None
        return None

    def _mentions(self, mentions: Iterable[_Who]) -> Iterator[int]:
        for each in mentions:
            if each.id in ("all", "here"):
                yield 0
            elif each.id in self._ids:
                yield self._ids[each.id]

    def _reactions(self, reactions: dict[str, _Reaction]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for name, reaction in reactions.items():
            people = [self._by_name[each] for each in reaction.usernames or () if each in self._by_name]
            if people:
                found.setdefault(emoji(name.strip(":").lower())[:64] or "?", []).extend(people)
        return {name: [*dict.fromkeys(people)] for name, people in found.items()}

    def _attached(self, each: _Attachment, quoted: list[str]) -> str:
        """Return the text of what is attached: of a file its description, of a quoted message none if it is here."""
        if each.message_link is not None:
            if any(f"msg={one}" in each.message_link for one in quoted):
                return ""
            lines = (each.text or "").splitlines()
            return "\n".join(f"> {line}" for line in [f"{each.author_name or ''}:", *lines])
        if each.type == "file":
            return convert(each.description or "")[0]
        return "\n".join(convert(text)[0] for text in (each.title, each.text) if text)

    # --- files ---

    def _find_chunks(self) -> None:
        for place, raw in self._dump.collection("rocketchat_uploads.chunks"):
            try:
                chunk = decode(raw, ("files_id", "n"))
                self._chunks.setdefault(str(chunk["files_id"]), []).append((int(chunk["n"]), place))
            except (BadDocument, KeyError, TypeError, ValueError):
                self._maker.lost[UNREADABLE] += 1

    def _files(self, message: _Message) -> tuple[list[File], list[str]]:
        """Return the files that the dump has, and the names of the others."""
        files: list[File] = []
        names: list[str] = []
        all_files = message.files or ([message.file] if message.file is not None else [])
        for each in all_files:
            name = clean_file_name(each.name or each.id)
            if len(all_files) > 1 and name.startswith("thumb-"):
                continue  # made by Rocket.Chat of the picture before it
            pieces = self._pieces(each.id, name)
            kept = None
            if pieces is not None and len(files) < 10:
                kept = self._maker.keep_file(name, each.type or "", pieces)
            if kept is None:
                self._maker.lost[NOT_INSIDE] += 1
                names.append(name)
            else:
                files.append(kept)
        return files, names

    def _pieces(self, upload: str, name: str) -> Callable[[], Iterator[bytes]] | None:
        if upload in self._chunks:
            return partial(self._joined, sorted(self._chunks[upload]))
        for place in (upload, f"{upload}{posixpath.splitext(name)[1]}"):
            path = self._dump.upload(place)
            if path is not None:
                return partial(_of_disk, path)
        return None

    def _joined(self, chunks: list[tuple[int, int]]) -> Iterator[bytes]:
        file = self._dump.open("rocketchat_uploads.chunks")
        assert file is not None
        with file:
            for _, place in chunks:
                file.seek(place)
                try:
                    data = decode(read_document(file.read(4), file), ("data",)).get("data")
                except BadDocument as error:
                    raise BadArchive(
                        f"rocketchat_uploads.chunks is damaged: {error}",
                        Problem.DAMAGED,
                        file="rocketchat_uploads.chunks",
                    ) from error
                yield data if isinstance(data, bytes) else b""


def _of_disk(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(partial(file.read, 1 << 18), b"")
